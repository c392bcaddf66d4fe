// SPDX-License-Identifier: Apache-2.0
// What a testbench does to a switch besides TLPs: links, resets, failovers, faults, temperature. An
// interface, so that a player of stimulus runs against something simpler in its own tests.
//
// Threading: SC_THREADs (a reset may wait). Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>

#include "model/config.h"
#include "model/eeprom_status.h"
#include "model/fault_injector.h"
#include "model/punch_through.h"
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
    /// Something goes wrong at that port, now or next.
    virtual void inject(port_number port, const fault& f) = 0;
    virtual void set_temperature(unsigned half_degrees) = 0;
    /// How the start from an EEPROM went, and the end of a halt.
    [[nodiscard]] virtual eeprom_status eeprom() const = 0;
    virtual void release_reset_halt() = 0;
    /// PME_Turn_Off to that port.
    virtual void pme_turn_off(port_number port) = 0;
    /// A configuration request by punch-through, as of ntb_switch.
    [[nodiscard]] virtual punch_result punch(port_number port, const punch_request& request,
                                             std::uint32_t& data) = 0;
    /// Transactions on the slave SMBus, as of ntb_switch.
    [[nodiscard]] virtual std::size_t smbus_write(const std::uint8_t* bytes, std::size_t n) = 0;
    [[nodiscard]] virtual bool smbus_read(std::uint8_t code, std::uint8_t* out, std::size_t n) = 0;
    [[nodiscard]] virtual partition_number partition_of(port_number port) const = 0;
};

} // namespace ntb
