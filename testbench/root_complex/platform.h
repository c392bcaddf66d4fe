// SPDX-License-Identifier: Apache-2.0
// A switch with a host at every port that has an NT function or that the topology gives one: what
// scenarios and behaviour tests run on.
//
// In a switch of two parts hosts of the other part's ports are here as well, and do nothing.
//
// Threading: the SystemC thread. Links are down until power_on().
#pragma once

#include <array>
#include <memory>
#include <systemc>

#include "model/ntb_switch.h"
#include "testbench/root_complex/root_complex.h"
#include "testbench/root_complex/switch_controls.h"

namespace ntb {

class platform : public sc_core::sc_module, public switch_controls {
public:
    /// `trace` and `other` (model/other_part.h) may be null and outlive the simulation.
    platform(const sc_core::sc_module_name& name, const topology_config& topology,
             const timing_config& timing, trace_sink* trace = nullptr, other_part* other = nullptr);

    [[nodiscard]] ntb_switch& device() { return device_; }
    [[nodiscard]] bool has_host(port_number port) const override {
        return port.value() < max_ports && hosts_.at(port.value()) != nullptr;
    }
    [[nodiscard]] root_complex& host(port_number port) { return *hosts_.at(port.value()); }
    /// For a player of stimulus; null where a port has no host.
    [[nodiscard]] std::array<root_complex*, max_ports> hosts() const;

    /// Awaits the load of an EEPROM, if there is one, and brings the links up of all hosts whose
    /// ports are executed here.
    void power_on();

    void set_link(port_number port, bool up) override { device_.set_link(port, up); }
    void hot_reset(port_number port) override { device_.hot_reset(port); }
    void fundamental_reset(partition_number partition) override {
        device_.fundamental_reset(partition);
    }
    void fundamental_reset() override { device_.fundamental_reset(); }
    void fail_over(unsigned capability, failover_kind kind) override {
        device_.fail_over(capability, kind);
    }
    void inject(port_number port, const fault& f) override { device_.inject(port, f); }
    void set_temperature(unsigned half_degrees) override { device_.set_temperature(half_degrees); }
    [[nodiscard]] eeprom_status eeprom() const override { return device_.eeprom(); }
    void release_reset_halt() override { device_.release_reset_halt(); }
    void pme_turn_off(port_number port) override { device_.pme_turn_off(port); }
    [[nodiscard]] punch_result punch(port_number port, const punch_request& request,
                                     std::uint32_t& data) override {
        return device_.punch(port, request, data);
    }
    [[nodiscard]] std::size_t smbus_write(const std::uint8_t* bytes, std::size_t n) override {
        return device_.smbus_write(bytes, n);
    }
    [[nodiscard]] bool smbus_read(std::uint8_t code, std::uint8_t* out, std::size_t n) override {
        return device_.smbus_read(code, out, n);
    }
    [[nodiscard]] partition_number partition_of(port_number port) const override {
        return device_.partition_of(port);
    }

private:
    other_part* const other_;
    ntb_switch device_;
    std::array<std::unique_ptr<root_complex>, max_ports> hosts_{};
};

} // namespace ntb
