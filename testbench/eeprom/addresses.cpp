// SPDX-License-Identifier: Apache-2.0
#include "testbench/eeprom/addresses.h"

#include <map>

namespace ntb::eeprom {

namespace {

using names = std::map<std::uint32_t, std::string>;

/// Names by dword; registers that share one are "A/B".
names names_of(std::string_view space_name) {
    names out;
    regs::for_each_member([&](const regs::member& m) {
        if (m.in->name != space_name)
            return;
        std::string& name = out[m.offset() & ~3U];
        name.append(name.empty() ? "" : "/").append(regs::member_name(m).view());
    });
    return out;
}

std::string found(const names& in, std::uint32_t offset) {
    const auto at = in.find(offset & ~3U);
    return at != in.end() ? at->second : std::string();
}

} // namespace

std::string register_name(std::uint32_t address) {
    static const names of_switch = names_of("sw");
    static const names of_function = names_of("nt");
    static const names of_bridge = names_of("port");
    constexpr regs::function_base nt = regs::function_base_named("NT_FUNCTION_BASE");
    constexpr regs::function_base bridge = regs::function_base_named("US_FUNCTION_BASE");
    const unsigned port = address / nt.stride;
    if (port >= max_ports)
        return found(of_switch, address);
    const std::string name = address >= nt.of_port(port)
                                 ? found(of_function, address - nt.of_port(port))
                                 : found(of_bridge, address - bridge.of_port(port));
    return name.empty() ? name : "port" + std::to_string(port) + "." + name;
}

} // namespace ntb::eeprom
