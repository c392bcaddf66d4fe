// SPDX-License-Identifier: Apache-2.0
// What is known to exist but not where: declared registers (no offset), declared fields (no bit
// position), functions without a place in the global space. They are part of the map (documents and
// exports show them with "offset unknown"), but no access reaches them until a topology's [layout]
// section gives them a place (model/register_layout.h); none has one by default.
//
// A declared register is a regs::reg whose offset is unknown_offset; its fields are those whose
// position is known all the same (a 32-bit data register). A dimension with count 0 = a family of
// unknown size. Everything is evaluated at compile time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "model/regs/map.h"

namespace ntb::regs {

inline constexpr std::uint32_t unknown_offset = 0xFFFFFFFF;

/// The four register spaces.
enum class space_id : std::uint8_t { nt, sw, port, dma };

/// A field that exists, at bits that no source names.
struct declared_field {
    std::string_view in{}; ///< name of its register (mapped or declared) in the same space
    std::string_view name{};
    std::uint8_t width = 0; ///< bits; 0 = unknown, too
    access policy = access::reserved;
    std::uint32_t reset = 0; ///< right-aligned
    confidence reset_confidence = confidence::not_confirmed;
    hot_reset on_hot_reset = hot_reset::resets;
    std::string_view gloss{};
    std::string_view source{};
};

/// Where the configuration space of one function of port p begins in the global address space.
struct function_base {
    std::string_view name{};
    std::uint32_t offset = unknown_offset; ///< of port 0
    std::uint32_t stride = 0;              ///< bytes from port to port; 0 = unknown
    std::uint32_t bytes = 0;
    std::string_view description{};
    std::string_view source{};
    std::string_view behaviour{};
    confidence sureness = confidence::documented;

    [[nodiscard]] constexpr std::uint32_t of_port(unsigned port) const {
        return offset + port * stride;
    }
};

enum class declared_fault : std::uint8_t {
    none,
    empty_row,      ///< a row without name or size
    has_an_offset,  ///< then it belongs into the mapped table
    name_twice,     ///< declared twice, or mapped as well
    no_register,    ///< a field of a register that is neither mapped nor declared
    field_outside,  ///< wider than its register
    reset_too_wide, ///< a reset value does not fit the field
};

namespace detail {

/// Index of the first row of that name, N if there is none. No pointer: what UBSan checks of one is
/// no constant expression (GCC bug 71962).
template <std::size_t N>
[[nodiscard]] constexpr std::size_t row_named(const std::array<reg, N>& rows,
                                              std::string_view name) {
    for (std::size_t i = 0; i < N; ++i)
        if (rows[i].name == name)
            return i;
    return N;
}

[[nodiscard]] constexpr bool has_field(const reg& r, std::string_view name) {
    for (const field& f : r.fields)
        if (!f.name.empty() && f.name == name)
            return true;
    return false;
}

} // namespace detail

/// Checks the declared registers and fields of one space against its mapped ones.
template <std::size_t N, std::size_t D, std::size_t F>
[[nodiscard]] constexpr declared_fault
validate_declared(const std::array<reg, N>& mapped, const std::array<reg, D>& declared,
                  const std::array<declared_field, F>& fields) {
    for (std::size_t i = 0; i < D; ++i) {
        const reg& r = declared[i];
        if (r.name.empty() || (r.size != 1 && r.size != 2 && r.size != 4))
            return declared_fault::empty_row;
        if (r.offset != unknown_offset)
            return declared_fault::has_an_offset;
        if (detail::row_named(mapped, r.name) != N || detail::row_named(declared, r.name) != i)
            return declared_fault::name_twice;
    }
    for (std::size_t i = 0; i < F; ++i) {
        const declared_field& f = fields[i];
        const std::size_t in_map = detail::row_named(mapped, f.in);
        const std::size_t in_declared = detail::row_named(declared, f.in);
        if (in_map == N && in_declared == D)
            return declared_fault::no_register;
        const reg& r = in_map != N ? mapped[in_map] : declared[in_declared];
        if (f.name.empty())
            return declared_fault::empty_row;
        if (detail::has_field(r, f.name))
            return declared_fault::name_twice;
        for (std::size_t k = 0; k < i; ++k)
            if (fields[k].in == f.in && fields[k].name == f.name)
                return declared_fault::name_twice;
        if (f.width > r.size * 8U)
            return declared_fault::field_outside;
        if (f.width != 0 && f.width < 32 && (f.reset >> f.width) != 0)
            return declared_fault::reset_too_wide;
    }
    return declared_fault::none;
}

} // namespace ntb::regs
