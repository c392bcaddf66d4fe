// SPDX-License-Identifier: Apache-2.0
// What in a waveform deserves a look: interrupts that were lost, merged or came without a cause,
// messages that overran, data that came behind its doorbell. Equal findings at one port are counted
// together, with the time of the first and of the last: where to look.
//
// Data and doorbell: a window write that began on the sender's link before a doorbell, and leaves
// towards the peer's host only after the MSI of that doorbell has left, was overtaken. A write that
// left is known by its data (the first eight bytes); where several alike are under way, nothing is
// said of their order. One that never leaves although a later doorbell arrived is missing: posted
// writes that are refused are refused silently.
//
// MSIs are counted twice, as the function sends them and as they pass the link: one that never
// comes out was lost in between, one more was doubled. They look alike, and are taken to come out
// in the order of sending, except that one which is late already is passed by those that are not.
//
// An interrupt is late if its MSI is on the link later than a bound after the doorbell or message
// of which it tells began, whatever the reason: masks, data before it, credits, a fault.
//
// Units: picoseconds. Threading: none. Errors: none.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "traces/analysis/exchange_tracker.h"

namespace ntb::traces {

enum class finding_kind : std::uint8_t {
    interrupt_lost,      ///< a status bit rose unmasked and no MSI (nor INTx) followed
    interrupt_dropped,   ///< the function could not send its MSI
    interrupt_unasked,   ///< an MSI without cause: doubled, or left over
    interrupt_coalesced, ///< another one was pending, so none was sent
    interrupt_masked,
    interrupt_late,   ///< its MSI came later than a bound
    doorbell_merged,  ///< its bit was set already
    doorbell_unheard, ///< it reached no port
    message_overrun,  ///< refused by a full register
    data_overtaken,   ///< a doorbell passed the data before it
    data_missing,     ///< a doorbell rang, and the data before it never left
    interrupt_repeated,
    request_refused, ///< completed as an unsupported request
    link_down,
};
inline constexpr std::size_t finding_kinds = 14;

/// "interrupt-lost": the name in reports and budgets.
[[nodiscard]] std::string_view finding_key(finding_kind kind);
/// One clause of explanation.
[[nodiscard]] std::string_view finding_text(finding_kind kind);
/// Whether it is a fault, or something that correct software does as well.
[[nodiscard]] bool is_fault(finding_kind kind);

struct finding {
    finding_kind kind = finding_kind::interrupt_lost;
    unsigned port = 0; ///< where to look
    std::uint64_t count = 0;
    std::uint64_t first_ps = 0;
    std::uint64_t last_ps = 0;
    std::string first{}; ///< what the first one was about
};

/// Ten times what a doorbell takes with the default timing.
inline constexpr std::uint64_t default_late_ps = 1'000'000;

class findings {
public:
    /// Interrupts that take longer than `late_ps` are late.
    explicit findings(const vcd_reader& reader, std::uint64_t late_ps = default_late_ps);

    /// To be told of every change, in order, after the exchange_tracker.
    void change(const vcd_change& c, const signal_meaning& m);
    void add(const delivery& d);
    void add(const exchange_event& e);

    /// After the last change. Faults first, then by time.
    [[nodiscard]] std::vector<finding> report();

private:
    struct window_write {
        std::uint64_t ps = 0;
        std::string data{};
        bool alike = false; ///< another one under way could be taken for it
    };
    struct doorbell {
        unsigned to = 0;
        std::uint64_t write_ps = 0;
        std::uint64_t msi_ps = 0;     ///< the function sent it
        std::uint64_t on_link_ps = 0; ///< unknown = it waits
    };
    /// An MSI of the function that is not on the link yet.
    struct sent_msi {
        std::uint64_t ps = 0;
        std::uint64_t since_ps = unknown; ///< when the request began of which it tells
        std::string about{};
    };
    static constexpr std::uint64_t unknown = UINT64_MAX;
    static constexpr std::size_t remembered = 64;
    /// How long an MSI may take to its link, and what a recording that begins later may miss.
    static constexpr std::uint64_t msi_patience_ps = 5000000;

    void missing(unsigned from);
    void lost(unsigned port, const sent_msi& msi);
    void forget_sent(unsigned port);
    void sent_msis(unsigned port, std::uint64_t ps, std::uint64_t count);
    void msi_on_link(unsigned port, std::uint64_t ps);
    /// True if that MSI is not on the link yet.
    bool tells_of(unsigned port, std::uint64_t msi_ps, const delivery& d);
    void judge_late(unsigned port, std::uint64_t ps, const sent_msi& msi);
    void note(finding_kind kind, unsigned port, std::uint64_t ps, std::string about);
    void left(unsigned port, std::uint64_t ps, const std::string& data);

    std::map<std::pair<finding_kind, unsigned>, finding> all_{};
    std::array<std::deque<window_write>, max_trace_ports> writes_{}; ///< by sender
    std::array<std::deque<doorbell>, max_trace_ports> doorbells_{};  ///< by sender
    std::array<std::string, max_trace_ports> asked_{};               ///< last request of the host
    std::array<std::uint64_t, max_trace_ports> last_rung_{}; ///< write of the last doorbell heard
    std::array<bool, max_trace_ports> has_tx_{};
    std::array<bool, max_trace_ports> has_msi_count_{};
    std::array<std::uint64_t, max_trace_ports> msi_count_{};
    std::array<std::deque<sent_msi>, max_trace_ports> sent_msis_{};
    std::uint64_t late_ps_;
    std::uint64_t begin_ps_ = 0;
    std::uint64_t now_ps_ = 0;
    bool begun_ = false;
    std::vector<bool> known_;
};

} // namespace ntb::traces
