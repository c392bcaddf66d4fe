// SPDX-License-Identifier: Apache-2.0
// Which register of the NT function lies at a byte offset, for texts that people read
// (link.rx.tlp). Decoding does not use it: that goes by dwords (register_bank.h).
//
// Units: bytes from the start of the function. A constant table, so that tracing costs an index and
// nothing is allocated; any thread. An offset without a register gives an empty optional.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/regs/all_maps.h"

namespace ntb::regs {

namespace detail {

/// Row of nt_map + 1 (0 = none), indices of a family's member, and which of nt_names.
struct nt_byte {
    std::uint8_t row = 0;
    std::uint8_t first = 0;
    std::uint8_t second = 0;
    std::uint16_t name = 0;
};
static_assert(nt_map.size() < 255);

inline constexpr std::size_t nt_members = [] {
    std::size_t n = 0;
    for (const reg& r : nt_map)
        n += std::size_t{r.first.count} * r.second.count;
    return n;
}();

/// Names of all members in the order of the map; a text is written for each TLP.
inline constexpr std::array<member_name, nt_members> nt_names = [] {
    std::array<member_name, nt_members> out{};
    std::size_t n = 0;
    for (const reg& r : nt_map)
        for (unsigned i = 0; i < r.first.count; ++i)
            for (unsigned j = 0; j < r.second.count; ++j)
                out.at(n++) = member_name(member{&spaces.front(), &r, i, j});
    return out;
}();

inline constexpr std::array<nt_byte, 0x1000> nt_bytes = [] {
    std::array<nt_byte, 0x1000> out{};
    std::uint16_t name = 0;
    for (std::size_t row = 0; row < nt_map.size(); ++row) {
        const reg& r = nt_map[row];
        for (unsigned i = 0; i < r.first.count; ++i)
            for (unsigned j = 0; j < r.second.count; ++j, ++name)
                for (unsigned byte = 0; byte < r.size; ++byte)
                    out.at(r.offset_of(i, j) + byte) = {static_cast<std::uint8_t>(row + 1),
                                                        static_cast<std::uint8_t>(i),
                                                        static_cast<std::uint8_t>(j), name};
    }
    return out;
}();

} // namespace detail

/// The register that has this byte.
[[nodiscard]] constexpr std::optional<member> nt_register_at(std::uint64_t offset) {
    if (offset >= detail::nt_bytes.size())
        return std::nullopt;
    const detail::nt_byte& at = detail::nt_bytes[static_cast<std::size_t>(offset)];
    if (at.row == 0)
        return std::nullopt;
    return member{&spaces.front(), &nt_map[at.row - 1U], at.first, at.second};
}
static_assert(spaces.front().rows == nt_map.data());

/// Its name ("MSGSTS", "PCICMD"), empty where there is none.
[[nodiscard]] constexpr std::string_view nt_register_name_at(std::uint64_t offset) {
    if (offset >= detail::nt_bytes.size())
        return {};
    const detail::nt_byte& at = detail::nt_bytes[static_cast<std::size_t>(offset)];
    return at.row == 0 ? std::string_view{} : detail::nt_names[at.name].view();
}

} // namespace ntb::regs
