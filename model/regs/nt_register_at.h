// SPDX-License-Identifier: Apache-2.0
// Which register of the NT function lies at a byte offset, for texts that people read
// (link.rx.tlp). Decoding does not use it: that goes by dwords (register_bank.h).
//
// Units: bytes from the start of the function. A constant table, so that tracing costs an index and
// nothing is allocated; any thread. An offset without a register gives nullptr.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/regs/all_maps.h"

namespace ntb::regs {

/// A member of a family, or a single register, and its name, which is put together once.
struct named_member {
    member at{};
    member_name name{};
};

namespace detail {

inline constexpr std::size_t nt_members = [] {
    std::size_t n = 0;
    for (const reg& r : nt_map)
        n += std::size_t{r.first.count} * r.second.count;
    return n;
}();

inline constexpr std::array<named_member, nt_members> nt_named = [] {
    std::array<named_member, nt_members> out{};
    std::size_t n = 0;
    for (const reg& r : nt_map)
        for (unsigned i = 0; i < r.first.count; ++i)
            for (unsigned j = 0; j < r.second.count; ++j) {
                const member m{&spaces.front(), &r, i, j};
                out.at(n++) = {m, member_name(m)};
            }
    return out;
}();

/// Which of nt_named has the byte, + 1; 0 = none.
inline constexpr std::array<std::uint16_t, 0x1000> nt_bytes = [] {
    std::array<std::uint16_t, 0x1000> out{};
    for (std::size_t n = 0; n < nt_named.size(); ++n)
        for (std::uint32_t byte = 0; byte < nt_named[n].at.row->size; ++byte)
            out.at(nt_named[n].at.offset() + byte) = static_cast<std::uint16_t>(n + 1);
    return out;
}();

} // namespace detail

/// The register that has this byte ("MSGSTS", "PCICMD"); nullptr where there is none.
[[nodiscard]] constexpr const named_member* nt_register_at(std::uint64_t offset) {
    if (offset >= detail::nt_bytes.size())
        return nullptr;
    const std::uint16_t n = detail::nt_bytes[static_cast<std::size_t>(offset)];
    return n == 0 ? nullptr : &detail::nt_named[n - 1U];
}
static_assert(spaces.front().rows == nt_map.data());

} // namespace ntb::regs
