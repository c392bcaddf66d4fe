// SPDX-License-Identifier: Apache-2.0
// Numbers for declared registers and fields (declared.h), so that a topology can hold a place for
// each and the model can ask for one by name. A name that the map does not declare is a compile
// error where a constant is initialised from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "model/config.h"
#include "model/regs/all_maps.h"

namespace ntb::regs {

struct declared_register_id {
    std::uint8_t index = 0; ///< over all spaces
};
struct declared_field_id {
    std::uint8_t index = 0; ///< over all spaces
};

/// Numbers of a space begin here.
[[nodiscard]] constexpr std::size_t first_declared_register(space_id id) {
    std::size_t n = 0;
    for (const space& s : spaces) {
        if (s.id == id)
            break;
        n += s.declared_count;
    }
    return n;
}
[[nodiscard]] constexpr std::size_t first_declared_field(space_id id) {
    std::size_t n = 0;
    for (const space& s : spaces) {
        if (s.id == id)
            break;
        n += s.declared_field_count;
    }
    return n;
}

namespace detail {
[[nodiscard]] constexpr bool placeable_all_fit() {
    std::size_t registers = 0;
    std::size_t fields = 0;
    for (const space& s : spaces) {
        registers += s.declared_count;
        fields += s.declared_field_count;
    }
    return registers <= layout_config::max_registers && fields <= layout_config::max_fields;
}
} // namespace detail
static_assert(detail::placeable_all_fit(), "layout_config in model/config.h is too small");

[[nodiscard]] constexpr declared_register_id declared_register_named(space_id id,
                                                                     std::string_view name) {
    const space& s = space_of(id);
    for (std::size_t i = 0; i < s.declared_count; ++i)
        if (s.declared[i].name == name)
            return {static_cast<std::uint8_t>(first_declared_register(id) + i)};
    throw std::logic_error("no such declared register in the map");
}

[[nodiscard]] constexpr declared_field_id declared_field_named(space_id id, std::string_view in,
                                                               std::string_view name) {
    const space& s = space_of(id);
    for (std::size_t i = 0; i < s.declared_field_count; ++i)
        if (s.declared_fields[i].in == in && s.declared_fields[i].name == name)
            return {static_cast<std::uint8_t>(first_declared_field(id) + i)};
    throw std::logic_error("no such declared field in the map");
}

} // namespace ntb::regs
