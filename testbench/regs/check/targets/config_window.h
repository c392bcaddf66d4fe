// SPDX-License-Identifier: Apache-2.0
// What targets ask of a function by configuration cycles: whether BAR0 opens its registers, as its
// BARSETUP0 says (behaviour B9.1), and whether leaving D3hot resets it.
#pragma once

#include "testbench/regs/check/target.h"

namespace ntb::regs::check {

/// Asks by configuration cycles.
[[nodiscard]] bool bar0_is_config_window(target& device, unsigned function);
/// PCICMD.MAE: whether BAR0 answers at all.
[[nodiscard]] bool memory_space_is_on(target& device, unsigned function);
/// Whether the function is reset when it leaves D3hot: PMCSR without NOSOFTRST (PCI PM 1.2 section
/// 5.4.1).
[[nodiscard]] bool d3hot_resets(target& device, unsigned function);
/// D3hot and back by PMCSR.
void pass_d3hot(target& device, unsigned function);

} // namespace ntb::regs::check
