// SPDX-License-Identifier: Apache-2.0
// One PCI function of a port as the outside world drives it: the six calls of `device` become TLM
// transactions, and what the function sends upstream reaches the client's memory and eventfds.
//
// A request that the switch refuses gives all ones (reads) or nothing (writes), as a CPU sees an
// unsupported request; it is no protocol error. Threading: the SystemC thread; the calls may
// wait(), so they come from an SC_THREAD, one at a time per port.
#pragma once

#include <array>
#include <memory>
#include <spdlog/spdlog.h>
#include <string>
#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include "model/pcie_extension.h"
#include "tlm_bridge/device.h"
#include "tlm_bridge/host_memory.h"
#include "tlm_bridge/interrupts.h"
#include "tlm_bridge/kernel/input_gate.h"
#include "tlm_bridge/kernel/input_log.h"
#include "tlm_bridge/kernel/port_control.h"

namespace ntb::bridge {

class port_bridge : public sc_core::sc_module, public device {
public:
    /// A function without BARs leaves theirs unbound, one that sends nothing `upstream`.
    using initiator = tlm_utils::simple_initiator_socket_optional<port_bridge>;

    /// `control` outlives the bridge.
    port_bridge(const sc_core::sc_module_name& name, port_control& control,
                std::shared_ptr<spdlog::logger> logger);

    initiator config;
    std::array<std::unique_ptr<initiator>, 6> bars;
    tlm_utils::simple_target_socket_optional<port_bridge> upstream;

    [[nodiscard]] interrupts& irqs() { return interrupts_; }
    [[nodiscard]] const host_memory& memory() const { return memory_; }
    /// Where every call that acts on the model waits for its turn; without one, whoever calls sees
    /// to that. It outlives the bridge.
    void set_gate(input_gate* gate) { gate_ = gate; }
    [[nodiscard]] input_gate::source& source() { return source_; }
    /// What is told of all traffic; null = nobody is. It outlives the bridge.
    void set_log(input_log* log) { log_ = log; }
    /// Requests to the host's memory go there, instead of into what the client has mapped. It
    /// outlives the bridge.
    void set_memory(upstream_memory& memory) { upstream_memory_ = &memory; }

    /// To be called when irqs().unmask_fd() has input.
    void service_unmask_fd();

    // device
    [[nodiscard]] const device_description& description() const override { return description_; }
    void connected() override;
    void disconnected() override;
    [[nodiscard]] int region_read(std::uint32_t region, std::uint64_t offset,
                                  mutable_bytes data) override;
    [[nodiscard]] int region_write(std::uint32_t region, std::uint64_t offset,
                                   const_bytes data) override;
    [[nodiscard]] int dma_map(const dma_mapping& mapping, unique_fd file) override;
    [[nodiscard]] int dma_unmap(const dma_range& range) override;
    [[nodiscard]] int reset() override;
    [[nodiscard]] int set_irqs(const irq_request& request) override;

private:
    void transact(std::uint32_t region, tlm::tlm_command command, std::uint64_t offset,
                  unsigned char* data, std::size_t size);
    void upstream_transport(tlm::tlm_generic_payload& p, sc_core::sc_time& delay);
    [[nodiscard]] memory_status access_memory(const tlm::tlm_generic_payload& p);
    void send(tlp_kind kind);
    void describe();
    void await_turn();

    port_control& control_;
    input_gate* gate_ = nullptr;
    input_gate::source source_;
    device_description description_{};
    host_memory memory_;
    upstream_memory* upstream_memory_ = &memory_;
    input_log* log_ = nullptr;
    interrupts interrupts_;
    tlm::tlm_generic_payload payload_;
};

} // namespace ntb::bridge
