// SPDX-License-Identifier: Apache-2.0
// Port operating modes: a write of SWPORTxCTL that changes mode, partition or device number starts
// a change (OMCI); when it has taken effect SWPORTxSTS shows the new values and NT functions have
// appeared or disappeared; at the end OMCC is set (B3.1 to B3.5).
//
// Not confirmed:
//   - a mode without a known encoding, or with an NT function on a port that cannot have one,
//     changes nothing (the control register keeps what was written);
//   - what is written while a change is under way starts the next one when that is complete.
//
// A change that a failover starts is told to the NT function of the port (FMCI, FMCC) and is a
// switch event at both ends (B3.11, B11.1).
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

/// What an operating mode is made of.
struct operating_mode {
    port_mode mode = port_mode::disabled;
    partition_number partition{};
    std::uint8_t device_number = 0;

    friend bool operator==(const operating_mode& a, const operating_mode& b) {
        return a.mode == b.mode && a.partition == b.partition && a.device_number == b.device_number;
    }
};

class port_modes {
public:
    port_modes(switch_core& core, const change_delays& delays)
        : core_(core), delays_(delays), changes_(*this) {}

    /// The mode that the port has now (SWPORTxSTS).
    [[nodiscard]] operating_mode now(port_number port) const;

    /// SWPORTxCTL was written.
    void control_written(port_number port);
    /// The same by a failover.
    void failed_over(port_number port);
    /// Forgets changes under way.
    void reset();
    /// Changes that were under way where the registers were executed before begin anew.
    void take_over();

    [[nodiscard]] sc_core::sc_event& due() { return changes_.due(); }
    void deliver() { changes_.deliver(); }

    // timed_changes
    void take_effect(unsigned port);
    void complete(unsigned port);

private:
    struct target {
        operating_mode mode{};
        bool reset = false;
        bool by_failover = false;
    };
    /// What SWPORTxCTL asks for, or false: nothing that the port can be.
    [[nodiscard]] bool asked_for(port_number port, operating_mode& out) const;

    switch_core& core_;
    const change_delays& delays_;
    timed_changes<port_modes, max_ports> changes_;
    std::array<target, max_ports> targets_{};
    std::array<bool, max_ports> next_by_failover_{}; ///< the change that comes next
};

} // namespace ntb
