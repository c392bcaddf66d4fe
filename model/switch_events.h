// SPDX-License-Identifier: Apache-2.0
// Switch events: fine-grain status and mask per type, the summary SESTS with SEMSK, the partition
// mask SEPMSK, and SEVENT in every partition that is to know (B11.1 to B11.8).
//
// Every event raises SEVENT, also while its status bit is still set from an earlier one (B11.5,
// not confirmed); unmasking a type or a bit later raises nothing.
// Units: core-clock cycles.
#pragma once

#include <array>
#include <cstdint>

#include "model/core_clock.h"
#include "model/delay_line.h"
#include "model/function_directory.h"
#include "model/regs/map.h"
#include "model/types.h"

namespace ntb {

class switch_core;

/// The event types with a fine-grain status register; the value is the bit in SESTS and SEMSK.
enum class switch_event : std::uint8_t {
    link_up = 0,
    link_down = 1,
    fundamental_reset = 2,
    hot_reset = 3,
    global_signal = 5,
};

class switch_events {
public:
    switch_events(const core_clock& clock, std::uint32_t delay_cycles,
                  const function_directory& functions, switch_core& registers)
        : clock_(clock), delay_(delay_cycles), functions_(functions), core_(registers) {}

    /// Event `type` of port or partition `index` happens now.
    void raise(switch_event type, unsigned index);
    /// A status or mask register was written: SESTS follows (B11.7).
    void update_summary();

    [[nodiscard]] sc_core::sc_event& due() { return line_.event(); }
    void deliver();

private:
    using partitions = std::uint8_t; ///< one bit each
    void arrive(partitions who);

    const core_clock& clock_;
    std::uint32_t delay_;
    const function_directory& functions_;
    switch_core& core_;
    delay_line<partitions, 256> line_;
};

} // namespace ntb
