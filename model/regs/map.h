// SPDX-License-Identifier: Apache-2.0
// The types of the declarative register map: one constexpr table per space (nt_map.h, sw_map.h,
// ...) from which storage, decode, byte enables, access policy, checks and documentation come.
//
// A row is a register or a family of registers at fixed strides; "{n}" and "{x}" in a family's
// name stand for its indices ("BARSETUP{n}", "SWP{x}MSGCTL{n}"). Offsets and strides are bytes.
// Everything is evaluated at compile time; a name that does not exist is a compile error where a
// constant is initialised from it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "model/family.h"

namespace ntb::regs {

/// What a software access does to a field.
enum class access : std::uint8_t {
    ro,       ///< read only (hardware may change it)
    rw,       ///< read and write
    rw1c,     ///< write 1 to clear
    rw1s,     ///< write 1 to set
    wo,       ///< a command: writing 1s acts, reads 0
    reserved, ///< reads 0, writes ignored
};

/// How sure a fact is (docs/reference/registers.csv, last column, and its "?" marks).
enum class confidence : std::uint8_t {
    documented,    ///< by the manual or a header written from it
    inferred,      ///< from what working software does or says
    not_confirmed, ///< no source: a parameter of this model (behaviour B21.1)
};

/// What a hot reset does to a field. Every field has its reset value after a fundamental reset.
enum class hot_reset : std::uint8_t {
    resets, ///< to the reset value
    keeps,  ///< sticky, or loaded at initialisation (EEPROM, topology)
};

/// Where a field's reset value is from.
enum class reset_source : std::uint8_t {
    map,    ///< `reset`, in every member of the family
    device, ///< the member's device ID (model/family.h); `reset` is the default member's
};

struct field {
    std::string_view name{};
    std::uint8_t msb = 0;
    std::uint8_t lsb = 0;
    access policy = access::reserved;
    std::uint32_t reset = 0; ///< right-aligned
    confidence reset_confidence = confidence::documented;
    hot_reset on_hot_reset = hot_reset::resets;
    std::string_view gloss{}; ///< one line; empty where the register's own says it
    reset_source from = reset_source::map;

    /// The reset value in that member of the family, right-aligned.
    [[nodiscard]] constexpr std::uint32_t reset_in(device_id device) const {
        return from == reset_source::device ? static_cast<std::uint32_t>(device) : reset;
    }
    [[nodiscard]] constexpr std::uint32_t mask() const {
        const unsigned width = static_cast<unsigned>(msb - lsb) + 1U;
        const std::uint32_t ones = width >= 32 ? 0xFFFFFFFFU : (1U << width) - 1U;
        return ones << lsb;
    }
};

inline constexpr std::size_t max_fields = 16;

/// One dimension of a family: how many, how far apart. count 1 = not a family.
struct dimension {
    char letter = 0; ///< 'n' or 'x' as in the name; 0 = unused
    std::uint16_t count = 1;
    std::uint32_t stride = 0;
};

struct reg {
    std::string_view name{};
    std::uint32_t offset = 0; ///< bytes from the start of the space
    std::uint8_t size = 4;    ///< bytes: 1, 2 or 4
    std::string_view description{};
    std::string_view source{};    ///< where the facts are from
    std::string_view behaviour{}; ///< IDs of docs/reference/behaviour.md, e.g. "B5.1 B5.8"
    confidence sureness = confidence::documented;
    bool dword_only = false; ///< sub-dword accesses are ignored and read 0 (B1.8, B7.8)
    dimension first{};       ///< e.g. {'x', 8, 0x20}
    dimension second{};
    std::array<field, max_fields> fields{};

    [[nodiscard]] constexpr std::size_t field_count() const {
        std::size_t n = 0;
        while (n < max_fields && !fields[n].name.empty())
            ++n;
        return n;
    }
    [[nodiscard]] constexpr std::uint32_t offset_of(unsigned i = 0, unsigned j = 0) const {
        return offset + i * first.stride + j * second.stride;
    }
};

/// A register found by name, as the model uses it: position in its space's dword array.
struct reg_ref {
    std::uint32_t offset = 0;
    std::uint32_t first_stride = 0;
    std::uint32_t second_stride = 0;
    std::uint16_t first_count = 1;
    std::uint16_t second_count = 1;
    std::uint8_t size = 4;

