// SPDX-License-Identifier: Apache-2.0
// What asks a long-running command to end, as something to poll.
#pragma once

#include "tlm_bridge/unique_fd.h"

namespace ntb::cli {

/// Readable when SIGHUP, SIGINT or SIGTERM has come, so that a command ends in order. To be called
/// before there is anything to clear away. Output that nobody takes any more, or that a limit
/// refuses, is an error of that output and not the end (SIGPIPE, SIGXFSZ).
[[nodiscard]] bridge::unique_fd termination_signals();

} // namespace ntb::cli
