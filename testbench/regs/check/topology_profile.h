// SPDX-License-Identifier: Apache-2.0
// What a topology makes of the registers at power-on (behaviour B1.1, B1.13, B3.6, B9.1), so that
// values which a device loads can be checked too. All links up.
#pragma once

#include "model/config.h"
#include "testbench/regs/check/context.h"

namespace ntb::regs::check {

[[nodiscard]] profile profile_of(const topology_config& topology);

} // namespace ntb::regs::check
