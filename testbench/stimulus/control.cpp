// SPDX-License-Identifier: Apache-2.0
#include "testbench/stimulus/control.h"

#include "testbench/stimulus/parser.h"

namespace ntb::stimulus {

namespace {

void reset(const reset_step& r, switch_controls& controls) {
    if (r.of_switch) {
        controls.fundamental_reset();
    } else if (r.fundamental) {
        controls.fundamental_reset(r.of_partition ? r.partition : controls.partition_of(r.port));
    } else if (!r.of_partition) {
        controls.hot_reset(r.port);
    } else {
        // A partition's hot reset comes down the link of its upstream port.
        for (unsigned p = 0; p < max_ports; ++p)
            if (controls.has_host(port_number(p)) &&
                controls.partition_of(port_number(p)) == r.partition)
                controls.hot_reset(port_number(p));
    }
}

bool has_host_in(partition_number partition, const switch_controls& controls) {
    for (unsigned p = 0; p < max_ports; ++p)
        if (controls.has_host(port_number(p)) && controls.partition_of(port_number(p)) == partition)
            return true;
    return false;
}

/// The port that must have a host, if any.
const port_number* port_of(const action& what) {
    if (const auto* l = std::get_if<link_step>(&what))
        return &l->port;
    if (const auto* f = std::get_if<fault_step>(&what))
        return &f->port;
    const auto* const r = std::get_if<reset_step>(&what);
    return r == nullptr || r->of_partition || r->of_switch ? nullptr : &r->port;
}

const char* const what_is_control =
    "link portP up|down, reset portP|partition N hot|fundamental, reset switch fundamental, "
    "failover N primary|secondary, fault portP ..., temp DEGREES, eeprom release";

} // namespace

bool is_control(const action& what) {
    return std::holds_alternative<link_step>(what) || std::holds_alternative<reset_step>(what) ||
           std::holds_alternative<failover_step>(what) ||
           std::holds_alternative<fault_step>(what) ||
           std::holds_alternative<temperature_step>(what) ||
           std::holds_alternative<eeprom_release>(what);
}

action parse_control(const std::string& statement, const switch_controls& controls) {
    const program p = parse("ntbstim 1\n" + statement, "control", model_register);
    if (p.statements.size() != 1 || !is_control(p.statements.front().what))
        throw stimulus_error("control", {}, "no statement that acts on the switch",
                             what_is_control);
    if (p.statements.front().start.kind != start_kind::following)
        throw stimulus_error("control", {}, "a start time has no meaning here", "leave it out");
    const action& what = p.statements.front().what;
    const port_number* const port = port_of(what);
    if (port != nullptr && !controls.has_host(*port))
        throw stimulus_error("control", {},
                             "port " + std::to_string(port->value()) + " has no host here",
                             "name a port with an NT function, to the simulator that serves it");
    if (const auto* const r = std::get_if<reset_step>(&what);
        r != nullptr && r->of_partition && !r->fundamental && !has_host_in(r->partition, controls))
        throw stimulus_error("control", {},
                             "partition " + std::to_string(r->partition.value()) +
                                 " has no host here",
                             "name a partition with one, to the simulator that serves it");
    return what;
}

void apply(const action& what, switch_controls& controls) {
    if (const auto* l = std::get_if<link_step>(&what))
        controls.set_link(l->port, l->up);
    else if (const auto* r = std::get_if<reset_step>(&what))
        reset(*r, controls);
    else if (const auto* f = std::get_if<failover_step>(&what))
        controls.fail_over(f->capability, f->kind);
    else if (const auto* fault = std::get_if<fault_step>(&what))
        controls.inject(fault->port, fault->what);
    else if (const auto* t = std::get_if<temperature_step>(&what))
        controls.set_temperature(t->half_degrees);
    else if (std::holds_alternative<eeprom_release>(what))
        controls.release_reset_halt();
}

} // namespace ntb::stimulus
