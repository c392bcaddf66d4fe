// SPDX-License-Identifier: Apache-2.0
#include "model/switch_core.h"

#include <string>

#include "model/configurable_port.h"
#include "model/nt_function.h"
#include "model/regs/eeprom_refs.h"
#include "model/regs/sw_refs.h"
#include "model/regs/trace_names.h"

namespace ntb {

namespace {

bool is_attached(port_mode m) {
    return m != port_mode::disabled && m != port_mode::unattached;
}

/// Files are checked where they are read; this is for whoever builds a topology in code.
const layout_config& checked(const topology_config& topology) {
    if (check_layout(topology.layout).what != layout_problem::none)
        SC_REPORT_FATAL("switch_core", "the topology places registers or fields where none can be");
    return topology.layout;
}

} // namespace

switch_core::switch_core(const sc_core::sc_module_name& name, const topology_config& topology,
                         const timing_config& timing, other_part* other)
    : sc_module(name), timing_(timing), other_(other),
      seed_(topology.compat == compatibility::seed), clock_(timing.core_clock_ps),
      layout_(checked(topology)),
      bank_(register_plan(), *this, registers_base, layout_, regs::space_id::sw,
            std::array<plan::declared_behaviour, 2>{{
                {regs::declared_register_named(regs::space_id::sw, "SEAERSTS"),
                 &switch_core::wrote_event_register},
                {regs::declared_register_named(regs::space_id::sw, "SEAERMSK"),
                 &switch_core::wrote_event_register},
            }}),
      doorbells_(*this, timing.doorbell), messages_(*this, timing.message),
      events_(clock_, timing.event, functions_, *this), temperature_(*this, topology),
      eeprom_(topology.eeprom, timing), eeprom_interface_(*this, eeprom_, timing_),
      delays_(*this, timing.change_delay_unit_ns), modes_(*this, delays_),
      partitions_(*this, delays_), failover_(*this, topology) {
    load_reset_values(topology);
    if (other_ != nullptr) {
        bank_.keep_in(other_->state().registers);
        mapping_.keep_in(other_->state().mapping);
        events_.keep_in(other_->state().events);
    }
    if (other_ == nullptr || !other_->powered()) {
        bank_.reset_fundamental();
        mapping_.clear();
        events_.reset();
    }
    load_doorbell_masks();
    for (unsigned p = 0; p < max_ports; ++p)
        if (has_port(topology.device, port_number(p)))
            bridges_[p] = std::make_unique<bridge_function>(port_number(p), topology, *this);

    // One process per kind of effect, woken when one is due; no clock ticks.
    const auto on_due = [this](const char* process, sc_core::sc_event& event, auto deliver) {
        sc_core::sc_spawn_options options;
        options.spawn_method();
        options.set_sensitivity(&event);
        options.dont_initialize();
        sc_core::sc_spawn(deliver, process, &options);
    };
    on_due("deliver_doorbells", doorbells_.due(), [this] { doorbells_.deliver(); });
    on_due("deliver_messages", messages_.due(), [this] { messages_.deliver(); });
    on_due("deliver_events", events_.due(), [this] { events_.deliver(); });
    on_due("change_modes", modes_.due(), [this] { modes_.deliver(); });
    on_due("change_partitions", partitions_.due(), [this] { partitions_.deliver(); });
    on_due("end_eeprom_access", eeprom_interface_.due(), [this] { eeprom_interface_.end(); });
}

const switch_core::plan& switch_core::register_plan() {
    using c = switch_core;
    static constexpr std::array<plan::behaviour, 21> behaviours{{
        plan::on_write(sw::SWCTL, &c::wrote_swctl),
        plan::on_write(sw::SWPARTCTL, &c::wrote_swpartctl),
        plan::on_write(sw::SWPORTCTL, &c::wrote_swportctl),
        plan::on_write(sw::SELINKUPSTS, &c::wrote_event_register),
        plan::on_write(sw::SELINKUPMSK, &c::wrote_event_register),
        plan::on_write(sw::SELINKDNSTS, &c::wrote_event_register),
        plan::on_write(sw::SELINKDNMSK, &c::wrote_event_register),
        plan::on_write(sw::SEFRSTSTS, &c::wrote_event_register),
        plan::on_write(sw::SEFRSTMSK, &c::wrote_event_register),
        plan::on_write(sw::SEHRSTSTS, &c::wrote_event_register),
        plan::on_write(sw::SEHRSTMSK, &c::wrote_event_register),
        plan::on_write(sw::SEFOVRMSK, &c::wrote_event_register),
        plan::on_write(sw::SEGSIGSTS, &c::wrote_event_register),
        plan::on_write(sw::SEGSIGMSK, &c::wrote_event_register),
        plan::on_read(sw::GDBELLSTS, &c::read_gdbellsts),
        plan::on_write(sw::GODBELLMSK, &c::wrote_godbellmsk),
        plan::on_write(sw::GIDBELLMSK, &c::wrote_gidbellmsk),
        plan::on_write(sw::TMPCTL, &c::wrote_temperature_control),
        plan::on_write(sw::TMPADJ, &c::wrote_temperature_control),
        plan::on_access(sw::TMPALARM, &c::read_tmpalarm, &c::wrote_tmpalarm),
        plan::on_write(sw::EEPROMINTF, &c::wrote_eepromintf),
    }};
    static constexpr plan p = plan::make(regs::sw_map, registers_base, behaviours);
    return p;
}

void switch_core::load_reset_values(const topology_config& topology) {
    bank_.set_resets(topology.resets, regs::space_id::sw);
    for (unsigned p = 0; p < max_partitions; ++p) {
        const auto state = static_cast<std::uint32_t>(topology.partitions[p]);
        bank_.set_reset(sw::SWPARTCTL.at(p), sw::SWPARTCTL_STATE, state);
        bank_.set_reset(sw::SWPARTSTS.at(p), sw::SWPARTSTS_STATE, state);
    }
    for (unsigned p = 0; p < max_ports; ++p) {
        const port_config& port = topology.ports[p];
        const auto mode = static_cast<std::uint32_t>(port.mode);
        bank_.set_reset(sw::SWPORTCTL.at(p), sw::SWPORTCTL_MODE, mode);
        bank_.set_reset(sw::SWPORTCTL.at(p), sw::SWPORTCTL_SWPART, port.partition.value());
        bank_.set_reset(sw::SWPORTCTL.at(p), sw::SWPORTCTL_DEVNUM, port.device_number);
        bank_.set_reset(sw::SWPORTSTS.at(p), sw::SWPORTSTS_MODE, mode);
        bank_.set_reset(sw::SWPORTSTS.at(p), sw::SWPORTSTS_SWPART, port.partition.value());
        bank_.set_reset(sw::SWPORTSTS.at(p), sw::SWPORTSTS_DEVNUM, port.device_number);
    }
    bank_.set_reset(sw::BCVSTS.at(), sw::BCVSTS_SWMODE, topology.boot_mode);
    bank_.set_reset(sw::TMPSTS.at(), sw::TMPSTS_LTEMP, 0xFF); // history is empty
    failover_.load_reset_values();
}

void switch_core::begin() {
    for (unsigned p = 0; p < max_ports; ++p)
        follow_mode(port_number(p), false);
}

void switch_core::mode_took_effect(port_number port, bool reset) {
    follow_mode(port, reset);
    crossing c{};
    c.kind = crossing::what::mode_took_effect;
    c.port = port;
    c.flag = reset;
    tell(c);
}

void switch_core::follow_mode(port_number port, bool reset) {
    if (executes_core())
        partitions_.show_upstream_ports();
    const operating_mode m = modes_.now(port);
    if (bridge_function* const b = bridge(port))
        b->show_mode(m.mode);
    configurable_port* const owner = functions_.owner(port);
    if (owner == nullptr)
        return; // bridges forward nothing: status registers are all
    windows_change();
    owner->attach(m.mode, m.partition, reset);
    functions_.set_present(port, has_nt_function(m.mode));
    owner->hold_in_reset(partitions_.state(m.partition) == partition_state::reset);
    doorbell_status_changed();
    for (nt_function* f : functions_) {
        bool alone = true;
        for (const nt_function* other : functions_)
            alone = alone && (other == f || !(other->partition() == f->partition()));
        f->set_sharing(seed_ && !alone);
    }
}

void switch_core::set_window_observer(window_observer* observer) {
    window_observer_ = observer;
    mapping_.set_window_observer(observer);
    for (unsigned p = 0; p < max_ports; ++p)
        if (nt_function* const f = functions_.possible_at(port_number(p)))
            f->set_window_observer(observer);
}

bool switch_core::mode_under_way(port_number port) const {
    if (other_ == nullptr)
        return false;
    const operating_mode m = modes_.now(port);
    const nt_function* const f = functions_.at(port);
    return has_nt_function(m.mode) != (f != nullptr) ||
           (f != nullptr && !(f->partition() == m.partition));
}

bool switch_core::partition_active(partition_number partition) const {
    return partitions_.state(partition) == partition_state::active;
}

forwarding_target* switch_core::target_in(partition_number partition,
                                          const nt_function& from) const {
    std::size_t n = 0;
    for (const nt_function* f : functions_) {
        if (f->partition() == partition && f != &from)
            return functions_.target(n);
        ++n;
    }
    return nullptr;
}

void switch_core::send_message(nt_function& from, unsigned n, std::uint32_t data) {
    const std::uint32_t route = bank_.get(sw::SWPMSGCTL.at(from.partition().value(), n));
    messages_.send(from, n, partition_number(sw::SWPMSGCTL_PART.get(route)),
                   sw::SWPMSGCTL_REG.get(route), data);
}

void switch_core::doorbell_status_changed() {
    // GDBELLSTS shows a doorbell that is pending in any partition (B5.7, not confirmed).
    std::uint32_t any = 0;
    for (const nt_function* f : functions_) {
        if (executes(f->port())) {
            any |= f->inbound_doorbells();
            publish(f->port());
        } else {
            any |= other_->inbound_doorbells(f->port());
        }
    }
    if (executes_core())
        bank_.set(sw::GDBELLSTS.at(), any);
}

std::uint32_t switch_core::read_gdbellsts(const register_access&) {
    doorbell_status_changed(); // the other part does not tell
    return bank_.get(sw::GDBELLSTS.at());
}

void switch_core::load_doorbell_masks() {
    for (unsigned n = 0; n < doorbell_count; ++n) {
        doorbells_.set_outbound_mask(n, bank_.get(sw::GODBELLMSK.at(n)));
        doorbells_.set_inbound_mask(n, bank_.get(sw::GIDBELLMSK.at(n)));
    }
}

template <class WithNt, class WithBridge>
void switch_core::decode(std::uint32_t address, register_access& a, WithNt&& with_nt,
                         WithBridge&& with_bridge) const {
    static_assert(nt_function::space_size == nt_function_offset &&
                  bridge_function::space_size == nt_function_offset);
    const std::uint32_t port = address / function_stride;
    if (port >= max_ports)
        return;
    a.offset = address & (nt_function_offset - 4);
    if ((address & nt_function_offset) != 0) {
        if (nt_function* const f = functions_.at(port_number(port)))
            with_nt(*f);
    } else if (bridge_function* const b = bridge(port_number(port))) {
        with_bridge(*b);
    }
}

void switch_core::take_global_access_time(const register_access& a) const {
    if (!a.debug && timing_.gasa != 0)
        sc_core::wait(core_clock::until(clock_.after(timing_.gasa)));
}

bool switch_core::executes(std::uint32_t address, bool is_read) const {
    if (other_ == nullptr)
        return true;
    if (address < registers_base)
        return executes(port_number(address / function_stride));
    // Everybody sees the storage of the switch-global registers.
    return executes_core() || address >= registers_base + register_dwords * 4 ||
           (is_read && !bank_.read_does_something(address & ~3U));
}

std::uint32_t switch_core::global_read(std::uint32_t address, const register_access& a) {
    take_global_access_time(a);
    while (!a.debug && !executes(address, true)) {
        std::uint32_t value = 0;
        switch (other_->read(address, a, value)) {
        case crossing_result::done:
            return value;
        case crossing_result::no_answer:
            return 0xFFFFFFFF; // as an unsupported request reads
        case crossing_result::gone:
            break;
        }
    }
    return read_here(address, a);
}

std::uint32_t switch_core::read_here(std::uint32_t address, const register_access& a) {
    register_access inner = a;
    inner.global = true;
    if (address >= registers_base) {
        inner.offset = address & ~3U;
        bool refused = false;
        return address < registers_base + register_dwords * 4 ? bank_.read(inner, refused) : 0;
    }
    std::uint32_t value = 0;
    decode(
        address, inner, [&](nt_function& f) { value = f.read_dword(inner); },
        [&](bridge_function& b) { value = b.read_dword(inner); });
    return value;
}

void switch_core::global_write(std::uint32_t address, const register_access& a) {
    take_global_access_time(a);
    while (!a.debug && !executes(address, false))
        if (other_->write(address, a) != crossing_result::gone)
            return;
    write_here(address, a);
}

void switch_core::write_here(std::uint32_t address, const register_access& a) {
    register_access inner = a;
    inner.global = true;
    if (address >= registers_base) {
        inner.offset = address & ~3U;
        if (address < registers_base + register_dwords * 4)
            (void)bank_.write(inner); // no dword-only register here needs to know
        return;
    }
    decode(
        address, inner, [&](nt_function& f) { f.write_dword(inner); },
        [&](bridge_function& b) { b.write_dword(inner); });
}

bool switch_core::is_register(std::uint32_t address) const {
    if (address >= registers_base)
        return address < registers_base + register_dwords * 4 && bank_.has_register(address & ~3U);
    register_access a{};
    bool found = false;
    decode(
        address, a, [&](const nt_function& f) { found = f.has_register(a.offset); },
        [&](const bridge_function& b) { found = b.has_register(a.offset); });
    return found;
}

void switch_core::keep_initial_values() {
    for (nt_function* const f : functions_)
        f->keep_initial_values();
    for (const auto& b : bridges_)
        if (b)
            b->keep_initial_values();
}

void switch_core::wrote_swctl(const register_access&, std::uint32_t before) {
    const regs::field_ref rsthalt = layout_.field(sw::SWCTL_RSTHALT);
    if (rsthalt.get(before) != 0 && rsthalt.get(bank_.get(sw::SWCTL.at())) == 0)
        reset_halt_cleared_.notify(sc_core::SC_ZERO_TIME);
}

void switch_core::port_error(port_number port, error_severity) {
    events_.raise(switch_event::aer_error, port.value());
}

void switch_core::failover_change(port_number port, bool complete) {
    if (executes(port)) {
        tell_function_of_failover(port, complete);
    } else {
        crossing c{};
        c.kind = crossing::what::failover_change;
        c.port = port;
        c.flag = complete;
        tell(c);
    }
    events_.raise(complete ? switch_event::failover_completed : switch_event::failover_initiated,
                  port.value());
}

void switch_core::tell_function_of_failover(port_number port, bool complete) {
    if (nt_function* const f = functions_.at(port))
        f->failover_change(complete);
    if (bridge_function* const b = bridge(port); b != nullptr && complete)
        b->failover_complete();
}

void switch_core::temperature_alarm() {
    for (nt_function* f : functions_) {
        if (!f->in_active_partition())
            continue;
        if (executes(f->port())) {
            f->temperature_alarm();
        } else {
            crossing c{};
            c.kind = crossing::what::temperature_alarm;
            c.port = f->port();
            tell(c);
        }
    }
}

void switch_core::reset_fundamental() {
    reset_parts();
    mapping_.clear();
    bank_.reset_fundamental();
    load_doorbell_masks();
    temperature_.reset();
    begin();
    crossing c{};
    c.kind = crossing::what::reset_switch;
    tell(c);
}

void switch_core::reset_parts() {
    windows_change();
    for (unsigned p = 0; p < max_ports; ++p) {
        const port_number port(p);
        if (configurable_port* const owner = functions_.owner(port)) {
            owner->attach(port_mode::disabled, partition_number(0), true);
            functions_.set_present(port, false);
        }
        if (bridges_[p] != nullptr)
            bridges_[p]->reset_fundamental();
    }
    modes_.reset();
    partitions_.reset();
    failover_.clear_flags();
    eeprom_interface_.reset();
    doorbells_.reset();
    messages_.reset();
    events_.reset(); // also those of the links that went down just now
}

void switch_core::link_changed(port_number port, bool up) {
    if (bridge_function* const b = bridge(port))
        b->set_link(up);
    publish(port);
    if (executes_core()) {
        show_link_status(port, up);
        return;
    }
    crossing c{};
    c.kind = crossing::what::link_changed;
    c.port = port;
    c.flag = up;
    tell(c);
}

void switch_core::show_link_status(port_number port, bool up) {
    bank_.set_field(sw::SWPORTSTS.at(port.value()), sw::SWPORTSTS_LINKUP, up ? 1 : 0);
    events_.raise(up ? switch_event::link_up : switch_event::link_down, port.value());
}

void switch_core::reset_bridges(partition_number partition) {
    for (unsigned p = 0; p < max_ports; ++p) {
        const operating_mode m = modes_.now(port_number(p));
        if (bridges_[p] == nullptr || !is_attached(m.mode) || m.partition != partition)
            continue;
        bridges_[p]->reset_fundamental();
        bridges_[p]->show_mode(m.mode); // mode and link stay as they are
        bridges_[p]->show_link(bank_.get_field(sw::SWPORTSTS.at(p), sw::SWPORTSTS_LINKUP) != 0);
    }
}

void switch_core::bridge_signals(port_number port) {
    const operating_mode m = modes_.now(port);
    if (is_attached(m.mode))
        events_.raise(switch_event::global_signal, m.partition.value()); // B11.8
}

void switch_core::event_reaches_bridges(unsigned partitions) {
    for (unsigned p = 0; p < max_ports; ++p) {
        const operating_mode m = modes_.now(port_number(p));
        if (bridges_[p] != nullptr && has_upstream_bridge(m.mode) &&
            (partitions >> m.partition.value() & 1U) != 0 && partition_active(m.partition))
            bridges_[p]->switch_event_arrived();
    }
}

void switch_core::wrote_swpartctl(const register_access& a, std::uint32_t) {
    partitions_.control_written(
        partition_number((a.offset - sw::SWPARTCTL.at()) / sw::SWPARTCTL.first_stride));
}

void switch_core::wrote_swportctl(const register_access& a, std::uint32_t) {
    modes_.control_written(
        port_number((a.offset - sw::SWPORTCTL.at()) / sw::SWPORTCTL.first_stride));
}

void switch_core::wrote_event_register(const register_access&, std::uint32_t) {
    events_.update_summary();
}

void switch_core::wrote_godbellmsk(const register_access& a, std::uint32_t) {
    const unsigned n = (a.offset - sw::GODBELLMSK.at()) / sw::GODBELLMSK.first_stride;
    doorbells_.set_outbound_mask(n, bank_.get(a.offset));
}

void switch_core::wrote_gidbellmsk(const register_access& a, std::uint32_t) {
    const unsigned n = (a.offset - sw::GIDBELLMSK.at()) / sw::GIDBELLMSK.first_stride;
    doorbells_.set_inbound_mask(n, bank_.get(a.offset));
}

void switch_core::wrote_temperature_control(const register_access&, std::uint32_t) {
    temperature_.measure();
}

std::uint32_t switch_core::read_tmpalarm(const register_access& a) {
    return temperature_.read_alarms(a);
}

void switch_core::wrote_tmpalarm(const register_access& a, std::uint32_t) {
    temperature_.wrote_alarms(a);
}

void switch_core::wrote_eepromintf(const register_access& a, std::uint32_t) {
    eeprom_interface_.written(a);
}

void switch_core::trace(trace_sink& sink) {
    sink.declare_bits("switch.core_clock_ps", 32, clock_.period_ps());
    for_each_traced(regs::sw_map, [&](const traced_register& r) {
        bank_.trace(sink, "switch." + r.name, r.offset & ~3U, (r.offset & 3U) * 8U,
                    r.mask << ((r.offset & 3U) * 8U), r.size * 8U);
    });
    mapping_.trace(sink);
}

} // namespace ntb
