// SPDX-License-Identifier: Apache-2.0
// A port as the port modes and partitions of the switch see it: it is given a mode and a partition
// and is held in reset or let go.
//
// Threading: the SystemC thread; nothing here waits.
#pragma once

#include "model/config.h"
#include "model/types.h"

namespace ntb {

class configurable_port {
public:
    configurable_port() = default;
    configurable_port(const configurable_port&) = delete;
    configurable_port& operator=(const configurable_port&) = delete;
    virtual ~configurable_port() = default;

    /// The port has this mode and partition from now on. An NT function that the mode does not
    /// have disappears with its link, one that it has newly appears as after a fundamental reset;
    /// one that stays keeps its registers unless the port is reset (`reset`), as by a hot reset.
    virtual void attach(port_mode mode, partition_number partition, bool reset) = 0;

    /// Its partition enters the state "reset" or leaves it.
    virtual void hold_in_reset(bool held) = 0;

    /// The other part of the switch, which had the port, has left: the function as it is before
    /// its host comes (other_part.h).
    virtual void forget() = 0;
    /// Whether requests may be emitted into its host, but for its partition's state.
    [[nodiscard]] virtual bool ready_for_requests() const = 0;

    /// A fundamental reset of its partition passes.
    virtual void reset_fundamental() = 0;
};

} // namespace ntb
