// SPDX-License-Identifier: Apache-2.0
#include "traces/analysis/text_table.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace ntb::traces {

std::string text_table::str() const {
    std::vector<std::size_t> widths(alignment_.size(), 0);
    for (const auto& cells : rows_) {
        for (std::size_t i = 0; i < cells.size(); ++i)
            widths[i] = std::max(widths[i], cells[i].size());
    }
    std::size_t total = 0;
    for (const std::size_t w : widths)
        total += w + 2;
    std::string text;
    for (const auto& cells : rows_) {
        if (cells.empty())
            text.append(total - 2, '-');
        std::string line;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const std::string padding(widths[i] - cells[i].size(), ' ');
            line += alignment_[i] == 'r' ? padding + cells[i] : cells[i] + padding;
            line += "  ";
        }
        line.resize(line.find_last_not_of(' ') + 1);
        text += line + '\n';
    }
    return text;
}

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < ' ') {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
            out += escape.data();
        } else {
            out += c;
        }
    }
    return out + '"';
}

} // namespace ntb::traces
