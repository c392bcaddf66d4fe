// SPDX-License-Identifier: Apache-2.0
#include "traces/signal_selection.h"

namespace ntb::traces {

bool glob_matches(std::string_view pattern, std::string_view name) {
    std::size_t p = 0;
    std::size_t n = 0;
    std::size_t star = std::string_view::npos; // last '*' seen, and what it has swallowed so far
    std::size_t swallowed = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            swallowed = n;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
            ++p;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++swallowed;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

signal_selection::signal_selection(std::string_view patterns) {
    constexpr std::string_view separators = ", \t\n";
    std::size_t at = patterns.find_first_not_of(separators);
    while (at != std::string_view::npos) {
        const std::size_t end = patterns.find_first_of(separators, at);
        std::string_view one = patterns.substr(at, end - at);
        const bool exclude = one.front() == '!';
        if (exclude)
            one.remove_prefix(1);
        rules_.push_back({std::string(one), exclude, false});
        at = patterns.find_first_not_of(separators, end);
    }
}

bool signal_selection::selects(std::string_view name) {
    bool selected = rules_.empty() || rules_.front().exclude;
    for (rule& r : rules_) {
        if (glob_matches(r.pattern, name)) {
            r.used = true;
            selected = !r.exclude;
        }
    }
    return selected;
}

std::vector<std::string> signal_selection::unmatched() const {
    std::vector<std::string> patterns;
    for (const rule& r : rules_) {
        if (!r.used)
            patterns.push_back((r.exclude ? "!" : "") + r.pattern);
    }
    return patterns;
}

} // namespace ntb::traces
