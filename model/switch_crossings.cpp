// SPDX-License-Identifier: Apache-2.0
// The switch in two parts: what the core does with that which comes from the other part, and when
// that part leaves (other_part.h). What is sent there is sent where it happens.
#include "model/configurable_port.h"
#include "model/nt_function.h"
#include "model/regs/sw_refs.h"
#include "model/switch_core.h"

namespace ntb {

namespace {

bool within_limits(const crossing& c) {
    return c.port.value() < max_ports && c.from_port.value() < max_ports &&
           c.partition.value() < max_partitions &&
           (c.kind != crossing::what::raise || c.value < max_ports);
}

} // namespace

void switch_core::publish(port_number port) const {
    if (other_ == nullptr || !other_->is_here(port))
        return;
    const nt_function* const f = functions_.at(port);
    const configurable_port* const owner = functions_.owner(port);
    const bool there = f != nullptr && owner != nullptr;
    other_->publish(port, there && owner->ready_for_requests(), there ? f->inbound_doorbells() : 0);
}

void switch_core::arrive(const crossing& c) {
    using what = crossing::what;
    if (!within_limits(c))
        return;
    nt_function* const f = functions_.at(c.port);
    switch (c.kind) {
    case what::doorbells:
        if (f != nullptr)
            f->doorbells_arrived(c.value);
        break;
    case what::message: {
        const bool accepted = f != nullptr && c.index < message_count &&
                              f->message_arrived(c.index, c.value, c.partition);
        crossing outcome{};
        outcome.kind = what::message_outcome;
        outcome.port = c.from_port;
        outcome.index = c.from_index;
        outcome.flag = accepted;
        outcome.tag = c.tag;
        tell(outcome);
        break;
    }
    case what::message_outcome:
        messages_.crossed();
        if (nt_function* const sender = functions_.possible_at(c.port);
            sender != nullptr && c.index < message_count)
            sender->message_finished(c.index, c.flag);
        break;
    case what::switch_event:
        event_reaches_bridges(1U << modes_.now(c.port).partition.value());
        if (f != nullptr)
            f->switch_event_arrived();
        break;
    case what::temperature_alarm:
        if (f != nullptr)
            f->temperature_alarm();
        break;
    case what::failover_change:
        tell_function_of_failover(c.port, c.flag);
        break;
    case what::raise:
        if (executes_core() && c.index < switch_event_types)
            events_.raise(static_cast<switch_event>(c.index), c.value);
        break;
    case what::link_changed:
        if (executes_core())
            show_link_status(c.port, c.flag);
        break;
    case what::mode_took_effect:
        follow_mode(c.port, c.flag);
        break;
    case what::hold_in_reset:
        partitions_.hold_ports(c.partition, c.flag);
        break;
    case what::reset_partition:
        partitions_.reset_ports(c.partition);
        break;
    case what::reset_switch:
        reset_parts();
        begin();
        break;
    case what::fail_over:
        if (executes_core())
            failover_.trigger(c.index,
                              c.value == 0 ? failover_kind::primary : failover_kind::secondary);
        break;
    case what::set_temperature:
        if (executes_core())
            temperature_.set(c.value);
        break;
    }
}

void switch_core::other_left(std::uint32_t ports, bool had_core) {
    if (had_core) {
        load_doorbell_masks();
        temperature_.reset();
        eeprom_interface_.take_over();
        modes_.take_over();
        partitions_.take_over();
    }
    for (unsigned p = 0; p < max_ports; ++p) {
        if ((ports >> p & 1U) == 0)
            continue;
        if (configurable_port* const owner = functions_.owner(port_number(p)))
            owner->forget();
        if (bridge_function* const b = bridge(port_number(p)))
            b->set_link(false);
        if (executes_core() && bank_.get_field(sw::SWPORTSTS.at(p), sw::SWPORTSTS_LINKUP) != 0)
            show_link_status(port_number(p), false);
    }
    events_.update_summary();
    doorbell_status_changed();
}

} // namespace ntb
