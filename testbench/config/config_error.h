// SPDX-License-Identifier: Apache-2.0
// What is wrong with a topology or timing file, so that the user can mend it:
// "FILE:LINE: KEY: WHY (WHAT TO DO)". The program prints what() behind "ntbsim: ". Keys and values
// come from the file: what is long is shortened, what does not print is escaped.
#pragma once

#include <stdexcept>
#include <string>

namespace ntb::config {

class config_error : public std::runtime_error {
public:
    /// `line` 0 = the file as a whole; `key` may be empty.
    config_error(const std::string& file, unsigned line, const std::string& key,
                 const std::string& why, const std::string& remedy)
        : std::runtime_error(shown(file) +
                             (line != 0 ? ":" + std::to_string(line) : std::string()) +
                             (key.empty() ? std::string() : ": " + shown(key)) + ": " + shown(why) +
                             " (" + shown(remedy) + ")"),
          line_(line) {}

    [[nodiscard]] unsigned line() const { return line_; }

private:
    static std::string shown(const std::string& text) {
        constexpr std::size_t longest = 400;
        constexpr const char* digits = "0123456789abcdef";
        std::string out;
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            if (out.size() >= longest && (byte & 0xC0U) != 0x80U) // not within a character
                return out + "...";
            if (byte < 0x20 || byte == 0x7F)
                out.append("\\x").append({digits[byte >> 4U], digits[byte & 0xFU]});
            else
                out += c;
        }
        return out;
    }

    unsigned line_;
};

} // namespace ntb::config
