// SPDX-License-Identifier: Apache-2.0
// Switch partitions: a write of SWPARTxCTL with another state starts a change (SCI); when it has
// taken effect SWPARTxSTS shows the state and the partition's ports have followed; at the end SCC
// is set (B3.2, B3.3, B3.6). SWPARTxSTS also tells the partition's upstream port and whether that
// has NT and DMA functions.
//
// What a state does (B3.7 unknown, so not confirmed):
//   - active: requests, doorbells, messages and events reach the partition;
//   - disabled: they do not; its ports keep registers and link;
//   - reset: entering it is a fundamental reset of the partition (event included), and the links of
//     its ports stay down until it is left;
//   - 2, the state without a known meaning, changes nothing;
//   - what is written while a change is under way starts the next one when that is complete.
//
// Units: picoseconds. Threading: the SystemC thread; nothing waits.
#pragma once

#include <array>
#include <cstdint>

#include "model/change_delays.h"
#include "model/config.h"
#include "model/timed_changes.h"
#include "model/types.h"

namespace ntb {

class switch_core;

class partitions {
public:
    partitions(switch_core& core, const change_delays& delays)
        : core_(core), delays_(delays), changes_(*this) {}

    /// The state that the partition has now (SWPARTxSTS).
    [[nodiscard]] partition_state state(partition_number partition) const;

    /// SWPARTxCTL was written.
    void control_written(partition_number partition);
    /// Forgets changes under way.
    void reset() { changes_.abandon_all(); }
    /// Some port's mode or partition changed: upstream port and functions in SWPARTxSTS follow.
    void show_upstream_ports();

    /// A fundamental reset of the partition: its functions, its mapping entries (B4.3), the event
    /// (B4.2). Links stay as they are.
    void reset_fundamental(partition_number partition);

    /// The part of it that concerns the ports of this part of the switch.
    void reset_ports(partition_number partition);
    /// The ports of this part are held in reset or let go.
    void hold_ports(partition_number partition, bool held);
    /// Changes that were under way where the registers were executed before begin anew.
    void take_over();

    [[nodiscard]] sc_core::sc_event& due() { return changes_.due(); }
    void deliver() { changes_.deliver(); }

    // timed_changes
    void take_effect(unsigned partition);
    void complete(unsigned partition);

private:
    /// Runs `what` for each port of the partition that can have an NT function.
    template <class What>
    void for_each_port_of(partition_number partition, What what) const;

    switch_core& core_;
    const change_delays& delays_;
    timed_changes<partitions, max_partitions> changes_;
    std::array<partition_state, max_partitions> targets_{};
};

} // namespace ntb
