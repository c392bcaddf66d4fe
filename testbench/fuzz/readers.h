// SPDX-License-Identifier: Apache-2.0
// The readers of files that are fuzzed, each with its corpus and with what must hold of any input:
// it is refused with one clear line of the reader's own error type, or what was read is sound.
//
// Threading: none. Errors: what must hold and does not is a `finding`.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace ntb::fuzz {

/// An input shows a defect.
class finding : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct reader {
    std::string name;
    std::vector<std::string> corpus;
    /// Reads an input; false if it was refused. Throws finding.
    std::function<bool(const std::string& input)> read;
};

/// All readers; `source` is the root of the source tree, where scenarios and waveforms are.
[[nodiscard]] std::vector<reader> all_readers(const std::string& source);

} // namespace ntb::fuzz
