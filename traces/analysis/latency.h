// SPDX-License-Identifier: Apache-2.0
// Latencies of doorbells, messages and window requests between ports, computed from a waveform and
// nothing else, and their report: table, JSON, budgets.
//
// Units: picoseconds inside; core-clock cycles and nanoseconds in the reports. Threading: none.
// Errors: trace_error for a file that is no waveform.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "traces/analysis/exchange_tracker.h"
#include "traces/analysis/histogram.h"

namespace ntb::traces {

/// One path between an ordered pair of ports. Percentiles are nearest-rank: values that occurred.
struct path_latency {
    /// Of doorbell|message: NAME-status, NAME-interrupt, NAME (the whole); window-write,
    /// window-read.
    std::string name;
    unsigned from = 0;
    unsigned to = 0;
    std::uint64_t count = 0;
    std::uint64_t min_ps = 0;
    std::uint64_t median_ps = 0;
    std::uint64_t p99_ps = 0;
    std::uint64_t max_ps = 0;
    std::uint64_t max_at_ps = 0;               ///< when the slowest one began
    std::vector<histogram_bucket> histogram{}; ///< ps
};

/// Doorbells or messages of a pair that brought no MSI of their own, for one reason.
struct without_msi {
    delivery_kind kind = delivery_kind::doorbell;
    delivery_end why = delivery_end::coalesced;
    unsigned from = 0;
    unsigned to = 0;
    std::uint64_t count = 0;
    std::uint64_t first_ps = 0; ///< where to look
};

struct latency_report {
    std::string file;
    std::uint64_t core_clock_ps = 0; ///< 0 = not in the waveform
    std::uint64_t end_ps = 0;
    bool truncated = false;
    bool links_recorded = true; ///< else paths begin where the write acts, not on the link
    std::uint64_t other_doors = 0;
    std::vector<path_latency> paths;
    std::vector<without_msi> silent;
};

/// Reads `file` once.
[[nodiscard]] latency_report measure_latencies(const std::string& file);

/// What a path's name stands for: "BAR0 write -> peer INDBELLSTS".
[[nodiscard]] std::string_view path_meaning(std::string_view name);

[[nodiscard]] std::string latency_table(const latency_report& report);
/// One line per bucket with a bar, path by path.
[[nodiscard]] std::string latency_histograms(const latency_report& report);
[[nodiscard]] std::string latency_json(const latency_report& report);

/// A bound on one figure of a path: "doorbell=200ns", "doorbell.median=150ns",
/// "doorbell:0-2.p99=33cycles".
struct latency_budget {
    std::string text; ///< as given
    std::string path;
    std::string figure = "max"; ///< min, median, p99 or max
    bool one_pair = false;
    unsigned from = 0;
    unsigned to = 0;
    std::uint64_t bound = 0;
    bool in_cycles = false;
    std::string unit{}; ///< of a time: fs|ps|ns|us|ms|s
};

/// Throws trace_error for what is no budget.
[[nodiscard]] latency_budget parse_budget(const std::string& text);

/// One line per figure of `report` that exceeds a budget, in the budget's unit; a budget on a path
/// that has not been measured is exceeded as well.
[[nodiscard]] std::vector<std::string> exceeded(const latency_report& report,
                                                const std::vector<latency_budget>& budgets);

} // namespace ntb::traces
