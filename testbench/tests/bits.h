// SPDX-License-Identifier: Apache-2.0
// Bits that the tests use, as docs/reference/registers.csv has them; not from the model's map, so
// that a slip there shows.
#pragma once

#include <cstdint>

namespace ntb::test {

// NTINTSTS, NTINTMSK
inline constexpr std::uint32_t int_msg = 0x01;
inline constexpr std::uint32_t int_dbell = 0x02;
inline constexpr std::uint32_t int_sevent = 0x08;
inline constexpr std::uint32_t int_temperature = 0x80;
inline constexpr std::uint32_t int_all = 0xBB;

// SESTS, SEMSK
inline constexpr std::uint32_t event_link_up = 0x01;
inline constexpr std::uint32_t event_link_down = 0x02;
inline constexpr std::uint32_t event_fundamental_reset = 0x04;
inline constexpr std::uint32_t event_hot_reset = 0x08;
inline constexpr std::uint32_t event_global_signal = 0x20;

// MSGSTS
[[nodiscard]] constexpr std::uint32_t lost(unsigned n) {
    return 1U << n;
}
[[nodiscard]] constexpr std::uint32_t full(unsigned n) {
    return 0x10000U << n;
}

// PCICMD, PCISTS
inline constexpr std::uint32_t cmd_memory = 0x0002;
inline constexpr std::uint32_t cmd_master = 0x0004;
inline constexpr std::uint32_t cmd_no_intx = 0x0400;
inline constexpr std::uint32_t sts_intx = 0x0008;
inline constexpr std::uint32_t sts_capabilities = 0x0010;
inline constexpr std::uint32_t sts_master_poison = 0x0100;
inline constexpr std::uint32_t sts_received_unsupported = 0x2000; // received master abort
inline constexpr std::uint32_t sts_signaled = 0x4000;
inline constexpr std::uint32_t sts_poison = 0x8000;
inline constexpr std::uint32_t cmd_poison_response = 0x0040;
inline constexpr std::uint32_t cmd_signal = 0x0100;

// MSICAP
inline constexpr std::uint32_t msi_enable = 0x00010000;

// AERUES
inline constexpr std::uint32_t aer_poisoned = 0x00001000;
inline constexpr std::uint32_t aer_completion_timeout = 0x00004000;
inline constexpr std::uint32_t aer_unsupported_request = 0x00100000;
// AERCES, AERCEM
inline constexpr std::uint32_t aer_advisory = 0x2000;

// PCIEDCTL
inline constexpr std::uint32_t report_correctable = 0x1;
inline constexpr std::uint32_t report_nonfatal = 0x2;
inline constexpr std::uint32_t report_fatal = 0x4;
inline constexpr std::uint32_t report_unsupported = 0x8;
// PCIEDSTS
inline constexpr std::uint32_t saw_correctable = 0x1;
inline constexpr std::uint32_t saw_nonfatal = 0x2;
inline constexpr std::uint32_t saw_fatal = 0x4;
inline constexpr std::uint32_t saw_unsupported = 0x8;

// NTMTBLDATA
[[nodiscard]] constexpr std::uint32_t mapping(unsigned requester, unsigned partition) {
    return 1U | requester << 1 | partition << 17;
}

} // namespace ntb::test