    /// Byte offset of member (i, j) of the family.
    [[nodiscard]] constexpr std::uint32_t at(unsigned i = 0, unsigned j = 0) const {
        return offset + i * first_stride + j * second_stride;
    }
};

/// A field found by name: mask within its register's dword (a 16-bit register in the upper half
/// of a dword has its mask there).
struct field_ref {
    std::uint32_t mask = 0;
    std::uint8_t shift = 0;

    [[nodiscard]] constexpr std::uint32_t get(std::uint32_t dword) const {
        return (dword & mask) >> shift;
    }
    [[nodiscard]] constexpr std::uint32_t put(std::uint32_t dword, std::uint32_t v) const {
        return (dword & ~mask) | ((v << shift) & mask);
    }
};

template <std::size_t N>
[[nodiscard]] constexpr const reg& row_of(const std::array<reg, N>& map, std::string_view name) {
    for (const reg& r : map)
        if (r.name == name)
            return r;
    throw std::logic_error("no such register in the map");
}

template <std::size_t N>
[[nodiscard]] constexpr reg_ref find(const std::array<reg, N>& map, std::string_view name) {
    const reg& r = row_of(map, name);
    return reg_ref{r.offset,      r.first.stride, r.second.stride,
                   r.first.count, r.second.count, r.size};
}

[[nodiscard]] constexpr field_ref field_ref_of(const reg& r, const field& f) {
    const unsigned in_dword = (r.offset & 3U) * 8U;
    return field_ref{f.mask() << in_dword, static_cast<std::uint8_t>(f.lsb + in_dword)};
}

template <std::size_t N>
[[nodiscard]] constexpr field_ref find_field(const std::array<reg, N>& map, std::string_view name,
                                             std::string_view field_name) {
    const reg& r = row_of(map, name);
    for (const field& f : r.fields)
        if (f.name == field_name)
            return field_ref_of(r, f);
    throw std::logic_error("no such field in the map");
}

/// What one dword of a space does, merged from all fields in it.
struct dword_layout {
    std::uint32_t readable = 0; ///< bits that software can see
    std::uint32_t rw = 0;
    std::uint32_t rw1c = 0;
    std::uint32_t rw1s = 0;
    std::uint32_t command = 0; ///< wo bits
    std::uint32_t reset = 0;
    std::uint32_t kept = 0; ///< bits that survive a hot reset
    bool mapped = false;
    bool dword_only = false;
};

/// Adds a field to its dword; `in_dword` = position of its register's bit 0.
constexpr void add_field(dword_layout& d, const field& f, unsigned in_dword) {
    const std::uint32_t m = f.mask() << in_dword;
    const bool readable = f.policy != access::wo && f.policy != access::reserved;
    if (readable)
        d.readable |= m;
    switch (f.policy) {
    case access::rw:
        d.rw |= m;
        break;
    case access::rw1c:
        d.rw1c |= m;
        break;
    case access::rw1s:
        d.rw1s |= m;
        break;
    case access::wo:
        d.command |= m;
        break;
    case access::ro:
    case access::reserved:
        break;
    }
    d.reset |= (f.reset << (f.lsb + in_dword)) & m;
    if (f.on_hot_reset == hot_reset::keeps)
        d.kept |= m;
}

/// Takes bits out of whatever field has them.
constexpr void remove_bits(dword_layout& d, std::uint32_t bits) {
    for (std::uint32_t* mask :
         {&d.readable, &d.rw, &d.rw1c, &d.rw1s, &d.command, &d.reset, &d.kept})
        *mask &= ~bits;
}

/// Merges a map into the dword array of a space that begins at byte offset `base`.
template <std::size_t Dwords, std::size_t N>
[[nodiscard]] constexpr std::array<dword_layout, Dwords> layout_of(const std::array<reg, N>& map,
                                                                   std::uint32_t base = 0) {
    std::array<dword_layout, Dwords> out{};
    for (const reg& r : map) {
        for (unsigned i = 0; i < r.first.count; ++i) {
            for (unsigned j = 0; j < r.second.count; ++j) {
                const std::uint32_t at = r.offset_of(i, j) - base;
                dword_layout& d = out.at(at / 4);
                const unsigned in_dword = (at & 3U) * 8U;
                d.mapped = true;
                d.dword_only = d.dword_only || r.dword_only;
                for (const field& f : r.fields) {
                    if (f.name.empty())
                        break;
                    add_field(d, f, in_dword);
                }
            }
        }
    }
    return out;
}

} // namespace ntb::regs
