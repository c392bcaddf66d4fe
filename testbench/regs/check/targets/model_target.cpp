// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/targets/model_target.h"

#include <exception>
#include <systemc>
#include <utility>

#include "testbench/regs/check/targets/config_window.h"

namespace ntb::regs::check {

model_target::model_target(platform& bench, std::string name)
    : bench_(bench), name_(std::move(name)) {
    for (unsigned p = 0; p < max_ports; ++p)
        if (bench.has_host(port_number(p)) && bench.device().has_nt(port_number(p))) {
            ports_.emplace_back(p);
            hosts_.push_back(&bench.host(port_number(p)));
        }
    for (unsigned f = 0; f < functions(); ++f)
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
                model_target device(bench, name);
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
