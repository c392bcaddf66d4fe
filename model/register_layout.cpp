// SPDX-License-Identifier: Apache-2.0
#include "model/register_layout.h"

namespace ntb {

namespace {

using regs::reg;
using regs::space;

constexpr std::uint32_t unknown = regs::unknown_offset;

/// The mapped or declared register of that name; of a declared one `number` is its index.
struct found_register {
    const reg* row = nullptr;
    bool declared = false;
    std::size_t number = 0;
};

found_register register_of(const space& s, std::string_view name) {
    for (const reg& r : s)
        if (r.name == name)
            return {&r, false, 0};
    for (std::size_t i = 0; i < s.declared_count; ++i)
        if (s.declared[i].name == name)
            return {&s.declared[i], true, regs::first_declared_register(s.id) + i};
    return {};
}

bool overlap(std::uint32_t a, std::uint32_t a_bytes, std::uint32_t b, std::uint32_t b_bytes) {
    return a < b + b_bytes && b < a + a_bytes;
}

/// The register of the space that has a byte in common with the one placed at `at`.
std::string_view in_the_way(const space& s, const layout_config& layout, std::size_t placed,
                            std::uint32_t at, std::uint32_t bytes) {
    for (const reg& r : s)
        for (unsigned i = 0; i < r.first.count; ++i)
            for (unsigned j = 0; j < r.second.count; ++j)
                if (overlap(at, bytes, r.offset_of(i, j), r.size))
                    return r.name;
    const std::size_t first = regs::first_declared_register(s.id);
    for (std::size_t k = 0; k < placed; ++k) {
        const std::uint32_t other = layout.registers[first + k].offset;
        if (other != unknown && overlap(at, bytes, other, s.declared[k].size))
            return s.declared[k].name;
    }
    return {};
}

layout_fault check_register(const space& s, const layout_config& layout, std::size_t k) {
    const std::size_t number = regs::first_declared_register(s.id) + k;
    const std::uint32_t at = layout.registers[number].offset;
    layout_fault fault{};
    fault.index = static_cast<std::uint8_t>(number);
    if (at == unknown)
        return fault;
    const std::uint32_t bytes = s.declared[k].size;
    if (s.id == regs::space_id::dma)
        fault.what = layout_problem::not_modelled;
    else if (at % bytes != 0)
        fault.what = layout_problem::misaligned;
    else if (at < s.base || at - s.base > s.bytes - bytes)
        fault.what = layout_problem::outside_space;
    else if (fault.other = in_the_way(s, layout, k, at, bytes); !fault.other.empty())
        fault.what = layout_problem::on_register;
    return fault;
}

/// The field of a register, known or placed before, that shares a bit with `mask`.
std::string_view field_in_the_way(const space& s, const layout_config& layout, const reg& row,
                                  std::size_t placed, std::uint32_t mask) {
    for (std::size_t i = 0; i < row.field_count(); ++i)
        if (!is_placeholder(row.fields[i]) && (row.fields[i].mask() & mask) != 0)
            return row.fields[i].name;
    const std::size_t first = regs::first_declared_field(s.id);
    for (std::size_t k = 0; k < placed; ++k) {
        const layout_config::bits& bits = layout.fields[first + k];
        const regs::declared_field& f = s.declared_fields[k];
        if (bits.placed && f.in == row.name &&
            (detail::as_mapped(f, bits.msb, bits.lsb).mask() & mask) != 0)
            return f.name;
    }
    return {};
}

layout_fault check_field(const space& s, const layout_config& layout, std::size_t k) {
    const std::size_t number = regs::first_declared_field(s.id) + k;
    const layout_config::bits& bits = layout.fields[number];
    layout_fault fault{};
    fault.is_field = true;
    fault.index = static_cast<std::uint8_t>(number);
    if (!bits.placed)
        return fault;
    const regs::declared_field& f = s.declared_fields[k];
    const found_register in = register_of(s, f.in);
    if (s.id == regs::space_id::dma)
        fault.what = layout_problem::not_modelled;
    else if (in.declared && layout.registers[in.number].offset == unknown)
        fault.what = layout_problem::register_unplaced;
    else if (bits.msb < bits.lsb || bits.msb >= in.row->size * 8U)
        fault.what = layout_problem::outside_register;
    else if (f.width != 0 && bits.msb - bits.lsb + 1U != f.width)
        fault.what = layout_problem::wrong_width;
    else if (fault.other = field_in_the_way(s, layout, *in.row, k,
                                            detail::as_mapped(f, bits.msb, bits.lsb).mask());
             !fault.other.empty())
        fault.what = layout_problem::on_field;
    return fault;
}

} // namespace

layout_fault check_layout(const layout_config& layout) {
    for (const space& s : regs::spaces) {
        for (std::size_t k = 0; k < s.declared_count; ++k)
            if (const layout_fault f = check_register(s, layout, k); f.what != layout_problem::none)
                return f;
        for (std::size_t k = 0; k < s.declared_field_count; ++k)
            if (const layout_fault f = check_field(s, layout, k); f.what != layout_problem::none)
                return f;
    }
    return {};
}

regs::field_ref register_layout::field(regs::declared_field_id id) const {
    const layout_config::bits& bits = config_.fields[id.index];
    if (!bits.placed)
        return {};
    for (const space& s : regs::spaces) {
        const std::size_t first = regs::first_declared_field(s.id);
        if (id.index < first || id.index >= first + s.declared_field_count)
            continue;
        const regs::declared_field& f = s.declared_fields[id.index - first];
        const found_register in = register_of(s, f.in);
        const std::uint32_t at = in.declared ? config_.registers[in.number].offset : in.row->offset;
        const unsigned in_dword = (at & 3U) * 8U;
        return {detail::as_mapped(f, bits.msb, bits.lsb).mask() << in_dword,
                static_cast<std::uint8_t>(bits.lsb + in_dword)};
    }
    return {};
}

bool register_layout::touches(regs::space_id id) const {
    bool any = false;
    for_each_dword(id, [&any](std::uint32_t, auto&&) { any = true; });
    return any;
}

} // namespace ntb
