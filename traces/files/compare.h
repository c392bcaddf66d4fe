// SPDX-License-Identifier: Apache-2.0
// Whether two waveforms say the same: signal by signal, by name and value, whatever the
// identifiers, the order of the signals or the layout of the text. A vector counts with the value
// that it has at the end of an instant, a text with everything that it showed.
//
// Units: picoseconds. Threading: none. Memory grows with the number of signals, and with the
// distance at which one file's changes of a signal lead the other's. Errors: trace_error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ntb::traces {

struct compare_options {
    std::string signals{};     ///< pattern list of signal_selection; empty = all
    bool ignore_times = false; ///< compare what each signal went through, not when
    std::size_t most = 20;     ///< differences listed; the others are counted
};

struct wave_difference {
    std::string signal;
    std::uint64_t time_ps = 0; ///< in the first file, else in the second
    std::string text;          ///< what differs, as one clause
};

struct compare_report {
    std::size_t signals = 0; ///< that both have
    std::uint64_t differing = 0;
    std::vector<wave_difference> differences{}; ///< the first of each signal, by time
};

[[nodiscard]] compare_report compare_waveforms(const std::string& first, const std::string& second,
                                               const compare_options& options);

} // namespace ntb::traces
