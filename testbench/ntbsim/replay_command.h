// SPDX-License-Identifier: Apache-2.0
// `ntbsim run CAPTURE`: what a session brought from outside, once more, without the outside.
//
// Errors: user_error, stimulus_error, config_error, trace_error.
#pragma once

#include <string>

#include "testbench/ntbsim/recording.h"

namespace ntb::cli {

struct replay_options {
    std::string file{};
    recording waveform{};
    bool json = false;
    bool quiet = false;
};

/// Replays and reports; the exit code: 0 everything was as captured, 1 something was not, 2 the
/// waveform could not be written to its end.
[[nodiscard]] int replay(const replay_options& options);

} // namespace ntb::cli
