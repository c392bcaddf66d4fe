// SPDX-License-Identifier: Apache-2.0
// The members of the switch family: device ID, name, the ports that can carry an NT function
// (docs/reference/behaviour.md B1.1, B1.3), and all ports. One table; whoever needs one of these
// facts asks it.
//
// Not confirmed: which port numbers a part has. Its name says how many (24NT6 six, 12NT12 twelve).
// Of the six and eight port parts they are taken to be those that can carry an NT function; of the
// 12NT12 and 16NT16 these and the next three each, which gives twelve and sixteen.
//
// Units: none. Threading: none, constants. Errors: an ID that is no member's gives nullptr.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "model/types.h"

namespace ntb {

/// PCI device IDs (B1.1); the value is what the register DID shows.
enum class device_id : std::uint16_t {
    hpes24nt6ag2 = 0x8091,
    hpes32nt8ag2 = 0x808F,
    hpes32nt8bg2 = 0x8088,
    hpes12nt12g2 = 0x8092,
    hpes16nt16g2 = 0x8090,
    hpes24nt24g2 = 0x808E,
    hpes32nt24ag2 = 0x808C,
    hpes32nt24bg2 = 0x808A,
};
inline constexpr device_id default_device = device_id::hpes24nt6ag2;

struct family_member {
    device_id id{};
    std::string_view name{};
    std::uint32_t nt_ports = 0; ///< bit p = port p can carry an NT function
    std::uint32_t ports = 0;    ///< bit p = the part has a port p
};

namespace detail {
template <class... Port>
[[nodiscard]] constexpr std::uint32_t ports(Port... numbers) {
    return ((1U << static_cast<unsigned>(numbers)) | ...);
}
} // namespace detail

inline constexpr std::uint32_t six_ports = detail::ports(0, 2, 4, 6, 8, 12);
inline constexpr std::uint32_t eight_ports = six_ports | detail::ports(16, 20);
inline constexpr std::uint32_t all_ports = (1U << max_ports) - 1U;

inline constexpr std::array<family_member, 8> family{{
    {device_id::hpes24nt6ag2, "89HPES24NT6AG2", six_ports, six_ports},
    {device_id::hpes32nt8ag2, "89HPES32NT8AG2", eight_ports, eight_ports},
    {device_id::hpes32nt8bg2, "89HPES32NT8BG2", eight_ports, eight_ports},
    {device_id::hpes12nt12g2, "89HPES12NT12G2", detail::ports(0, 8, 16),
     detail::ports(0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19)},
    {device_id::hpes16nt16g2, "89HPES16NT16G2", detail::ports(0, 8, 12, 16),
     detail::ports(0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)},
    {device_id::hpes24nt24g2, "89HPES24NT24G2", eight_ports, all_ports},
    {device_id::hpes32nt24ag2, "89HPES32NT24AG2", eight_ports, all_ports},
    {device_id::hpes32nt24bg2, "89HPES32NT24BG2", eight_ports, all_ports},
}};

/// The member with that device ID, as a DID register shows it.
[[nodiscard]] constexpr const family_member* find_member(std::uint32_t id) {
    for (const family_member& m : family)
        if (static_cast<std::uint32_t>(m.id) == id)
            return &m;
    return nullptr;
}

/// Whether that port of that member can carry an NT function.
[[nodiscard]] constexpr bool can_carry_nt(device_id device, port_number port) {
    const family_member* const m = find_member(static_cast<std::uint32_t>(device));
    return m != nullptr && port.value() < max_ports && ((m->nt_ports >> port.value()) & 1U) != 0;
}

/// Whether that member has that port.
[[nodiscard]] constexpr bool has_port(device_id device, port_number port) {
    const family_member* const m = find_member(static_cast<std::uint32_t>(device));
    return m != nullptr && port.value() < max_ports && ((m->ports >> port.value()) & 1U) != 0;
}

} // namespace ntb
