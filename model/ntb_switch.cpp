// SPDX-License-Identifier: Apache-2.0
#include "model/ntb_switch.h"

#include <string>

#include "model/nt_port.h"
#include "model/switch_core.h"

namespace ntb {

namespace {

/// Whether another NT function has the partition of port `p` (topology "seed" only).
bool shares_partition(const topology_config& topology, unsigned p) {
    bool sharing = false;
    for (unsigned other = 0; other < max_ports; ++other)
        sharing = sharing || (other != p && has_nt_function(topology.ports[other].mode) &&
                              topology.ports[other].partition == topology.ports[p].partition);
    return sharing && topology.compat == compatibility::seed;
}

} // namespace

ntb_switch::ntb_switch(const sc_core::sc_module_name& name, const topology_config& topology,
                       const timing_config& timing, trace_sink* trace)
    : sc_module(name), topology_(topology), timing_(timing) {
    if (sc_core::sc_get_time_resolution() != sc_core::sc_time(1, sc_core::SC_PS))
        SC_REPORT_FATAL("ntb_switch", "the model needs SystemC's time resolution of 1 ps");
    core_ = std::make_unique<switch_core>("core", topology_, timing_);
    for (unsigned p = 0; p < max_ports; ++p) {
        const port_config& port = topology_.ports[p];
        if (!has_nt_function(port.mode))
            continue;
        if (!can_carry_nt(topology_.device, port_number(p)))
            SC_REPORT_ERROR("ntb_switch", "the device has no NT function on a port that the "
                                          "topology gives one (model/family.h)");
        const bool sharing = shares_partition(topology_, p);
        const std::string port_name = "port" + std::to_string(p);
        ports_[p] = std::make_unique<nt_port>(port_name.c_str(), port_number(p), topology_, timing_,
                                              *core_, sharing);
        core_->add(port_number(p), ports_[p]->function(), *ports_[p]);
    }
    if (trace != nullptr) {
        core_->trace(*trace);
        for (const auto& p : ports_)
            if (p)
                p->trace(*trace);
    }
}

ntb_switch::~ntb_switch() = default;

bool ntb_switch::has_nt(port_number port) const {
    return port.value() < max_ports && ports_[port.value()] != nullptr;
}

tlm::tlm_target_socket<>& ntb_switch::config_socket(port_number port) {
    return ports_[port.value()]->config_socket();
}

tlm::tlm_target_socket<>& ntb_switch::bar_socket(port_number port, bar_number bar) {
    return ports_[port.value()]->bar_socket(bar.value());
}

tlm::tlm_initiator_socket<>& ntb_switch::upstream_socket(port_number port) {
    return ports_[port.value()]->upstream_socket();
}

std::uint64_t ntb_switch::bar_size(port_number port, bar_number bar) const {
    return ports_[port.value()]->function().bar_size(bar.value());
}

void ntb_switch::set_link(port_number port, bool up) {
    link_wanted_[port.value()] = up;
    ports_[port.value()]->set_link(up);
}

bool ntb_switch::link_up(port_number port) const {
    return ports_[port.value()]->pcie_link().up();
}

void ntb_switch::hot_reset(port_number port) {
    nt_port& p = *ports_[port.value()];
    const partition_number partition = p.function().partition();
    const bool was_up = p.pcie_link().up();
    p.set_link(false); // resets the function
    if (!was_up) {
        p.function().reset_hot();
        if (bridge_function* const b = core_->bridge(port))
            b->reset_hot();
    }
    // Of two functions in one partition only the client's own is reset: the mapping entry is the
    // other host's as well (topology "seed").
    if (!p.function().shares_partition()) {
        core_->mapping().invalidate(partition);
        core_->events().raise(switch_event::hot_reset, partition.value());
    }
    if (!was_up)
        return;
    if (timing_.link_retrain_ns != 0)
        sc_core::wait(sc_core::sc_time(timing_.link_retrain_ns, sc_core::SC_NS));
    if (link_wanted_[port.value()]) // nobody took it down meanwhile
        p.set_link(true);
}

void ntb_switch::fundamental_reset(partition_number partition) {
    core_->mapping().invalidate(partition);
    core_->reset_bridges(partition);
    for (const auto& p : ports_)
        if (p && p->function().partition() == partition) {
            p->function().reset_fundamental();
            p->function().set_negotiated_link(p->pcie_link().up()); // the link stays as it is
        }
    core_->events().raise(switch_event::fundamental_reset, partition.value());
}

void ntb_switch::set_temperature(unsigned half_degrees) {
    core_->temperature().set(half_degrees);
}

std::uint32_t ntb_switch::global_read(std::uint32_t address) {
    register_access a{};
    a.debug = true;
    return core_->global_read(address, a);
}

void ntb_switch::global_write(std::uint32_t address, std::uint32_t value) {
    register_access a{};
    a.data = value;
    a.debug = true;
    core_->global_write(address, a);
}

} // namespace ntb
