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

} // namespace

bool bar0_is_config_window(target& device, unsigned function) {
    const std::uint32_t v = device.read(door::config, function, setup.at(0), setup.size);
    return enabled.get(v) != 0 && config_space.get(v) != 0;
}

bool memory_space_is_on(target& device, unsigned function) {
    return memory_space.get(device.read(door::config, function, command.at(), command.size)) != 0;
}

} // namespace ntb::regs::check
