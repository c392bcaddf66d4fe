// SPDX-License-Identifier: Apache-2.0
// Distributions of latencies, and the use of links over time, as SVG bar charts.
// Units: picoseconds in, SVG out. Threading: none. Errors: trace_error if there is nothing to draw.
#pragma once

#include <string>

#include "traces/analysis/latency.h"
#include "traces/analysis/summary.h"

namespace ntb::traces {

/// One histogram per path and pair of ports, with median and p99 marked.
[[nodiscard]] std::string draw_latency_histograms(const latency_report& report);

/// One chart per direction of a link: the share of each slice of time in which it was busy.
[[nodiscard]] std::string draw_link_usage(const waveform_summary& summary);

} // namespace ntb::traces
