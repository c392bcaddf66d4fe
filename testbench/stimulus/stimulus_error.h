// SPDX-License-Identifier: Apache-2.0
// What is wrong with a stimulus file: "FILE:LINE:COLUMN: WHY (WHAT TO DO)".
#pragma once

#include <stdexcept>
#include <string>

#include "testbench/stimulus/program.h"

namespace ntb::stimulus {

class stimulus_error : public std::runtime_error {
public:
    stimulus_error(const std::string& file, location where, const std::string& why,
                   const std::string& remedy)
        : std::runtime_error(text(file, where) + ": " + why + " (" + remedy + ")"), where_(where) {}

    [[nodiscard]] location where() const { return where_; }

private:
    static std::string text(const std::string& file, location where) {
        std::string out = file;
        if (where.line != 0)
            out += ":" + std::to_string(where.line);
        if (where.column != 0)
            out += ":" + std::to_string(where.column);
        return out;
    }

    location where_;
};

} // namespace ntb::stimulus
