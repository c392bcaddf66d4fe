// SPDX-License-Identifier: Apache-2.0
// The PCIe link of one port: how long TLPs occupy it in each direction and what passes on it, for
// the waveform. Occupancy is computed in closed form, no symbol is simulated.
//
// Bytes on the wire: framing 2, sequence number 2, LCRC 4, header 12 (16 with a 64-bit address),
// data in dwords (PCIe 2.1 sections 2.2 and 3.6). 8b/10b: a lane moves one byte in 4 ns at
// 2.5 GT/s and in 2 ns at 5 GT/s.
//
// DLLPs: for each TLP, timing_config::dllps_per_tlp of them (an ACK and an UpdateFC) go the other
// way, 8 bytes each with their framing (sections 3.4 and 4.2.2). They use the time in which that
// direction is idle; what has not found any delays the next TLP there.
//
// Units: picoseconds; bytes. Threading: the SystemC thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <systemc>

#include "model/config.h"
#include "model/core_clock.h"
#include "model/flow_control.h"
#include "model/trace_sink.h"

namespace ntb {

/// What a transaction is on the wire: its TLPs.
struct wire_load {
    std::uint32_t tlps = 1;
    std::uint32_t bytes = 0; ///< all of them, framing to LCRC
    std::uint32_t data = 0;  ///< of that, payload
    /// Flow control counts data in units of 16 bytes (PCIe 2.1 section 2.6.1).
    [[nodiscard]] credit_demand credits() const { return {tlps, (data + 15U) / 16U}; }
};

class link {
public:
    static constexpr std::uint32_t tlp_overhead = 8; ///< framing, sequence number, LCRC
    static constexpr std::uint32_t header_3dw = 12;
    static constexpr std::uint32_t header_4dw = 16;
    static constexpr std::uint32_t dllp_bytes = 8; ///< framing, content, CRC

    link(const port_config& port, const timing_config& timing, const core_clock& clock);

    [[nodiscard]] bool up() const { return up_; }
    void set_up(bool up);
    /// Changes when the link goes down: what was under way before is lost.
    [[nodiscard]] std::uint32_t epoch() const { return epoch_; }

    /// `data_bytes` in TLPs of at most `max_payload` each.
    [[nodiscard]] static wire_load load(std::uint32_t data_bytes, std::uint32_t max_payload,
                                        std::uint32_t header) {
        const std::uint32_t tlps =
            data_bytes <= max_payload ? 1 : (data_bytes + max_payload - 1) / max_payload;
        const std::uint32_t data = (data_bytes + 3U) & ~3U;
        return {tlps, data + tlps * (tlp_overhead + header), data};
    }

    /// Whether the timing lets everything through in zero time, so that nobody need wait.
    [[nodiscard]] bool instant() const { return instant_; }

    /// A request could act at once: nothing is on its way that it would have to wait for.
    [[nodiscard]] bool clear() const { return up_ && instant_ && obstacles_ == 0; }
    /// Something that a request may have to wait for has come (1) or gone (-1).
    void count_obstacle(int change) { obstacles_ += static_cast<std::uint32_t>(change); }

    /// One direction's place on the wire: when the TLP's first and last symbol pass.
    struct slot {
        std::uint64_t begin_ps = 0;
        std::uint64_t end_ps = 0;
    };
    /// A transaction from the host that is ready now; it waits behind earlier ones.
    [[nodiscard]] slot occupy_rx(const wire_load& w) {
        return occupy(rx_, tx_, w, core_clock::now_ps());
    }
    /// A transaction towards the host that has passed the egress pipeline at `ready_ps`.
    [[nodiscard]] slot occupy_tx(const wire_load& w, std::uint64_t ready_ps) {
        return occupy(tx_, rx_, w, ready_ps);
    }
    /// When a TLP received at `end_ps` acts in the function: ingress pipeline and decode.
    [[nodiscard]] std::uint64_t arrival_ps(std::uint64_t end_ps) const;

    [[nodiscard]] bool traced() const { return rx_text_.traced() || tx_text_.traced(); }
    void show_rx(const slot& s, const tlp_appearance& what) { show(rx_text_, s, what); }
    void show_tx(const slot& s, const tlp_appearance& what) { show(tx_text_, s, what); }
    void show_rx(const slot& s, std::string_view message) { show(rx_text_, s, message); }
    void show_tx(const slot& s, std::string_view message) { show(tx_text_, s, message); }

    /// Declares up, rx.tlp and tx.tlp below `scope` ("switch.port0.link."). Elaboration only.
    void trace(trace_sink& sink, std::string_view scope);

private:
    struct direction {
        std::uint64_t free_ps = 0;
        std::uint64_t owed_ps = 0;    ///< DLLPs that have not been sent yet
        std::uint64_t owed_since = 0; ///< when the last of them was due
        std::uint64_t gap_begin = 0;  ///< idle time before the last TLP, whose place may be in the
        std::uint64_t gap_end = 0;    ///< future: DLLPs that become due meanwhile use it
    };
    [[nodiscard]] slot occupy(direction& d, direction& back, const wire_load& w,
                              std::uint64_t ready_ps) const;
    static void owe(direction& d, std::uint64_t since, std::uint64_t ps);
    [[nodiscard]] std::uint64_t wire_ps(std::uint64_t bytes) const {
        return timing_.link_serialisation ? (bytes * lane_byte_ps_ + width_ - 1) / width_ : 0;
    }
    template <class What>
    void show(signal_id id, const slot& s, const What& what);

    const core_clock& clock_;
    const timing_config& timing_;
    std::uint64_t lane_byte_ps_;
    std::uint64_t width_;
    bool instant_;
    bool up_ = false;
    std::uint32_t obstacles_ = 0;
    std::uint32_t epoch_ = 0;
    direction rx_{};
    direction tx_{};

    trace_sink* sink_ = nullptr;
    signal_id up_signal_{}, rx_text_{}, tx_text_{};
};

} // namespace ntb
