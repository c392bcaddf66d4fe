// SPDX-License-Identifier: Apache-2.0
// Where a topology's [layout] section puts what the map only declares: offsets of registers,
// positions of fields. Nothing has a place by default.
//
// Contract:
//   1. A field without a position is a field_ref with an empty mask: get() gives 0 and put()
//      changes nothing, so behaviour needs no second way for it.
//   2. A placed field takes its bits from a register's placeholder ("VALUE", layout not known),
//      never from a field whose position is known.
//   3. A placed register is like a mapped one, in every function of its kind.
//   4. A family's field has one position, the same in every member.
//
// Units: bytes, bits. Threading: none; filled at elaboration, constant afterwards. Errors:
// check_layout() says what cannot be; a layout that it refuses must not reach a model.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/config.h"
#include "model/regs/all_maps.h"
#include "model/regs/declared_ids.h"

namespace ntb {

/// Whether a field only holds the place of a layout that is not known.
[[nodiscard]] constexpr bool is_placeholder(const regs::field& f) {
    return f.name == "VALUE" || f.name == "ALARMEN" || f.name == "MIDALARMS";
}

enum class layout_problem : std::uint8_t {
    none,
    not_modelled,      ///< of the DMA function, which has no registers beyond its header
    misaligned,        ///< an offset that is no multiple of the register's size
    outside_space,     ///< a register beyond the end of its space
    on_register,       ///< a register where another one is
    register_unplaced, ///< a field of a register that has no offset itself
    outside_register,  ///< bits that the register does not have, or msb < lsb
    wrong_width,       ///< as many bits as the field does not have
    on_field,          ///< bits of a field whose position is known or given
};

struct layout_fault {
    layout_problem what = layout_problem::none;
    bool is_field = false;
    std::uint8_t index = 0;   ///< of the declared register or field
    std::string_view other{}; ///< the register or field in the way
};

/// The first thing that is wrong with a layout; `what` none if nothing is.
[[nodiscard]] layout_fault check_layout(const layout_config& layout);

class register_layout {
public:
    register_layout() = default;
    explicit register_layout(const layout_config& layout) : config_(layout) {}

    /// The field within its register's dword; an empty mask if it has no position.
    [[nodiscard]] regs::field_ref field(regs::declared_field_id id) const;
    /// Byte offset of a declared register in its space, or regs::unknown_offset.
    [[nodiscard]] std::uint32_t offset(regs::declared_register_id id) const {
        return config_.registers[id.index].offset;
    }

    /// Whether anything has a place in that space.
    [[nodiscard]] bool touches(regs::space_id id) const;
    /// Calls `visit(dword offset, layout of it to be changed)`: see register_bank.
    template <class Change>
    void for_each_dword(regs::space_id id, Change&& change) const;

private:
    layout_config config_{};
};

namespace detail {

/// The field `f` placed at msb:lsb, as a mapped one.
[[nodiscard]] inline regs::field as_mapped(const regs::declared_field& f, unsigned msb,
                                           unsigned lsb) {
    return {f.name,
            static_cast<std::uint8_t>(msb),
            static_cast<std::uint8_t>(lsb),
            f.policy,
            f.reset,
            f.reset_confidence,
            f.on_hot_reset,
            f.gloss};
}

} // namespace detail

template <class Change>
void register_layout::for_each_dword(regs::space_id id, Change&& change) const {
    const regs::space& s = regs::space_of(id);
    const std::size_t first_register = regs::first_declared_register(id);
    const std::size_t first_field = regs::first_declared_field(id);
    for (std::size_t r = 0; r < s.declared_count; ++r) {
        const regs::reg& row = s.declared[r];
        const std::uint32_t at = config_.registers[first_register + r].offset;
        if (at == regs::unknown_offset)
            continue;
        change(at, [&row, at](regs::dword_layout& d) {
            d.mapped = true;
            for (std::size_t i = 0; i < row.field_count(); ++i)
                regs::add_field(d, row.fields[i], (at & 3U) * 8U);
        });
    }
    for (std::size_t i = 0; i < s.declared_field_count; ++i) {
        const layout_config::bits& bits = config_.fields[first_field + i];
        if (!bits.placed)
            continue;
        const regs::declared_field& f = s.declared_fields[i];
        const regs::field mapped = detail::as_mapped(f, bits.msb, bits.lsb);
        const auto place = [&](std::uint32_t at) {
            change(at, [&mapped, at](regs::dword_layout& d) {
                regs::remove_bits(d, mapped.mask() << ((at & 3U) * 8U));
                regs::add_field(d, mapped, (at & 3U) * 8U);
            });
        };
        for (const regs::reg& row : s)
            if (row.name == f.in)
                for (unsigned a = 0; a < row.first.count; ++a)
                    for (unsigned b = 0; b < row.second.count; ++b)
                        place(row.offset_of(a, b));
        for (std::size_t r = 0; r < s.declared_count; ++r)
            if (s.declared[r].name == f.in)
                place(config_.registers[first_register + r].offset);
    }
}

} // namespace ntb
