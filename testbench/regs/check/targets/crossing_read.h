// SPDX-License-Identifier: Apache-2.0
// A read that one NT function sends to its host for the host of another one, through a window that
// is set up for it: how a function of the model comes to be a requester. The registers of both are
// afterwards as they were, but for what the read's end reports (PCISTS, PCIEDSTS, AER).
//
// Threading: the SystemC thread; it waits. Errors: none.
#pragma once

#include <optional>

#include "testbench/root_complex/host_answers.h"
#include "testbench/root_complex/platform.h"

namespace ntb::regs::check {

/// The port whose function can send requests out at `port`; none if there is no other one.
[[nodiscard]] std::optional<port_number> other_side_of(platform& bench, port_number port);

/// The host of `from` reads memory of the host at `port`, which answers as given.
void read_across(platform& bench, port_number from, port_number port, host_answers answer);

} // namespace ntb::regs::check
