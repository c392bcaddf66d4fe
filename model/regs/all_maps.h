// SPDX-License-Identifier: Apache-2.0
// A run-time view over all register tables, for tools: the list of spaces, every member of every
// family under its expanded name ("BARSETUP2"), and the way back from such a name to its row.
//
// Offsets are bytes from the start of the function (NT, bridge, DMA), or absolute in the global
// address space for the switch's own registers. for_each_member() and expand() know mapped
// registers only: a declared one (declared.h) has no offset. Names are unique over all spaces. No
// allocation, no state, any thread. A name that is not there gives an empty optional.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/regs/declared.h"
#include "model/regs/dma_map.h"
#include "model/regs/map.h"
#include "model/regs/nt_map.h"
#include "model/regs/port_map.h"
#include "model/regs/sw_map.h"

namespace ntb::regs {

/// One register table and the addresses that it fills.
struct space {
    std::string_view name{};  ///< "nt", "sw", "port", "dma"
    std::string_view title{}; ///< for people
    std::uint32_t base = 0;   ///< first byte offset
    std::uint32_t bytes = 0;
    const reg* rows = nullptr;
    std::size_t count = 0;
    space_id id = space_id::nt;
    std::string_view reached_by{}; ///< for people: what the offsets count from
    const reg* declared = nullptr; ///< registers without an offset
    std::size_t declared_count = 0;
    const declared_field* declared_fields = nullptr; ///< fields without a position
    std::size_t declared_field_count = 0;

    [[nodiscard]] constexpr const reg* begin() const { return rows; }
    [[nodiscard]] constexpr const reg* end() const { return rows + count; }
};

namespace detail {
template <std::size_t N, std::size_t D, std::size_t F>
[[nodiscard]] constexpr space
make_space(space_id id, std::string_view name, std::string_view title, std::string_view reached_by,
           std::uint32_t base, std::uint32_t bytes, const std::array<reg, N>& map,
           const std::array<reg, D>& declared, const std::array<declared_field, F>& fields) {
    return {name,
            title,
            base,
            bytes,
            map.data(),
            N,
            id,
            reached_by,
            D == 0 ? nullptr : declared.data(),
            D,
            F == 0 ? nullptr : fields.data(),
            F};
}
} // namespace detail

/// In the order of space_id.
inline constexpr std::array<space, 4> spaces{{
    detail::make_space(space_id::nt, "nt", "NT function",
                       "Offsets from the start of the function: a configuration cycle, BAR0, or "
                       "the global space at port * 0x2000 + 0x1000",
                       0, 0x1000, nt_map, nt_declared, nt_declared_fields),
    detail::make_space(space_id::sw, "sw", "Switch-global registers",
                       "Absolute addresses in the global space (GASAADDR, GASADATA)", 0x3E000,
                       0x2000, sw_map, sw_declared, sw_declared_fields),
    detail::make_space(space_id::port, "port", "Bridge function of a port",
                       "Offsets from the start of the function, which is in the global space at "
                       "port * 0x2000",
                       0, 0x1000, port_map, port_declared, port_declared_fields),
    detail::make_space(space_id::dma, "dma", "DMA function of a port",
                       "Offsets from the start of the function, which has no known place in the "
                       "global space. The engine is not modelled: layout unknown",
                       0, 0x1000, dma_map, dma_declared, dma_declared_fields),
}};

[[nodiscard]] constexpr const space& space_of(space_id id) {
    return spaces.at(static_cast<std::size_t>(id));
}

/// Calls `visit(declared_field)` for every field of a register (mapped or declared) whose position
/// is unknown.
template <class Visitor>
constexpr void for_each_declared_field(const space& s, const reg& r, Visitor&& visit) {
    for (std::size_t i = 0; i < s.declared_field_count; ++i)
        if (s.declared_fields[i].in == r.name)
            visit(s.declared_fields[i]);
}

/// One register: a row and, for a family, which member.
struct member {
    const space* in = nullptr;
    const reg* row = nullptr;
    unsigned first = 0;
    unsigned second = 0;

    [[nodiscard]] constexpr std::uint32_t offset() const { return row->offset_of(first, second); }
};

/// The name of a member, in a buffer of its own.
class member_name {
public:
    constexpr member_name() = default;
    constexpr explicit member_name(const member& m) {
        const std::string_view pattern = m.row->name;
        for (std::size_t i = 0; i < pattern.size(); ++i) {
            if (pattern[i] != '{') {
                put(pattern[i]);
                continue;
            }
            put_number(pattern[i + 1] == m.row->first.letter ? m.first : m.second);
            i += 2; // the letter and the closing brace
        }
    }
    [[nodiscard]] constexpr std::string_view view() const { return {text_.data(), length_}; }

private:
    constexpr void put(char c) { text_.at(length_++) = c; }
    constexpr void put_number(unsigned v) {
        if (v >= 10)
            put(static_cast<char>('0' + v / 10));
        put(static_cast<char>('0' + v % 10));
    }

    std::array<char, 32> text_{};
    std::size_t length_ = 0;
};

/// The register's value after a fundamental reset, right-aligned to the register.
[[nodiscard]] constexpr std::uint32_t reset_of(const reg& r) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < r.field_count(); ++i)
        value |= r.fields[i].reset << r.fields[i].lsb;
    return value;
}

/// The same in that member of the family.
[[nodiscard]] constexpr std::uint32_t reset_of(const reg& r, device_id device) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < r.field_count(); ++i)
        value |= r.fields[i].reset_in(device) << r.fields[i].lsb;
    return value;
}

/// Calls `visit(member)` for every register, row after row, members in the order of the indices.
template <class Visitor>
constexpr void for_each_member(Visitor&& visit) {
    for (const space& s : spaces)
        for (const reg& r : s)
            for (unsigned i = 0; i < r.first.count; ++i)
                for (unsigned j = 0; j < r.second.count; ++j)
                    visit(member{&s, &r, i, j});
}

namespace detail {

/// Reads a number without leading zeros at the front of `text` and cuts it off.
[[nodiscard]] constexpr std::optional<unsigned> take_number(std::string_view& text) {
    unsigned value = 0;
    std::size_t digits = 0;
    while (digits < text.size() && digits < 3 && text[digits] >= '0' && text[digits] <= '9')
        value = value * 10 + static_cast<unsigned>(text[digits++] - '0');
    if (digits == 0 || (digits > 1 && text[0] == '0'))
        return std::nullopt;
    text.remove_prefix(digits);
    return value;
}

[[nodiscard]] constexpr std::optional<member> match(const space& s, const reg& r,
                                                    std::string_view name) {
    member m{&s, &r, 0, 0};
    for (std::size_t i = 0; i < r.name.size(); ++i) {
        if (r.name[i] != '{') {
            if (name.empty() || name[0] != r.name[i])
                return std::nullopt;
            name.remove_prefix(1);
            continue;
        }
        const bool is_first = r.name[i + 1] == r.first.letter;
        const std::optional<unsigned> index = take_number(name);
        if (!index || *index >= (is_first ? r.first.count : r.second.count))
            return std::nullopt;
        (is_first ? m.first : m.second) = *index;
        i += 2; // the letter and the closing brace
    }
    if (!name.empty())
        return std::nullopt;
    return m;
}

} // namespace detail

/// Finds a register by its expanded name: "NTCTL", "BARSETUP2", "SWP1MSGCTL3".
[[nodiscard]] constexpr std::optional<member> expand(std::string_view name) {
    for (const space& s : spaces)
        for (const reg& r : s)
            if (const std::optional<member> m = detail::match(s, r, name))
                return m;
    return std::nullopt;
}

} // namespace ntb::regs
