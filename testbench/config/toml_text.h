// SPDX-License-Identifier: Apache-2.0
// What must hold of a text before toml++ may read it; all found by fuzzing:
//   - characters outside ASCII are in comments and quoted strings only, as TOML has it: toml++ 3.3
//     (Debian 12) runs into undefined behaviour on some of them elsewhere. So that both mean the
//     same by a string, a quotation mark within a bare word is refused, too;
//   - a line has few dots outside strings: a key of thousands of parts makes tables so deep that
//     toml++ runs out of stack.
//
// Threading: none. Errors: none; for the .cpp files of this directory only.
#pragma once

#include <string_view>

namespace ntb::config {

/// Dots of one line; keys of our files have three at most.
inline constexpr unsigned max_dots_of_line = 16;

/// What is wrong first, and where; `line` 0 = nothing.
struct toml_fault {
    unsigned line = 0;
    std::string_view why{};
};
[[nodiscard]] toml_fault fault_of_toml(std::string_view text);

} // namespace ntb::config
