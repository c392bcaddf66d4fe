// SPDX-License-Identifier: Apache-2.0
// What is wrong with a topology or timing file, so that the user can mend it:
// "FILE:LINE: KEY: WHY (WHAT TO DO)". The program prints what() behind "ntbsim: ".
#pragma once

#include <stdexcept>
#include <string>

namespace ntb::config {

class config_error : public std::runtime_error {
public:
    /// `line` 0 = the file as a whole; `key` may be empty.
    config_error(const std::string& file, unsigned line, const std::string& key,
                 const std::string& why, const std::string& remedy)
        : std::runtime_error(file + (line != 0 ? ":" + std::to_string(line) : std::string()) +
                             (key.empty() ? std::string() : ": " + key) + ": " + why + " (" +
                             remedy + ")"),
          line_(line) {}

    [[nodiscard]] unsigned line() const { return line_; }

private:
    unsigned line_;
};

} // namespace ntb::config
