// SPDX-License-Identifier: Apache-2.0
#include "testbench/stimulus/lexer.h"

namespace ntb::stimulus {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}
bool is_printable(char c) {
    return c > ' ' && c <= '~';
}

} // namespace

line_words split_line(std::string_view line) {
    line_words out;
    std::size_t i = 0;
    while (i < line.size() && line[i] != '#') {
        if (is_blank(line[i])) {
            ++i;
            continue;
        }
        const std::size_t begin = i;
        if (line.compare(i, 2, "==") == 0) {
            i += 2;
        } else {
            while (i < line.size() && is_printable(line[i]) && line[i] != '#' &&
                   line.compare(i, 2, "==") != 0)
                ++i;
        }
        if (i == begin) {
            out.unprintable_column = static_cast<std::uint32_t>(i + 1);
            return out;
        }
        out.words.push_back({line.substr(begin, i - begin), static_cast<std::uint32_t>(begin + 1)});
        out.end_column = static_cast<std::uint32_t>(i + 1);
    }
    return out;
}

} // namespace ntb::stimulus
