// SPDX-License-Identifier: Apache-2.0
// Follows doorbells and messages through the switch, from a waveform alone: which BAR0 write
// became which OUTDBELLSET or OUTMSG access, which status bit of which peer that set, and which
// MSI told that peer's host.
//
// A status bit that rises is put down to the request still under way whose age is nearest to the
// latency seen in clear cases (one request under way), to the youngest before there was one. An
// interrupt is expected where NTINTSTS.DBELL or .MSG rises unmasked (behaviour.md B5.8, B6.5,
// B12.3); it is put down likewise, and given up when its bit falls. Interrupts that software
// caused by unmasking belong to no request.
//
// Units: picoseconds. Threading: none. Errors: none; what cannot be told is left out and counted.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "traces/analysis/port_signals.h"

namespace ntb::traces {

enum class delivery_kind : std::uint8_t { doorbell, message };

/// How a request that reached the peer's status register ended.
enum class delivery_end : std::uint8_t {
    interrupted,  ///< the peer's MSI followed
    bit_was_set,  ///< the doorbell bit was still set: nothing new for the peer to see
    coalesced,    ///< an earlier one of its kind was still pending: no interrupt of its own
    masked,       ///< INDBELLMSK, MSGSTSMSK or NTINTMSK was closed
    intx,         ///< the peer's INTx was asserted instead of an MSI
    dropped,      ///< its MSI was dropped: bus mastering off, link down
    no_interrupt, ///< the status was cleared, or the recording ended, before an MSI
};

struct delivery {
    delivery_kind kind = delivery_kind::doorbell;
    unsigned from = 0; ///< ports
    unsigned to = 0;
    std::uint32_t what = 0; ///< doorbell bits, or number of the sender's message register
    std::optional<std::uint64_t> write_ps{}; ///< its BAR0 write began on the sender's link
    std::uint64_t set_ps = 0;                ///< the write acted in the sender's NT function
    std::uint64_t status_ps = 0;             ///< INDBELLSTS or MSGSTS of the peer showed it
    std::uint64_t msi_ps = 0;                ///< only where `end` is interrupted
    delivery_end end = delivery_end::no_interrupt;
};

/// What else is worth telling, apart from deliveries.
enum class exchange_event_kind : std::uint8_t {
    msi_without_cause, ///< no status bit rose or was unmasked for it
    msi_repeated,      ///< unmasking brought one for bits that had theirs and were not cleared
    msi_unmasked,      ///< unmasking brought one for a request that had come masked: `about`
    msi_dropped,
    message_refused,  ///< the destination's register was full: the data is lost
    doorbell_unheard, ///< no status bit of any port rose for it: masked on its way, or lost
};

struct exchange_event {
    exchange_event_kind kind = exchange_event_kind::msi_dropped;
    unsigned port = 0;
    std::uint64_t time_ps = 0;
    std::uint32_t what = 0; ///< doorbell bits, or number of the message register
    delivery about{};       ///< only of msi_unmasked
};

struct port_counts {
    bool seen = false;
    std::uint64_t rx_tlps = 0;
    std::uint64_t tx_tlps = 0;
    std::uint64_t doorbells_rung = 0;
    std::uint64_t doorbells_received = 0; ///< times that a bit of INDBELLSTS rose
    std::uint64_t messages_sent = 0;
    std::uint64_t messages_refused = 0;
    std::uint64_t messages_received = 0;
    std::uint64_t msis = 0;
    std::uint64_t msis_dropped = 0;
};

class exchange_tracker {
public:
    using sink = std::function<void(const delivery&)>;
    using event_sink = std::function<void(const exchange_event&)>;

    /// Tells `on_delivery` of each delivery once it is known how it ended, and `on_event` of what
    /// else happened.
    exchange_tracker(const vcd_reader& reader, sink on_delivery, event_sink on_event = {});

    /// To be told of every change of the file, in order, then finish() once.
    void change(const vcd_change& c);
    void finish();

