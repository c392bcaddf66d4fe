// SPDX-License-Identifier: Apache-2.0
// The same part of a waveform as a timing diagram, as WaveJSON, which WaveDrom and editors that
// embed it draw: one column per core-clock cycle, long idle spans cut to one gap.
//
// In a column a lane shows what it took last within that cycle, a pulse before what followed it in
// the same cycle. A text's idle state is "z", a vector's zero "0" on a wire and a box elsewhere.
//
// Units: picoseconds in. Threading: none. Errors: trace_error if there are too many columns.
#pragma once

#include <string>

#include "traces/diagram/exchange_window.h"

namespace ntb::traces {

[[nodiscard]] std::string wavejson(const exchange_window& window);

} // namespace ntb::traces
