// SPDX-License-Identifier: Apache-2.0
// The registers of a port's bridge function: storage by the map's policies, reset values, and the
// state of the port's link, reached by the global address space alone (B1.7). The transparent
// bridge itself is not modelled: nothing is forwarded, no interrupt is sent. Its global signal and
// switch event status act where the topology gives those registers a place (B11.2, B11.8).
//
// Not confirmed: the registers are there on every port that the device has, whatever its mode (the
// SMBus driver reads register 0 of port 0 without asking, B16.2); a link that goes down resets them
// as a hot reset does (PCIe 2.1 section 2.9.1).
//
// Units: bytes. Threading: the SystemC thread; nothing waits. Errors: none; what is not in the map
// reads 0 and ignores writes (register_bank.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/config.h"
#include "model/register_bank.h"
#include "model/types.h"

namespace ntb {

class switch_core;

class bridge_function {
public:
    static constexpr std::uint32_t space_size = 0x1000;

    bridge_function(port_number port, const topology_config& topology, switch_core& core);

    /// One dword by the global space; `a.offset` counts from the start of the function.
    [[nodiscard]] std::uint32_t read_dword(const register_access& a);
    void write_dword(const register_access& a);

    void reset_fundamental() { bank_.reset_fundamental(); }
    void reset_hot() { bank_.reset_hot(); }
    /// The data link of the port went up or down.
    void set_link(bool up);
    /// Shows whether the mode has several functions.
    void show_mode(port_mode mode);
    /// The registers are initialised (EEPROM): what a hot reset keeps, every reset gives back.
    void keep_initial_values() { bank_.keep_initial_values(); }
    [[nodiscard]] bool has_register(std::uint32_t offset) const {
        return bank_.has_register(offset);
    }
    /// Shows the state of the link without anything happening.
    void show_link(bool up);
    void switch_event_arrived();
    /// A failover's mode change of the port is complete (B3.11).
    void failover_complete();
    /// Declares the registers below `scope` ("switch.port0.bridge."). Elaboration only.
    void trace(trace_sink& sink, std::string_view scope);

private:
    static constexpr std::size_t register_dwords = space_size / 4;
    using plan = bank_plan<bridge_function, register_dwords>;
    static const plan& register_plan();
    void wrote_gsignal(const register_access& a, std::uint32_t before);

    port_number port_;
    switch_core& core_;
    std::uint8_t link_width_;
    std::uint8_t link_generation_;
    register_bank<bridge_function, register_dwords> bank_;
};

} // namespace ntb
