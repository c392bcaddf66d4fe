// SPDX-License-Identifier: Apache-2.0
// Aligned columns of text, and strings as JSON writes them. Threading: none. Errors: none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ntb::traces {

class text_table {
public:
    /// One letter per column: 'l' left-aligned, 'r' right-aligned.
    explicit text_table(std::string alignment) : alignment_(std::move(alignment)) {}
    void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    /// A line of dashes under the rows so far.
    void rule() { rows_.emplace_back(); }
    [[nodiscard]] std::string str() const;

private:
    std::string alignment_;
    std::vector<std::vector<std::string>> rows_; ///< an empty one is a rule
};

/// `text` in quotes, escaped.
[[nodiscard]] std::string json_string(std::string_view text);

} // namespace ntb::traces
