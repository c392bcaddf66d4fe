// SPDX-License-Identifier: Apache-2.0
// Splits one line of a stimulus file into words with their columns. "#" begins a comment; "==" is
// a word of its own even without blanks around it.
//
// Threading: none. Errors: an unprintable byte outside a comment is reported by its column.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace ntb::stimulus {

struct word {
    std::string_view text;    ///< into the line
    std::uint32_t column = 0; ///< 1-based, bytes
};

struct line_words {
    std::vector<word> words;
    std::uint32_t end_column = 1;         ///< where a further word would begin
    std::uint32_t unprintable_column = 0; ///< 0 = none
};

[[nodiscard]] line_words split_line(std::string_view line);

} // namespace ntb::stimulus
