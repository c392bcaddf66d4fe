// SPDX-License-Identifier: Apache-2.0
// Switch events: fine-grain status and mask per type, the summary SESTS with SEMSK, the partition
// mask SEPMSK, and SEVENT in every partition that is to know (B11.1 to B11.8).
//
// Every event raises SEVENT, also while its status bit is still set from an earlier one (B11.5,
// not confirmed); unmasking a type or a bit later raises nothing.
//
// Of three types not all registers or bits are known. What the topology's [layout] places is a
// register like the others; the rest is kept here:
//   - failover mode change initiated and completed: no fine-grain status register is in any source,
//     so the status stays until clear() or a reset of the switch; the bits in SESTS and SEMSK are
//     FMCI and FMCC where they have a place, else both FOVER; of SEFOVRMSK, whose layout is
//     unknown, only the value 0 is sure: it masks nothing, any other masks both (not confirmed);
//   - port AER error: SEAERSTS, SEAERMSK and the bit AERERR have no known place. A mask without a
//     place is closed, as all are after reset (B21.1), until open() says otherwise.
//
// Units: core-clock cycles. Threading: the SystemC thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/core_clock.h"
#include "model/delay_line.h"
#include "model/function_directory.h"
#include "model/other_part.h"
#include "model/regs/map.h"
#include "model/types.h"

namespace ntb {

class switch_core;

/// The event types (B11.1). Events of links, errors and failovers are told by port, the others by
/// partition.
enum class switch_event : std::uint8_t {
    link_up,
    link_down,
    fundamental_reset,
    hot_reset,
    global_signal,
    failover_initiated,
    failover_completed,
    aer_error,
};
inline constexpr std::size_t switch_event_types = 8;

class switch_events {
public:
    switch_events(const core_clock& clock, std::uint32_t delay_cycles,
                  const function_directory& functions, switch_core& registers);

    /// What has no register is kept there from now on. Elaboration only.
    void keep_in(event_state& state) { state_ = &state; }

    /// Event `type` of port or partition `index` happens now.
    void raise(switch_event type, unsigned index);
    /// A status or mask register was written: SESTS follows (B11.7).
    void update_summary();

    /// Fine-grain status of a type, one bit a port or partition.
    [[nodiscard]] std::uint32_t status(switch_event type) const;
    /// Clears the fine-grain status of a type where no register does.
    void clear(switch_event type);
    /// Opens or closes those masks of a type that have no place.
    void open(switch_event type, bool opened);
    /// As after power-on: nothing is on its way, what has no place is clear and closed.
    void reset();

    [[nodiscard]] sc_core::sc_event& due() { return line_.event(); }
    void deliver();

private:
    using partitions = std::uint8_t; ///< one bit each
    void arrive(partitions who);

    /// Where a type's registers and bits are.
    struct place {
        std::uint32_t offset = 0;
        regs::field_ref bits{}; ///< empty: nowhere
    };
    struct type_registers {
        place status{};
        place mask{};
        std::uint32_t summary = 0;  ///< bit of SESTS, 0 = nowhere
        std::uint32_t selected = 0; ///< bit of SEMSK, 0 = nowhere
        bool failover = false;      ///< SEFOVRMSK is the fine-grain mask
    };
    [[nodiscard]] static constexpr std::size_t index_of(switch_event type) {
        return static_cast<std::size_t>(type);
    }
    void place_by_layout();
    [[nodiscard]] std::uint32_t kept(switch_event type) const;
    void set_kept(switch_event type, std::uint32_t value);
    [[nodiscard]] bool opened(const type_registers& t) const;
    [[nodiscard]] std::uint32_t fine_mask(const type_registers& t) const;

    const core_clock& clock_;
    std::uint32_t delay_;
    const function_directory& functions_;
    switch_core& core_;
    std::array<type_registers, switch_event_types> types_{};
    event_state own_{};
    event_state* state_ = &own_;
    delay_line<partitions, 256> line_;
};

} // namespace ntb
