// SPDX-License-Identifier: Apache-2.0
// What a waveform holds: size, time span, what each port did, how busy its links were, and what
// deserves a look. Units: picoseconds.
// Threading: none. Errors: trace_error for a file that is no waveform.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "traces/analysis/exchange_tracker.h"
#include "traces/analysis/findings.h"
#include "traces/analysis/link_usage.h"

namespace ntb::traces {

struct waveform_summary {
    std::string file;
    std::size_t signals = 0;
    std::uint64_t changes = 0; ///< value changes after the initial values
    std::uint64_t end_ps = 0;
    std::uint64_t core_clock_ps = 0; ///< 0 = not in the waveform
    bool truncated = false;
    std::array<port_counts, max_trace_ports> ports{};
    link_usage_report links{};
    std::vector<finding> findings{};
};

/// Reads `file` once. Link usage over time is told in `slices` parts; interrupts that take longer
/// than `late_ps` are findings.
[[nodiscard]] waveform_summary summarise(const std::string& file, std::size_t slices = 50,
                                         std::uint64_t late_ps = default_late_ps);
[[nodiscard]] std::string summary_text(const waveform_summary& summary);
[[nodiscard]] std::string summary_json(const waveform_summary& summary);

/// A bound on how often something may be found, or on the busiest slice of a link:
/// "interrupt-lost=0", "message-overrun:2=3", "utilisation=80%", "utilisation:0.tx=50%".
struct summary_budget {
    std::string text; ///< as given
    bool utilisation = false;
    finding_kind kind = finding_kind::interrupt_lost;
    unsigned port = max_trace_ports; ///< max_trace_ports = any
    bool one_direction = false;
    link_direction direction = link_direction::rx;
    std::uint64_t bound = 0; ///< a count, or percent
};

/// Throws trace_error for what is no budget.
[[nodiscard]] summary_budget parse_summary_budget(const std::string& text);

/// One line per budget exceeded, with the time to look at. A budget on the use of a link that is
/// not recorded is exceeded as well.
[[nodiscard]] std::vector<std::string> exceeded(const waveform_summary& summary,
                                                const std::vector<summary_budget>& budgets);

} // namespace ntb::traces
