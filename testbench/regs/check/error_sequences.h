// SPDX-License-Identifier: Apache-2.0
// Status that only an event sets: errors of requests and completions (PCI Express Base 2.1 sections
// 6.2 and 7.5.1.2), the temperature alarm, a failover. The event is a refused request, a threshold
// below the temperature, or what the target can make happen (target.h); then each bit must be set,
// stay when zeros are written, and clear with a one.
//
// Threading: one thread. Errors: target_error from the target.
#pragma once

#include "testbench/regs/check/context.h"

namespace ntb::regs::check {

// Sequences (sequences.h).
void report_errors(context& c, unsigned function);
void alarm_of_temperature(context& c, unsigned function);
void report_failover(context& c, unsigned function);

/// Sets all those bits of the function and leaves them set, for a reset to clear or to keep. What
/// it writes for that may keep other values: PCICMD, AERUESV, AERCEM, TMPALARM.
void leave_errors(context& c, unsigned function);

/// What this target cannot make happen is left out.
void note_stimuli(context& c);

} // namespace ntb::regs::check
