// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/targets/config_window.h"

#include "model/regs/nt_map.h"

namespace ntb::regs::check {

namespace {

constexpr reg_ref setup = find(nt_map, "BARSETUP{n}");
constexpr field_ref enabled = find_field(nt_map, "BARSETUP{n}", "EN");
constexpr field_ref config_space = find_field(nt_map, "BARSETUP{n}", "MODE");
constexpr reg_ref command = find(nt_map, "PCICMD");
constexpr field_ref memory_space = find_field(nt_map, "PCICMD", "MAE");
constexpr reg_ref power = find(nt_map, "PMCSR");
constexpr field_ref power_state = find_field(nt_map, "PMCSR", "PSTATE");
constexpr field_ref no_soft_reset = find_field(nt_map, "PMCSR", "NOSOFTRST");

} // namespace

bool bar0_is_config_window(target& device, unsigned function) {
    const std::uint32_t v = device.read(door::config, function, setup.at(0), setup.size);
    return enabled.get(v) != 0 && config_space.get(v) != 0;
}

bool memory_space_is_on(target& device, unsigned function) {
    return memory_space.get(device.read(door::config, function, command.at(), command.size)) != 0;
}

bool d3hot_resets(target& device, unsigned function) {
    return no_soft_reset.get(device.read(door::config, function, power.at(), power.size)) == 0;
}

void pass_d3hot(target& device, unsigned function) {
    constexpr std::uint32_t d3hot = 3;
    const std::uint32_t before = device.read(door::config, function, power.at(), power.size);
    for (const std::uint32_t state : {d3hot, 0U})
        device.write(door::config, function, power.at(), power.size,
                     power_state.put(before, state));
}

} // namespace ntb::regs::check
