// SPDX-License-Identifier: Apache-2.0
#include "testbench/ntbsim/standard_output.h"

#include <cstdio>

#include "testbench/ntbsim/commands.h"

namespace ntb::cli {

void print(const std::string& what, const std::string& text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (!written || std::fflush(stdout) != 0)
        throw user_error(what, "standard output does not take the text",
                         "free some space or keep the reader open");
}

} // namespace ntb::cli
