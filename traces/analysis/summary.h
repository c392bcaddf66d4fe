// SPDX-License-Identifier: Apache-2.0
// What a waveform holds: size, time span, and what each port did. Units: picoseconds.
// Threading: none. Errors: trace_error for a file that is no waveform.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "traces/analysis/exchange_tracker.h"

namespace ntb::traces {

struct waveform_summary {
    std::string file;
    std::size_t signals = 0;
    std::uint64_t changes = 0; ///< value changes after the initial values
    std::uint64_t end_ps = 0;
    std::uint64_t core_clock_ps = 0; ///< 0 = not in the waveform
    bool truncated = false;
    std::array<port_counts, max_trace_ports> ports{};
};

[[nodiscard]] waveform_summary summarise(const std::string& file);
[[nodiscard]] std::string summary_text(const waveform_summary& summary);
[[nodiscard]] std::string summary_json(const waveform_summary& summary);

} // namespace ntb::traces
