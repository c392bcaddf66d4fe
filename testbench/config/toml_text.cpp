// SPDX-License-Identifier: Apache-2.0
#include "testbench/config/toml_text.h"

#include <string>

namespace ntb::config {

namespace {

bool is_stray(char c) {
    return static_cast<unsigned char>(c) >= 0x80;
}

/// Walks over comments and strings as TOML 1.0 has them.
class walker {
public:
    explicit walker(std::string_view text) : text_(text) {
        constexpr std::string_view mark = "\xEF\xBB\xBF";
        if (text_.substr(0, mark.size()) == mark)
            at_ = mark.size();
    }

    toml_fault run() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '#')
                skip_to_line_end();
            else if ((c == '"' || c == '\'') && !fresh_)
                return {line_, "has a quotation mark within a word"};
            else if (c == '"' || c == '\'')
                skip_string(c);
            else if (is_stray(c))
                stray_ = true;
            else
                step();
            if (stray_)
                return {line_, "has a character outside ASCII in neither a comment nor quotes"};
            if (dots_ > max_dots_of_line)
                return {line_, "has a key of too many parts"};
        }
        return {};
    }

private:
    void step() {
        const char c = text_[at_++];
        follow(c);
        if (c == '.')
            ++dots_;
        if (c != '\n')
            return;
        ++line_;
        dots_ = 0;
    }

    /// Keeps `fresh_`: toml++ takes a quotation mark within a bare word for a part of the word.
    void follow(char c) {
        switch (c) {
        case ' ':
        case '\t':
        case '\r':
            break;
        case '\n':
            key_ = open_.empty();
            fresh_ = true;
            break;
        case '=':
            fresh_ = key_;
            key_ = false;
            break;
        case ',':
            key_ = !open_.empty() && open_.back() == '{';
            fresh_ = true;
            break;
        case '.':
            fresh_ = key_;
            break;
        case '[':
        case '{':
            // A header's brackets are closed on their line, like any.
            open_ += fresh_ ? c : ' ';
            key_ = c == '{' || (key_ && fresh_);
            break;
        case ']':
        case '}':
            if (!open_.empty())
                open_.pop_back();
            fresh_ = false;
            break;
        default:
            fresh_ = false;
            break;
        }
    }
    void skip_to_line_end() {
        while (at_ < text_.size() && text_[at_] != '\n')
            ++at_;
    }
    [[nodiscard]] bool here(std::string_view what) const {
        return text_.substr(at_, what.size()) == what;
    }

    void skip_string(char quote) {
        const std::string end(here(std::string(3, quote)) ? 3 : 1, quote);
        const bool several_lines = end.size() == 3;
        at_ += end.size();
        while (at_ < text_.size() && !here(end)) {
            if (text_[at_] == '\n' && !several_lines)
                break; // the parser refuses it
            const bool escape = quote == '"' && text_[at_] == '\\';
            step_in_string();
            if (escape)
                skip_escaped(several_lines);
        }
        at_ += here(end) ? end.size() : 0;
        fresh_ = false;
    }

    /// Dots and brackets of a string do not count.
    void step_in_string() {
        if (text_[at_++] == '\n')
            ++line_;
    }

    /// What follows a backslash: a character, or white space up to the next one.
    void skip_escaped(bool several_lines) {
        constexpr std::string_view blanks = " \t\r\n";
        while (several_lines && at_ < text_.size() &&
               blanks.find(text_[at_]) != std::string_view::npos)
            step_in_string();
        if (at_ >= text_.size() || text_[at_] == '\n')
            return;
        stray_ = stray_ || is_stray(text_[at_]);
        if (!stray_ && blanks.find(text_[at_ - 1]) == std::string_view::npos)
            step_in_string(); // an escaped quotation mark ends nothing
    }

    std::string_view text_;
    std::size_t at_ = 0;
    unsigned line_ = 1;
    unsigned dots_ = 0;  ///< of this line, outside strings
    std::string open_{}; ///< brackets
    bool key_ = true;    ///< a key is expected or being read, not a value
    bool fresh_ = true;  ///< a word may begin here
    bool stray_ = false;
};

} // namespace

toml_fault fault_of_toml(std::string_view text) {
    return walker(text).run();
}

} // namespace ntb::config
