// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/topology_profile.h"

#include <string>

namespace ntb::regs::check {

profile profile_of(const topology_config& topology) {
    profile out;
    out.complete = true;
    for (const reset_value& r : topology.resets)
        out.resets.push_back({r.space, r.offset, r.mask, r.bits});
    const auto add = [&out](const std::string& name, const char* field, std::uint32_t value) {
        out.values.push_back({name, field, value});
    };
    for (unsigned x = 0; x < max_partitions; ++x) {
        const std::string name = "SWPART" + std::to_string(x);
        add(name + "CTL", "STATE", static_cast<std::uint32_t>(topology.partitions.at(x)));
        add(name + "STS", "STATE", static_cast<std::uint32_t>(topology.partitions.at(x)));
    }
    std::uint32_t links = 0;
    std::uint32_t partitions = 0;
    for (unsigned p = 0; p < max_ports; ++p) {
        const port_config& port = topology.ports.at(p);
        const std::string name = "SWPORT" + std::to_string(p);
        for (const char* which : {"CTL", "STS"}) {
            add(name + which, "MODE", static_cast<std::uint32_t>(port.mode));
            add(name + which, "SWPART", port.partition.value());
            add(name + which, "DEVNUM", port.device_number);
        }
        const std::string bridge = "port" + std::to_string(p) + ".";
        if (has_port(topology.device, port_number(p))) {
            add(bridge + "P2PDID", "DID", static_cast<std::uint32_t>(topology.device));
            add(bridge + "P2PHDR", "MFUNC",
                has_upstream_bridge(port.mode) && port.mode != port_mode::upstream ? 1 : 0);
        }
        if (!has_nt_function(port.mode))
            continue;
        add(bridge + "P2PPCIELCTLSTS", "NLW", port.link_width);
        add(bridge + "P2PPCIELCTLSTS", "CLS", port.link_generation);
        add(name + "STS", "LINKUP", 1);
        links |= 1U << p;
        // Of two ports in a partition (topology "seed") the first one shows.
        if (((partitions >> port.partition.value()) & 1U) == 0) {
            const std::string partition = "SWPART" + std::to_string(port.partition.value()) + "STS";
            add(partition, "US", 1);
            add(partition, "USID", p);
            add(partition, "NT", 1);
        }
        partitions |= 1U << port.partition.value();

        const std::string nt = "port" + std::to_string(p) + ".";
        add(nt + "DID", "DID", static_cast<std::uint32_t>(topology.device));
        add(nt + "PCIELCAP", "PORTNUM", p);
        add(nt + "PCIELCAP", "MAXLNKWDTH", port.link_width);
        add(nt + "PCIELCAP", "MAXLNKSPD", port.link_generation);
        add(nt + "PCIELSTS", "NLW", port.link_width);
        add(nt + "PCIELSTS", "CLS", port.link_generation);
        add(nt + "P2PPCIELCTLSTS", "NLW", port.link_width); // the same link
        add(nt + "P2PPCIELCTLSTS", "CLS", port.link_generation);
        add(nt + "REQIDCAP", "REQID", port.host_requester.value());
        for (unsigned b = 0; b < bar_count; ++b) {
            const bar_config& bar = port.bars.at(b);
            const std::string setup = nt + "BARSETUP" + std::to_string(b);
            add(setup, "EN", bar.enabled ? 1 : 0);
            add(setup, "TYPE", bar.is_64bit ? 2 : 0);
            add(setup, "PREF", bar.prefetchable ? 1 : 0);
            add(setup, "SIZE", bar.size_log2);
            add(setup, "MODE", bar.config_space ? 1 : 0);
            add(setup, "ATRAN", static_cast<std::uint32_t>(bar.translation));
            add(setup, "TPART", bar.target_partition.value());
            if (bar.enabled) {
                add(nt + "BAR" + std::to_string(b), "TYPE", bar.is_64bit ? 2 : 0);
                add(nt + "BAR" + std::to_string(b), "PREF", bar.prefetchable ? 1 : 0);
            }
        }
    }
    add("SELINKUPSTS", "PORT", links);
    add("TMPSTS", "LTEMP", 0xFF); // the history is empty
    return out;
}

} // namespace ntb::regs::check
