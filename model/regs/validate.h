// SPDX-License-Identifier: Apache-2.0
// The rules that a register table keeps, checked at compile time by each table's static_assert.
//
// Errors: a table that breaks a rule does not compile; the rule's number is in the message
// (`validate(...) == map_fault::none`).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/regs/map.h"

namespace ntb::regs {

enum class map_fault : std::uint8_t {
    none,
    empty_row,         ///< a row without name or field (the array is longer than the list)
    bad_size,          ///< not 1, 2 or 4 bytes, or not aligned to its size
    bad_family,        ///< dimensions and the {letters} of the name do not belong together
    name_twice,        ///< two registers of one name, or two fields in one register
    not_sorted,        ///< rows not in the order of their offsets
    outside_space,     ///< a member lies outside the space
    registers_overlap, ///< two members share a byte
    field_outside,     ///< msb < lsb, or beyond the register's size
    fields_overlap,    ///< two fields share a bit
    reset_too_wide,    ///< a reset value does not fit its field
};

namespace detail {

/// Does the name contain "{letter}"?
[[nodiscard]] constexpr bool names_index(std::string_view name, char letter) {
    for (std::size_t i = 0; i + 2 < name.size(); ++i)
        if (name[i] == '{' && name[i + 1] == letter && name[i + 2] == '}')
            return true;
    return false;
}

[[nodiscard]] constexpr std::size_t braces_in(std::string_view name) {
    std::size_t n = 0;
    for (const char c : name)
        if (c == '{')
            ++n;
    return n;
}

[[nodiscard]] constexpr bool dimension_fits(const reg& r, const dimension& d) {
    if (d.letter == 0)
        return d.count == 1;
    return d.count > 1 && d.stride >= r.size && d.stride % r.size == 0 &&
           names_index(r.name, d.letter);
}

[[nodiscard]] constexpr map_fault validate_fields(const reg& r) {
    const std::size_t n = r.field_count();
    std::uint32_t used = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const field& f = r.fields[i];
        if (f.msb < f.lsb || f.msb >= r.size * 8U)
            return map_fault::field_outside;
        if ((used & f.mask()) != 0)
            return map_fault::fields_overlap;
        used |= f.mask();
        if ((f.reset & ~(f.mask() >> f.lsb)) != 0)
            return map_fault::reset_too_wide;
        for (std::size_t k = 0; k < i; ++k)
            if (r.fields[k].name == f.name)
                return map_fault::name_twice;
    }
    return map_fault::none;
}

} // namespace detail

/// Checks a whole table over a space of `Bytes` bytes that begins at `base`.
template <std::size_t Bytes, std::size_t N>
[[nodiscard]] constexpr map_fault validate(const std::array<reg, N>& map, std::uint32_t base = 0) {
    std::array<bool, Bytes> taken{};
    for (std::size_t i = 0; i < N; ++i) {
        const reg& r = map[i];
        if (r.name.empty() || r.field_count() == 0)
            return map_fault::empty_row;
        if ((r.size != 1 && r.size != 2 && r.size != 4) || r.offset % r.size != 0)
            return map_fault::bad_size;
        const std::size_t letters =
            (r.first.letter != 0 ? 1U : 0U) + (r.second.letter != 0 ? 1U : 0U);
        if (!detail::dimension_fits(r, r.first) || !detail::dimension_fits(r, r.second) ||
            letters != detail::braces_in(r.name) || (letters == 1 && r.first.letter == 0))
            return map_fault::bad_family;
        for (std::size_t k = 0; k < i; ++k)
            if (map[k].name == r.name)
                return map_fault::name_twice;
        if (i > 0 && map[i - 1].offset >= r.offset)
            return map_fault::not_sorted;
        for (unsigned a = 0; a < r.first.count; ++a) {
            for (unsigned b = 0; b < r.second.count; ++b) {
                const std::uint32_t at = r.offset_of(a, b);
                if (at < base || at - base + r.size > Bytes)
                    return map_fault::outside_space;
                for (std::uint32_t byte = at - base; byte < at - base + r.size; ++byte) {
                    if (taken[byte])
                        return map_fault::registers_overlap;
                    taken[byte] = true;
                }
            }
        }
        const map_fault in_fields = detail::validate_fields(r);
        if (in_fields != map_fault::none)
            return in_fields;
    }
    return map_fault::none;
}

} // namespace ntb::regs
