// SPDX-License-Identifier: Apache-2.0
// A save file that opens a waveform in GTKWave with its signals grouped and formatted.
// Units: picoseconds. Threading: none. Errors: trace_error for a file that is no waveform.
#pragma once

#include <string>

namespace ntb::traces {

/// Text of a .gtkw file for the waveform `file`, which the save file will refer to as
/// `name_in_layout` (a path relative to where the save file lies).
[[nodiscard]] std::string gtkwave_layout(const std::string& file,
                                         const std::string& name_in_layout);

} // namespace ntb::traces
