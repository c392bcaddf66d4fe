// SPDX-License-Identifier: Apache-2.0
// Reset values: as the device was found, and after each kind of reset from a state in which nothing
// had its reset value any more (map: reset value, what a hot reset keeps).
//
// Threading: one thread. Errors: target_error from the target.
#pragma once

#include "testbench/regs/check/context.h"

namespace ntb::regs::check {

/// As found. Of a device that nothing has used since power-on every value is known; of others only
/// what nothing can have changed.
void check_as_found(context& c);

/// Fills the function's registers, resets it, looks at it and at everything else, and sets it up
/// again as it was found. `everything`: with no bit at its reset value before, else random ones.
void check_reset(context& c, unsigned function, reset_kind kind, bool everything);

} // namespace ntb::regs::check
