// SPDX-License-Identifier: Apache-2.0
// A save file that opens a waveform in GTKWave with its signals grouped and formatted.
// Units: picoseconds. Threading: none. Errors: trace_error for a file that is no waveform.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace ntb::traces {

/// What a layout is about: everything, or one way of working with the switch.
enum class layout_topic : std::uint8_t { all, doorbells, messages, windows, interrupts };
inline constexpr std::array<layout_topic, 4> layout_topics{
    layout_topic::doorbells, layout_topic::messages, layout_topic::windows,
    layout_topic::interrupts};
/// "doorbells".
[[nodiscard]] std::string_view topic_name(layout_topic topic);

/// Text of a .gtkw file for the waveform `file`, which the save file will refer to as
/// `name_in_layout` (a path relative to where the save file lies).
[[nodiscard]] std::string gtkwave_layout(const std::string& file, const std::string& name_in_layout,
                                         layout_topic topic = layout_topic::all);

} // namespace ntb::traces
