// SPDX-License-Identifier: Apache-2.0
// Whether BAR0 of a function opens its registers, as its BARSETUP0 says (behaviour B9.1).
#pragma once

#include "testbench/regs/check/target.h"

namespace ntb::regs::check {

/// Asks by configuration cycles.
[[nodiscard]] bool bar0_is_config_window(target& device, unsigned function);
/// PCICMD.MAE: whether BAR0 answers at all.
[[nodiscard]] bool memory_space_is_on(target& device, unsigned function);

} // namespace ntb::regs::check
