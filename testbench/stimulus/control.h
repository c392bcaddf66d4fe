// SPDX-License-Identifier: Apache-2.0
// Statements that act on the switch and not on a host: link, reset, failover, temp, eeprom release.
// What plays stimulus, a running session's control socket and a replay execute them alike.
//
// Threading: apply() from an SC_THREAD (a reset waits). Errors: stimulus_error.
#pragma once

#include <string>

#include "testbench/root_complex/switch_controls.h"
#include "testbench/stimulus/program.h"

namespace ntb::stimulus {

/// Whether the statement acts on the switch alone, so that apply() can execute it.
[[nodiscard]] bool is_control(const action& what);

/// Parses one statement; an error also if it is none of these, has a start time, or is about a port
/// that has no host.
[[nodiscard]] action parse_control(const std::string& statement, const switch_controls& controls);

/// Executes it; returns when it has completed.
void apply(const action& what, switch_controls& controls);

} // namespace ntb::stimulus
