// SPDX-License-Identifier: Apache-2.0
// Which signals are recorded: a list of glob patterns over full dotted names (`--signals`).
//
// `*` stands for any run of characters, dots included, `?` for one. A pattern that starts with
// `!` takes away what an earlier one chose; the last pattern that matches a name decides. A list
// that begins with a `!` pattern begins from everything; an empty list selects everything.
// Threading: none. Errors: none; a pattern that matched nothing is told by unmatched().
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ntb::traces {

/// Whether `name` as a whole fits the glob `pattern`. Time: at most |pattern| * |name|.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view name);

class signal_selection {
public:
    signal_selection() = default; ///< everything
    /// Patterns separated by commas or blanks: "switch.port0.*,!*.tlp".
    explicit signal_selection(std::string_view patterns);

    /// Whether `name` is recorded; notes which patterns were of use.
    [[nodiscard]] bool selects(std::string_view name);
    /// Patterns that no name has matched so far, as they were written.
    [[nodiscard]] std::vector<std::string> unmatched() const;

private:
    struct rule {
        std::string pattern;
        bool exclude = false;
        bool used = false;
    };
    std::vector<rule> rules_;
};

} // namespace ntb::traces
