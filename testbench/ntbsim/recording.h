// SPDX-License-Identifier: Apache-2.0
// The options about waveforms that `run` and `serve` share, and the recorder that they ask for.
// Errors: user_error, trace_error.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "traces/recorder.h"

namespace ntb::cli {

struct recording {
    std::string vcd{};
    std::string fst{};
    std::uint64_t limit_bytes = std::uint64_t{1} << 30U;
    std::string window{};  ///< TIME; empty = all of the run
    std::string after{};   ///< TIME behind the trigger
    std::string trigger{}; ///< see traces/trigger.h
    std::string signals{};

    [[nodiscard]] const std::string& path() const { return vcd.empty() ? fst : vcd; }
};

/// Adds the options to `command`; `r` outlives it.
void add_recording_options(CLI::App& command, recording& r);

/// The recorder, null if no waveform is asked for. `command` is named in errors.
[[nodiscard]] std::unique_ptr<traces::recorder> make_recorder(const recording& r,
                                                              const std::string& command);

} // namespace ntb::cli
