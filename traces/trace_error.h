// SPDX-License-Identifier: Apache-2.0
// The error of traces/: a waveform that cannot be written, read or understood. what() is the one
// line "WHAT: WHY (what to do)" that the program prints.
#pragma once

#include <stdexcept>
#include <string>

namespace ntb::traces {

class trace_error : public std::runtime_error {
public:
    trace_error(const std::string& what, const std::string& why, const std::string& remedy)
        : std::runtime_error(what + ": " + why + " (" + remedy + ")") {}
};

} // namespace ntb::traces