    [[nodiscard]] std::uint64_t core_clock_ps() const { return core_clock_ps_; } ///< 0 = not told
    [[nodiscard]] const std::array<port_counts, max_trace_ports>& counts() const { return counts_; }
    /// Whether the BAR0 writes of every port that rings or sends are in the file.
    [[nodiscard]] bool links_recorded() const { return links_recorded_; }
    /// Requests that came through another door than a BAR0 write to their register.
    [[nodiscard]] std::uint64_t other_doors() const { return other_doors_; }

private:
    struct event {
        signal_meaning meaning{};
        std::uint64_t value = 0;
        bar0_write write{};
    };
    struct tlp_write {
        std::uint64_t ps = 0;
        bar0_write write{};
    };
    struct request {
        unsigned from = 0;
        std::uint32_t what = 0;  ///< doorbell bits, or number of the sender's message register
        std::uint64_t value = 0; ///< of a message
        std::optional<std::uint64_t> write_ps{};
        std::uint64_t ps = 0;
        bool bits_were_set = false; ///< all its doorbell bits were set already at the peer
        std::uint64_t ring = 0;     ///< of a doorbell: which one
    };
    /// A doorbell that was rung; it may be under way to several ports.
    struct rung {
        std::uint64_t number = 0;
        unsigned from = 0;
        std::uint32_t bits = 0;
        std::uint64_t ps = 0;
        bool heard = false;
    };
    /// The oldest request of its kind that came masked and is still pending.
    struct masked_request {
        std::uint32_t bits = 0; ///< of INDBELLSTS or MSGSTS; 0 = there is none
        delivery what{};
    };
    struct cause {
        std::uint32_t bit = 0; ///< of NTINTSTS
        std::uint64_t ps = 0;
        std::vector<delivery> deliveries{};
        bool unmasked = false; ///< by software, no status bit rose
    };
    /// Events of one instant: pulses seen, and how far their counter moved where it is recorded
    /// (two pulses without a pause between them look like one).
    struct pulse_count {
        std::uint64_t pulses = 0;
        std::uint64_t counter = 0;
        std::uint64_t counter_before = 0;
        [[nodiscard]] std::uint64_t take() {
            const std::uint64_t counted = counter - counter_before;
            const std::uint64_t n = counted > pulses && counted < 1000 ? counted : pulses;
            counter_before = counter;
            pulses = 0;
            return n;
        }
    };
    struct port_state {
        bool has_rx = false;
        bool has_indbellsts = false;
        std::uint32_t told_dbell = 0; ///< bits of INDBELLSTS that have had their MSI
        std::uint32_t told_msg = 0;   ///< of MSGSTS
        masked_request masked_dbell{};
        masked_request masked_msg{};
        unsigned told = 0; ///< signals recorded of those that explain an interrupt
        bool intx = false;
        std::uint32_t indbellsts = 0;
        std::uint32_t indbellmsk = 0;
        std::uint32_t msgsts = 0;
        std::uint32_t msgstsmsk = 0;
        std::uint32_t ntintsts = 0;
        std::uint32_t ntintmsk = 0;
        std::uint32_t outdbellset = 0;
        std::array<std::uint64_t, trace_messages> outmsg{};
        std::array<std::uint64_t, trace_messages> inmsg{};
        pulse_count rings{};
        std::array<pulse_count, trace_messages> sends{};
        pulse_count msis{};
        pulse_count drops{};
        std::vector<tlp_write> writes{};     ///< BAR0 writes that have not acted yet
        std::vector<request> doorbells{};    ///< under way to this port
        std::vector<cause> causes{};         ///< expected interrupts
        std::uint64_t interrupt_latency = 0; ///< learnt; unknown_latency = not yet
    };
    using latency_table = std::array<std::array<std::uint64_t, max_trace_ports>, max_trace_ports>;

    void step();
    void link_event(const event& e);
    void request_event(const event& e);
    void status_event(const event& e);
    void ring(unsigned from, std::uint32_t bits);
    void send(unsigned from, unsigned number);
    std::optional<std::uint64_t> take_write(unsigned port, std::uint32_t offset,
                                            std::uint64_t value);
    void doorbell_status(unsigned port, std::uint32_t status);
    void message_status(unsigned port, std::uint32_t status);
    void mask_change(unsigned port, std::uint32_t bit, bool was_pending);
    void global_mask_change(unsigned port, std::uint32_t mask);
    void other_status(unsigned port, std::uint32_t status);
    void rise(unsigned port, std::uint32_t bit, bool was_pending, std::vector<delivery> deliveries,
              std::uint32_t risen = 0, bool unmasked = false);
    void told_by_msi(unsigned port, const cause& c);
    void fall(unsigned port, std::uint32_t bit);
    void interrupt(unsigned port, bool dropped);
    void drop_oldest(unsigned port);
    void intx_changed(unsigned port, bool asserted);
    void heard(std::uint64_t ring);
    void forget_ring();
    void tell(delivery d, delivery_end end) const;
    void tell(exchange_event_kind kind, unsigned port, std::uint64_t ps, std::uint32_t what) const;
    [[nodiscard]] bool pending(unsigned port, std::uint32_t bit) const;

    sink on_delivery_;
    event_sink on_event_;
    std::vector<signal_meaning> meanings_; ///< by channel
    std::vector<bool> known_;              ///< channels whose initial value has come
    std::vector<event> events_;            ///< of the current instant
    std::array<port_state, max_trace_ports> ports_{};
    std::array<port_counts, max_trace_ports> counts_{};
    std::vector<request> messages_; ///< under way; where to is not in the waveform
    std::deque<rung> rings_;        ///< the last ones
    std::uint64_t rings_so_far_ = 0;
    latency_table doorbell_latency_{};
    latency_table message_latency_{};
    std::uint64_t now_ = 0;
    std::uint64_t core_clock_ps_ = 0;
    std::uint64_t other_doors_ = 0;
    bool links_recorded_ = true;
};

} // namespace ntb::traces
