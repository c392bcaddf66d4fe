// SPDX-License-Identifier: Apache-2.0
// The four failover capabilities: a trigger is broadcast to all partitions and ports; each that has
// failover enabled (FEN) and selects that capability (FCAPSEL) takes the state or mode of its
// failover control register into its control register, where it acts as a write does, and notes
// the failover in its status (B3.8, B3.9).
//
// The positions of all these fields are unknown. One that the topology's [layout] places is a
// field of its register, with the topology's failover setting as reset value; for the others the
// setting itself counts, and the status is told by API only. What triggers (software, a signal,
// the watchdog: B3.10) has no known bit or unit either: a trigger comes by API or stimulus.
//
// Not confirmed: partitions take their new state before ports their new mode.
//
// Units: none. Threading: the SystemC thread; nothing waits. Errors: none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/config.h"
#include "model/regs/map.h"
#include "model/types.h"

namespace ntb {

class switch_core;

class failover {
public:
    failover(switch_core& core, const topology_config& topology);
    /// Elaboration only: the settings become reset values of the fields that have a place.
    void load_reset_values();

    /// That capability triggers; one that does not exist does nothing.
    void trigger(unsigned capability, failover_kind kind);

    /// PFAILOVER, SFAILOVER, wherever they are.
    [[nodiscard]] bool failed_over(port_number port, failover_kind kind) const;
    [[nodiscard]] bool failed_over(partition_number partition, failover_kind kind) const;
    /// Forgets the flags that have no place.
    void clear_flags();

private:
    using flags = std::array<bool, 2>; ///< by failover_kind

    void fail_over_port(port_number port, failover_kind kind);
    void fail_over_partition(partition_number partition, failover_kind kind);
    void note(std::uint32_t status_at, regs::field_ref place, bool& flag);

    switch_core& core_;
    std::array<port_failover, max_ports> ports_{};
    std::array<partition_failover, max_partitions> partitions_{};
    std::array<flags, max_ports> port_flags_{};
    std::array<flags, max_partitions> partition_flags_{};
};

} // namespace ntb
