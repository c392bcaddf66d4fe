// SPDX-License-Identifier: Apache-2.0
// Draws an exchange between two ports as an SVG timing diagram: lanes for links, doorbells,
// status and interrupts, a grid of core-clock cycles, arrows from cause to effect, and the
// measured latencies as dimension lines.
// Units: picoseconds in, SVG out. Threading: none. Errors: as find_exchange().
#pragma once

#include <string>

#include "traces/diagram/exchange_window.h"

namespace ntb::traces {

[[nodiscard]] std::string draw_timing_diagram(const exchange_window& window);

} // namespace ntb::traces
