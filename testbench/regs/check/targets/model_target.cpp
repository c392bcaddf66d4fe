// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/targets/model_target.h"

#include <exception>
#include <systemc>
#include <utility>

#include "model/regs/nt_refs.h"
#include "testbench/regs/check/targets/config_window.h"
#include "testbench/regs/check/targets/crossing_read.h"

namespace ntb::regs::check {

model_target::model_target(platform& bench, const topology_config& topology, std::string name)
    : bench_(bench), topology_(topology), name_(std::move(name)) {
    for (unsigned p = 0; p < max_ports; ++p)
        if (bench.has_host(port_number(p)) && bench.device().has_nt(port_number(p))) {
            ports_.emplace_back(p);
            hosts_.push_back(&bench.host(port_number(p)));
        }
    for (unsigned f = 0; f < hosts_.size(); ++f)
        d3hot_resets_ = d3hot_resets_ && ntb::regs::check::d3hot_resets(*this, f);
}

std::uint32_t model_target::read(door by, unsigned function, std::uint32_t offset, unsigned width,
                                 unsigned byte_enables) {
    root_complex& host = *hosts_.at(function);
    const unsigned all = (1U << width) - 1U;
    const unsigned enables =
        byte_enables == all ? 0xFFU : byte_enables; // "all" takes the short way
    const completion c = by == door::config ? host.config_read(offset, width, enables)
                                            : host.bar_read(bar_number(0), offset, width, enables);
    return static_cast<std::uint32_t>(c.data);
}

void model_target::write(door by, unsigned function, std::uint32_t offset, unsigned width,
                         std::uint32_t value, unsigned byte_enables) {
    root_complex& host = *hosts_.at(function);
    const unsigned all = (1U << width) - 1U;
    const unsigned enables = byte_enables == all ? 0xFFU : byte_enables;
    if (by == door::config)
        host.config_write(offset, value, width, enables);
    else
        host.bar_write(bar_number(0), offset, value, width, enables);
}

void model_target::reset(reset_kind kind, unsigned function) {
    const port_number port = ports_.at(function);
    if (kind == reset_kind::hot)
        bench_.hot_reset(port);
    else if (kind == reset_kind::from_d3hot)
        pass_d3hot(*this, function);
    else
        bench_.fundamental_reset(bench_.partition_of(port));
    settle();
}

std::string model_target::why_not(stimulus what, unsigned function) const {
    const port_number port = ports_.at(function);
    switch (what) {
    case stimulus::poisoned_write:
        return {};
    case stimulus::poisoned_answer:
    case stimulus::unsupported_answer:
    case stimulus::no_answer:
        return other_side_of(bench_, port) ? std::string()
                                           : "no other function reads through this one";
    case stimulus::failover:
        break;
    }
    return why_no_failover(port);
}

std::string model_target::why_no_failover(port_number port) const {
    const port_config& own = topology_.ports.at(port.value());
    const auto serves_as_now = [&own](const failover_mode& m) {
        return m.mode == own.mode && m.partition == own.partition;
    };
    const auto alone = [&] {
        for (unsigned p = 0; p < max_ports; ++p) {
            const port_failover& f = topology_.ports.at(p).failover;
            if (p != port.value() && f.enabled && f.capability == own.failover.capability)
                return false;
        }
        for (const partition_failover& f : topology_.partition_failovers)
            if (f.enabled && f.capability == own.failover.capability)
                return false;
        return true;
    };
    if (!own.failover.enabled)
        return "the topology gives the port no failover";
    const auto& [away, back] = own.failover.to;
    if (!serves_as_now(away) || away.device_number == own.device_number || !serves_as_now(back) ||
        back.device_number != own.device_number || !alone())
        return "the topology's failover is more than another device number and back";
    return {};
}

void model_target::provoke(stimulus what, unsigned function) {
    const port_number port = ports_.at(function);
    const auto answered = [&](host_answers how) {
        read_across(bench_, other_side_of(bench_, port).value(), port, how);
    };
    switch (what) {
    case stimulus::poisoned_write:
        hosts_.at(function)->config_write_poisoned(find(nt_map, "NTSDATA").at(), 0);
        break;
    case stimulus::poisoned_answer:
        answered(host_answers::poisoned);
        break;
    case stimulus::unsupported_answer:
        answered(host_answers::unsupported);
        break;
    case stimulus::no_answer:
        answered(host_answers::never);
        break;
    case stimulus::failover:
        fail_over(port);
        break;
    }
    settle();
}

void model_target::fail_over(port_number port) {
    const unsigned capability = topology_.ports.at(port.value()).failover.capability;
    for (const failover_kind kind : {failover_kind::primary, failover_kind::secondary}) {
        bench_.fail_over(capability, kind);
        sc_core::wait(sc_core::sc_time(1, sc_core::SC_SEC)); // longer than any delay after reset
    }
}

void model_target::settle() {
    sc_core::wait(sc_core::sc_time(2, sc_core::SC_US)); // longer than any pipeline
}

void run_on_model(const topology_config& topology, const timing_config& timing,
                  const std::string& name, const std::function<void(target&)>& body) {
    platform bench("bench", topology, timing);
    std::exception_ptr thrown;
    sc_core::sc_spawn_options options;
    options.set_stack_size(1 << 20); // reports are made on it, too
    sc_core::sc_spawn(
        [&] {
            try {
                bench.power_on();
                model_target device(bench, topology, name);
                device.settle();
                body(device);
            } catch (const sc_core::sc_unwind_exception&) {
                throw; // the kernel ends this thread
            } catch (...) {
                thrown = std::current_exception(); // not through the kernel's stack
            }
            sc_core::sc_stop();
        },
        "registers", &options);
    sc_core::sc_start();
    if (thrown)
        std::rethrow_exception(thrown);
}

} // namespace ntb::regs::check
