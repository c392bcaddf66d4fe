// SPDX-License-Identifier: Apache-2.0
#include "testbench/root_complex/platform.h"

#include <string>

namespace ntb {

// The switch is called "switch" in waveforms; a SystemC name is the testbench's own affair.
platform::platform(const sc_core::sc_module_name& name, const topology_config& topology,
                   const timing_config& timing, trace_sink* trace, other_part* other)
    : sc_module(name), other_(other), device_("switch", topology, timing, trace, other) {
    for (unsigned p = 0; p < max_ports; ++p) {
        const port_number port(p);
        if (!device_.has_nt(port) && !(device_.has_sockets(port) && topology.ports.at(p).host))
            continue;
        const std::string host_name = "host" + std::to_string(p);
        hosts_.at(p) =
            std::make_unique<root_complex>(host_name.c_str(), topology.ports.at(p).host_requester);
        root_complex& host = *hosts_.at(p);
        host.config_socket.bind(device_.config_socket(port));
        for (unsigned b = 0; b < bar_count; ++b)
            host.bar_sockets[b].bind(device_.bar_socket(port, bar_number(b)));
        device_.upstream_socket(port).bind(host.upstream_socket);
    }
}

std::array<root_complex*, max_ports> platform::hosts() const {
    std::array<root_complex*, max_ports> out{};
    for (unsigned p = 0; p < max_ports; ++p)
        out.at(p) = hosts_.at(p).get();
    return out;
}

void platform::power_on() {
    device_.await_start();
    for (unsigned p = 0; p < max_ports; ++p)
        if (hosts_.at(p) != nullptr && (other_ == nullptr || other_->is_here(port_number(p))))
            device_.set_link(port_number(p), true);
}

} // namespace ntb
