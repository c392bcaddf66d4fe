// SPDX-License-Identifier: Apache-2.0
// The PCIe link of one port: how long TLPs occupy it in each direction and what passes on it, for
// the waveform. Occupancy is computed in closed form, no symbol is simulated.
//
// Bytes on the wire: framing 2, sequence number 2, LCRC 4, header 12 (16 with a 64-bit address),
// data in dwords (PCIe 2.1 sections 2.2 and 3.6). 8b/10b: a lane moves one byte in 4 ns at
// 2.5 GT/s and in 2 ns at 5 GT/s.
//
// Units: picoseconds; bytes. Threading: the SystemC thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <systemc>

#include "model/config.h"
#include "model/core_clock.h"
#include "model/trace_sink.h"

namespace ntb {

class link {
public:
    static constexpr std::uint32_t tlp_overhead = 8; ///< framing, sequence number, LCRC
    static constexpr std::uint32_t header_3dw = 12;
    static constexpr std::uint32_t header_4dw = 16;

    link(const port_config& port, const timing_config& timing, const core_clock& clock);

    [[nodiscard]] bool up() const { return up_; }
    void set_up(bool up);
    /// Changes when the link goes down: what was under way before is lost.
    [[nodiscard]] std::uint32_t epoch() const { return epoch_; }

    /// Bytes on the wire of `data_bytes` in TLPs of at most `max_payload` each.
    [[nodiscard]] static std::uint32_t wire_bytes(std::uint32_t data_bytes,
                                                  std::uint32_t max_payload, std::uint32_t header) {
        const std::uint32_t tlps = (data_bytes + max_payload - 1) / max_payload;
        return ((data_bytes + 3U) & ~3U) + (tlps == 0 ? 1 : tlps) * (tlp_overhead + header);
    }

    /// Whether the timing lets everything through in zero time, so that nobody need wait.
    [[nodiscard]] bool instant() const { return instant_; }

    /// One direction's place on the wire: when the TLP's first and last symbol pass.
    struct slot {
        std::uint64_t begin_ps = 0;
        std::uint64_t end_ps = 0;
    };
    /// A TLP from the host that is ready now; it waits behind earlier ones.
    [[nodiscard]] slot occupy_rx(std::uint32_t tlp_bytes);
    /// A TLP towards the host that the function hands over now (after the egress pipeline).
    [[nodiscard]] slot occupy_tx(std::uint32_t tlp_bytes);
    /// When a TLP received at `end_ps` acts in the function: ingress pipeline and decode.
    [[nodiscard]] std::uint64_t arrival_ps(std::uint64_t end_ps) const;

    [[nodiscard]] bool traced() const { return rx_text_.traced() || tx_text_.traced(); }
    void show_rx(const slot& s, std::string_view text) { show(rx_text_, s, text); }
    void show_tx(const slot& s, std::string_view text) { show(tx_text_, s, text); }

    /// Declares up, rx.tlp and tx.tlp below `scope` ("switch.port0.link."). Elaboration only.
    void trace(trace_sink& sink, std::string_view scope);

private:
    [[nodiscard]] std::uint64_t wire_ps(std::uint32_t tlp_bytes) const;
    void show(signal_id id, const slot& s, std::string_view text);

    const core_clock& clock_;
    const timing_config& timing_;
    std::uint64_t lane_byte_ps_;
    std::uint64_t width_;
    bool instant_;
    bool up_ = false;
    std::uint32_t epoch_ = 0;
    std::uint64_t rx_free_ps_ = 0;
    std::uint64_t tx_free_ps_ = 0;

    trace_sink* sink_ = nullptr;
    signal_id up_signal_{}, rx_text_{}, tx_text_{};
};

} // namespace ntb
