// SPDX-License-Identifier: Apache-2.0
// What the signals of a waveform mean to the analysis: the names of the model's signal list, by
// role and port. The only place that knows those names.
// Threading: none. Errors: none; unknown names have no role.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "traces/vcd_reader.h"

namespace ntb::traces {

/// Port numbers of the switch run 0..23.
inline constexpr unsigned max_trace_ports = 24;
inline constexpr unsigned trace_messages = 4;

enum class signal_role : std::uint8_t {
    none,
    core_clock,
    link_up,
    rx_tlp,
    tx_tlp,
    outdbellset,
    outdbellset_count,
    outmsg,
    outmsg_write,
    outmsg_write_count,
    indbellsts,
    indbellmsk,
    inmsg,
    msgsts,
    msgstsmsk,
    ntintsts,
    ntintmsk,
    msi,
    msi_count,
    msi_dropped,
    msi_dropped_count,
    intx,
};

struct signal_meaning {
    signal_role role = signal_role::none;
    std::uint8_t port = 0;
    std::uint8_t number = 0; ///< of a message register
};

/// Meaning of one full name ("switch.port2.nt.outmsg1_write").
[[nodiscard]] signal_meaning meaning_of(std::string_view name);

/// Meanings of all signals of a file, by channel.
[[nodiscard]] std::vector<signal_meaning> meanings(const vcd_reader& reader);

/// "switch.port2.nt.msi" -> 2; nothing (max_trace_ports) for other names.
[[nodiscard]] unsigned port_of(std::string_view name);

/// A write to a register through BAR0, as a link's text signal shows it:
/// "MWr bar0+0x0420 OUTDBELLSET 4B 0x00000001", the name where the model knows one.
struct bar0_write {
    bool valid = false;
    std::uint32_t offset = 0;
    std::uint64_t value = 0;
};
[[nodiscard]] bar0_write parse_bar0_write(std::string_view tlp);

/// BAR0 offsets of the registers that ring and send (docs/reference/registers.csv).
inline constexpr std::uint32_t outdbellset_offset = 0x420;
inline constexpr std::uint32_t outmsg0_offset = 0x430;

/// Bits of NTINTSTS and NTINTMSK that belong to messages and doorbells.
inline constexpr std::uint32_t ntint_msg = 1U << 0;
inline constexpr std::uint32_t ntint_dbell = 1U << 1;

} // namespace ntb::traces
