// SPDX-License-Identifier: Apache-2.0
// The calls of a trace_sink as bytes in a buffer, which somebody else carries out later: each one
// of these structures, a text's bytes behind it. All sizes are multiples of 8. Units: picoseconds.
// Threading: none. Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>

#include "model/tlp_appearance.h"

namespace ntb::traces {

struct sink_call {
    enum class kind : std::uint8_t { set, pulse, text, tlp, clear_text };

    kind what = kind::set;
    std::uint8_t text_size = 0;
    std::uint32_t index = 0; ///< of the signal
    std::uint64_t now_ps = 0;
};
struct set_call : sink_call {
    std::uint64_t value = 0;
};
struct pulse_call : sink_call {
    std::uint64_t until_ps = 0;
    std::uint64_t value = 0;
};
struct text_call : sink_call {
    std::uint64_t from_ps = 0;
    std::uint64_t until_ps = 0;
    /// With the text behind it.
    [[nodiscard]] static constexpr std::size_t size(std::size_t text) {
        return sizeof(text_call) + (text + 7U) / 8U * 8U;
    }
};
struct tlp_call : sink_call {
    std::uint64_t from_ps = 0;
    std::uint64_t until_ps = 0;
    tlp_appearance tlp;
};
static_assert(sizeof(sink_call) == 16 && sizeof(set_call) == 24 && sizeof(pulse_call) == 32 &&
              sizeof(text_call) == 32 && sizeof(tlp_call) == 72);

} // namespace ntb::traces
