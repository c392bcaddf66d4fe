// SPDX-License-Identifier: Apache-2.0
// A switch whose hosts are outside: a bridge (tlm_bridge/kernel/port_bridge.h) at each function of
// its ports. `serve` gives the bridges clients, a replay what clients did once; that both build it
// here, in one order, is part of why a replay does the same.
//
// Threading: the SystemC thread. Errors: none of its own.
#pragma once

#include <map>
#include <memory>
#include <spdlog/spdlog.h>
#include <systemc>
#include <vector>

#include "model/ntb_switch.h"
#include "model/other_part.h"
#include "testbench/capture/record.h"
#include "testbench/root_complex/switch_controls.h"
#include "tlm_bridge/kernel/port_bridge.h"

namespace ntb::cli {

/// Function numbers of a port as `--port` has them; that DMA is behind NT is not confirmed.
inline constexpr unsigned nt_number = 0;
inline constexpr unsigned dma_number = 1;

class bridged_switch final : public switch_controls {
public:
    using bridges = std::map<capture::function_place, std::unique_ptr<bridge::port_bridge>>;

    /// `trace` and `other` (model/other_part.h) may be null and outlive the simulation.
    bridged_switch(const topology_config& topology, const timing_config& timing, trace_sink* trace,
                   const std::shared_ptr<spdlog::logger>& logger, other_part* other = nullptr);
    ~bridged_switch() override;

    [[nodiscard]] ntb_switch& device() { return *switch_; }
    [[nodiscard]] const bridges& functions() const { return bridges_; }
    /// Clients at the functions of that port.
    [[nodiscard]] unsigned clients(unsigned port) const;
    /// What the bridge of an NT function asks of its port.
    [[nodiscard]] bridge::port_control& nt_port(unsigned port);

    // switch_controls
    [[nodiscard]] bool has_host(port_number port) const override {
        return nt_controls_.count(port.value()) != 0 &&
               (other_ == nullptr || other_->is_here(port));
    }
    void set_link(port_number port, bool up) override { switch_->set_link(port, up); }
    void hot_reset(port_number port) override { switch_->hot_reset(port); }
    void fundamental_reset(partition_number partition) override {
        switch_->fundamental_reset(partition);
    }
    void fundamental_reset() override { switch_->fundamental_reset(); }
    void fail_over(unsigned capability, failover_kind kind) override {
        switch_->fail_over(capability, kind);
    }
    void inject(port_number port, const fault& f) override { switch_->inject(port, f); }
    void set_temperature(unsigned half_degrees) override { switch_->set_temperature(half_degrees); }
    [[nodiscard]] eeprom_status eeprom() const override { return switch_->eeprom(); }
    void release_reset_halt() override { switch_->release_reset_halt(); }
    void pme_turn_off(port_number port) override { switch_->pme_turn_off(port); }
    [[nodiscard]] punch_result punch(port_number port, const punch_request& request,
                                     std::uint32_t& data) override {
        return switch_->punch(port, request, data);
    }
    [[nodiscard]] std::size_t smbus_write(const std::uint8_t* bytes, std::size_t n) override {
        return switch_->smbus_write(bytes, n);
    }
    [[nodiscard]] bool smbus_read(std::uint8_t code, std::uint8_t* out, std::size_t n) override {
        return switch_->smbus_read(code, out, n);
    }
    [[nodiscard]] partition_number partition_of(port_number port) const override {
        return switch_->partition_of(port);
    }

private:
    class nt_control;
    class dma_control;

    void add_nt(unsigned port, const std::shared_ptr<spdlog::logger>& logger);
    void add_dma(unsigned port, const std::shared_ptr<spdlog::logger>& logger);

    const other_part* other_;
    std::unique_ptr<ntb_switch> switch_;
    std::map<unsigned, std::unique_ptr<nt_control>> nt_controls_;
    std::vector<std::unique_ptr<dma_control>> dma_controls_;
    bridges bridges_{};
};

} // namespace ntb::cli
