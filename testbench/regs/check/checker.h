// SPDX-License-Identifier: Apache-2.0
// The whole validation of a target: plans every check of every register, puts them into an order
// that the seed gives, resets in the middle, and collects what is found (docs/regs-check.md).
//
// Threading: one thread. Errors: target_error from the target.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "testbench/regs/check/context.h"

namespace ntb::regs::check {

struct check_options {
    std::uint64_t seed = 1;
    profile expected{};
    /// The spaces to validate; those of the model by default.
    std::vector<space> map = device_view::built_in_map();
    /// Only steps whose register or sequence begins so ("port0.BARSETUP"); empty = all.
    std::string only{};
};

[[nodiscard]] results check_device(target& device, const check_options& options);

} // namespace ntb::regs::check
