// SPDX-License-Identifier: Apache-2.0
// Registers as keys of a topology file: "NTINTMSK", one of a family "SWPORT2CTL", or the whole
// family with or without its braces, "SWPORT{x}CTL" and SWPORTxCTL, which TOML takes without
// quotes. For the .cpp files of this directory only.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "model/regs/all_maps.h"

namespace ntb::config {

/// "SWPORTxCTL" of "SWPORT{x}CTL".
[[nodiscard]] inline std::string bare_name(std::string_view pattern) {
    std::string out;
    for (const char c : pattern)
        if (c != '{' && c != '}')
            out += c;
    return out;
}

/// "0xC04": an offset or value in a message.
[[nodiscard]] inline std::string hex_text(std::uint32_t value) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "0x%X", value);
    return text.data();
}

/// The mapped or declared row of that name, whole family.
[[nodiscard]] inline std::optional<regs::member> find_row(std::string_view name) {
    for (const regs::space& s : regs::spaces) {
        for (const regs::reg& r : s)
            if (r.name == name || bare_name(r.name) == name)
                return regs::member{&s, &r, 0, 0};
        for (std::size_t i = 0; i < s.declared_count; ++i)
            if (s.declared[i].name == name || bare_name(s.declared[i].name) == name)
                return regs::member{&s, &s.declared[i], 0, 0};
    }
    return std::nullopt;
}

} // namespace ntb::config
