// SPDX-License-Identifier: Apache-2.0
#include "model/ntb_switch.h"

#include <string>

#include "model/eeprom_loader.h"
#include "model/nt_port.h"
#include "model/smbus_slave.h"
#include "model/switch_core.h"

namespace ntb {

namespace {

/// What the boot mode makes of the switch before an EEPROM sets it up: every partition disabled,
/// every port disabled, or unattached in modes 0xC and 0xD (B2.1). Modes with a single partition
/// begin like that, too: what they make of it is not confirmed.
topology_config before_eeprom(topology_config t) {
    const bool unattached = t.boot_mode == 0xC || t.boot_mode == 0xD;
    t.partitions = {};
    for (port_config& port : t.ports) {
        port.host = port.host || has_nt_function(port.mode);
        port.mode = unattached ? port_mode::unattached : port_mode::disabled;
        port.partition = partition_number();
        port.device_number = 0;
        port.bars = {};
    }
    return t;
}

} // namespace

ntb_switch::ntb_switch(const sc_core::sc_module_name& name, const topology_config& topology,
                       const timing_config& timing, trace_sink* trace, other_part* other)
    : sc_module(name), topology_(topology.eeprom.present ? before_eeprom(topology) : topology),
      timing_(timing) {
    if (sc_core::sc_get_time_resolution() != sc_core::sc_time(1, sc_core::SC_PS))
        SC_REPORT_FATAL("ntb_switch", "the model needs SystemC's time resolution of 1 ps");
    core_ = std::make_unique<switch_core>("core", topology_, timing_, other);
    for (unsigned p = 0; p < max_ports; ++p) {
        const port_config& port = topology_.ports[p];
        // A function may appear by a change of the port's mode.
        if (!can_carry_nt(topology_.device, port_number(p)) && !has_nt_function(port.mode))
            continue;
        if (!can_carry_nt(topology_.device, port_number(p)))
            SC_REPORT_ERROR("ntb_switch", "the device has no NT function on a port that the "
                                          "topology gives one (model/family.h)");
        const std::string port_name = "port" + std::to_string(p);
        ports_[p] = std::make_unique<nt_port>(port_name.c_str(), port_number(p), topology_, timing_,
                                              *core_);
        core_->add(port_number(p), ports_[p]->function(), *ports_[p], *ports_[p]);
    }
    core_->begin();
    loader_ = std::make_unique<eeprom_loader>(topology_, timing_, *core_);
    smbus_ = std::make_unique<smbus_slave>(timing_, *core_);
    sc_core::sc_spawn([this] { smbus_->run(); }, "smbus_slave");
    if (topology_.eeprom.present) {
        core_->hold_in_reset(true);
        sc_core::sc_spawn([this] { load_eeprom(); }, "load_eeprom");
    }
    if (trace != nullptr)
        declare_signals(*trace, other);
}

void ntb_switch::declare_signals(trace_sink& trace, const other_part* other) {
    const auto here = [other](unsigned p) {
        return other == nullptr || other->is_here(port_number(p));
    };
    // Ports that will never do anything would fill the waveform's list of signals.
    const auto shown = [this](unsigned p) {
        return ports_[p] && (has_nt_function(topology_.ports[p].mode) || topology_.ports[p].host);
    };
    // Of two parts the one with the lowest port shows what is common to all.
    unsigned lowest = 0;
    while (lowest < max_ports - 1 && !shown(lowest))
        ++lowest;
    if (here(lowest)) {
        core_->trace(trace);
        loader_->trace(trace);
    }
    for (unsigned p = 0; p < max_ports; ++p)
        if (shown(p) && here(p))
            ports_[p]->trace(trace);
}

ntb_switch::~ntb_switch() = default;

bool ntb_switch::has_sockets(port_number port) const {
    return port.value() < max_ports && ports_[port.value()] != nullptr;
}

bool ntb_switch::has_nt(port_number port) const {
    return port.value() < max_ports && core_->functions().at(port) != nullptr;
}

partition_number ntb_switch::partition_of(port_number port) const {
    return core_->modes().now(port).partition;
}

nt_target_socket& ntb_switch::config_socket(port_number port) {
    return ports_[port.value()]->config_socket();
}

nt_target_socket& ntb_switch::dma_config_socket(port_number port) {
    return ports_[port.value()]->dma_config_socket();
}

bool ntb_switch::has_dma(port_number port) const {
    return has_sockets(port) && has_dma_function(core_->modes().now(port).mode);
}

nt_target_socket& ntb_switch::bar_socket(port_number port, bar_number bar) {
    return ports_[port.value()]->bar_socket(bar.value());
}

nt_initiator_socket& ntb_switch::upstream_socket(port_number port) {
    return ports_[port.value()]->upstream_socket();
}

std::uint64_t ntb_switch::bar_size(port_number port, bar_number bar) const {
    return ports_[port.value()]->function().bar_size(bar.value());
}

void ntb_switch::set_mirror(port_number port, register_mirror* mirror) {
    ports_[port.value()]->set_mirror(mirror);
}

void ntb_switch::list_windows(port_number port, window_list& out) const {
    ports_[port.value()]->list_windows(out);
}

bool ntb_switch::accepts_requests(port_number port) const {
    return core_->functions().at(port) != nullptr && ports_[port.value()]->accepts_requests();
}

bool ntb_switch::writes_under_way(port_number port) const {
    return ports_[port.value()]->writes_under_way();
}

bool ntb_switch::await_writes(port_number port, std::uint64_t limit_ps) {
    return ports_[port.value()]->await_writes(limit_ps);
}

void ntb_switch::set_window_observer(window_observer* observer) {
    core_->set_window_observer(observer);
}

void ntb_switch::set_link(port_number port, bool up) {
    ports_[port.value()]->set_host_connected(up);
}

bool ntb_switch::link_up(port_number port) const {
    return ports_[port.value()]->pcie_link().up();
}

void ntb_switch::hot_reset(port_number port) {
    if (core_->held_in_reset())
        return;
    if (!has_nt(port))
        return; // nothing is behind its link
    nt_port& p = *ports_[port.value()];
    const partition_number partition = p.function().partition();
    const bool was_up = p.pcie_link().up();
    p.drop_link(); // resets the function
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
    p.train_link(); // unless something took it down for good meanwhile
}

void ntb_switch::reset_dma(port_number port) {
    ports_[port.value()]->dma().reset_hot();
}

std::uint64_t ntb_switch::dma_touches(port_number port) const {
    return ports_[port.value()]->dma().touches();
}

void ntb_switch::fundamental_reset(partition_number partition) {
    if (core_->held_in_reset())
        return;
    core_->partition_states().reset_fundamental(partition);
}

void ntb_switch::fundamental_reset() {
    core_->reset_fundamental();
}

void ntb_switch::arrive(const crossing& c) {
    core_->arrive(c);
}

std::uint32_t ntb_switch::read_here(std::uint32_t address, const register_access& a) {
    return core_->read_here(address, a);
}

void ntb_switch::write_here(std::uint32_t address, const register_access& a) {
    core_->write_here(address, a);
}

forward_result ntb_switch::forward_here(port_number port, tlm::tlm_generic_payload& request) {
    forwarding_target* const target = core_->functions().target_at(port);
    if (target == nullptr || core_->functions().at(port) == nullptr || !target->accepts_requests())
        return forward_result::lost;
    return target->forward_here(request);
}

void ntb_switch::other_left(std::uint32_t ports, bool had_core) {
    core_->other_left(ports, had_core);
}

void ntb_switch::pme_turn_off(port_number port) {
    ports_[port.value()]->pme_turn_off();
}

punch_result ntb_switch::punch(port_number port, const punch_request& request,
                               std::uint32_t& data) {
    if (!has_nt(port))
        return punch_result::lost;
    return ports_[port.value()]->function().punch().request(request, data);
}

std::size_t ntb_switch::smbus_write(const std::uint8_t* bytes, std::size_t n) {
    return smbus_->write(bytes, n);
}

bool ntb_switch::smbus_read(std::uint8_t code, std::uint8_t* out, std::size_t n) {
    return smbus_->read(code, out, n);
}

void ntb_switch::fail_over(unsigned capability, failover_kind kind) {
    if (core_->executes_core()) {
        core_->failovers().trigger(capability, kind);
        return;
    }
    crossing c{};
    c.kind = crossing::what::fail_over;
    c.index = static_cast<std::uint8_t>(capability);
    c.value = static_cast<std::uint32_t>(kind);
    core_->tell(c);
}

bool ntb_switch::failed_over(port_number port, failover_kind kind) const {
    return core_->failovers().failed_over(port, kind);
}

bool ntb_switch::failed_over(partition_number partition, failover_kind kind) const {
    return core_->failovers().failed_over(partition, kind);
}

void ntb_switch::clear_failover_flags() {
    core_->failovers().clear_flags();
}

void ntb_switch::clear_event(switch_event type) {
    core_->events().clear(type);
}

void ntb_switch::open_event(switch_event type, bool opened) {
    core_->events().open(type, opened);
}

void ntb_switch::inject(port_number port, const fault& f) {
    ports_[port.value()]->inject(f);
}

void ntb_switch::set_temperature(unsigned half_degrees) {
    core_->temperature().set(half_degrees);
}

void ntb_switch::load_eeprom() {
    loader_->run();
    if (loader_->status().out_of_reset())
        leave_reset();
    load_ended_.notify();
    while (loader_->status().state == eeprom_state::halted) {
        sc_core::wait(core_->reset_halt_cleared());
        release_reset_halt();
    }
}

void ntb_switch::leave_reset() {
    core_->hold_in_reset(false);
    for (const auto& p : ports_)
        if (p)
            p->train_link();
}

const eeprom_status& ntb_switch::eeprom() const {
    return loader_->status();
}

void ntb_switch::await_start() {
    while (loader_->status().state == eeprom_state::loading)
        sc_core::wait(load_ended_);
}

void ntb_switch::release_reset_halt() {
    if (loader_->status().state != eeprom_state::halted)
        return;
    loader_->release();
    leave_reset();
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
