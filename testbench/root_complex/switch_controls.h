// SPDX-License-Identifier: Apache-2.0
// What a testbench does to a switch besides TLPs: links, resets, failovers, temperature. An
// interface, so that a player of stimulus runs against something simpler in its own tests.
//
// Threading: SC_THREADs (a reset may wait). Errors: none.
#pragma once

#include "model/config.h"
#include "model/eeprom_status.h"
#include "model/types.h"

namespace ntb {

class switch_controls {
public:
    switch_controls() = default;
    switch_controls(const switch_controls&) = delete;
    switch_controls& operator=(const switch_controls&) = delete;
    virtual ~switch_controls() = default;

    /// Whether a host is, or can be, at that port.
    [[nodiscard]] virtual bool has_host(port_number port) const = 0;
    virtual void set_link(port_number port, bool up) = 0;
    virtual void hot_reset(port_number port) = 0;
    virtual void fundamental_reset(partition_number partition) = 0;
    /// Of the whole switch.
    virtual void fundamental_reset() = 0;
    /// Failover capability `capability` triggers.
    virtual void fail_over(unsigned capability, failover_kind kind) = 0;
    virtual void set_temperature(unsigned half_degrees) = 0;
    /// How the start from an EEPROM went, and the end of a halt.
    [[nodiscard]] virtual eeprom_status eeprom() const = 0;
    virtual void release_reset_halt() = 0;
    [[nodiscard]] virtual partition_number partition_of(port_number port) const = 0;
};

} // namespace ntb
