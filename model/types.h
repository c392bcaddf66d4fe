// SPDX-License-Identifier: Apache-2.0
// Strong types and fixed limits of the switch family. No units but those named.
#pragma once

#include <cstdint>

namespace ntb {

/// Limits of the whole family (docs/reference/behaviour.md B1.4, B1.3).
inline constexpr unsigned max_ports = 24;     ///< port numbers run 0..23
inline constexpr unsigned max_partitions = 8; ///< partition numbers run 0..7
inline constexpr unsigned failover_capabilities = 4;
inline constexpr unsigned max_nt_ports = 8;    ///< ports that can carry an NT function
inline constexpr unsigned doorbell_count = 32; ///< one set for the whole switch
inline constexpr unsigned message_count = 4;   ///< message registers each way
inline constexpr unsigned bar_count = 6;
inline constexpr unsigned mapping_table_size = 64;

/// A small integer that does not mix with others of its like.
template <class Tag, class Rep = std::uint8_t>
class strong_number {
public:
    constexpr strong_number() = default;
    constexpr explicit strong_number(unsigned v) : v_(static_cast<Rep>(v)) {}
    [[nodiscard]] constexpr unsigned value() const { return v_; }
    friend constexpr bool operator==(strong_number a, strong_number b) { return a.v_ == b.v_; }
    friend constexpr bool operator!=(strong_number a, strong_number b) { return a.v_ != b.v_; }
    friend constexpr bool operator<(strong_number a, strong_number b) { return a.v_ < b.v_; }

private:
    Rep v_ = 0;
};

using port_number = strong_number<struct port_tag>;           ///< switch port, 0..23
using partition_number = strong_number<struct partition_tag>; ///< 0..7
using bar_number = strong_number<struct bar_tag>;             ///< 0..5

/// PCIe requester ID: bus[15:8] device[7:3] function[2:0].
using requester_id = strong_number<struct requester_tag, std::uint16_t>;

} // namespace ntb
