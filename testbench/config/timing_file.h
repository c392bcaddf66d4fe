// SPDX-License-Identifier: Apache-2.0
// Timing files (TOML): every number of timing_config under a group and a name, "core.clock_ps".
// A key that a file leaves out keeps the default of model/config.h; timing/default.toml has all.
//
// Units: as in model/config.h, named in the key. Threading: none. Errors: config_error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "testbench/config/config_error.h"

namespace ntb::config {

/// Names of the timings in the program: "default" and "ideal".
[[nodiscard]] std::vector<std::string> builtin_timings();

/// The timing of that built-in name, else of the file of that path.
[[nodiscard]] timing_config load_timing(const std::string& name_or_path);

/// Parses the text of a timing file; `file` names it in errors.
[[nodiscard]] timing_config parse_timing(std::string_view text, const std::string& file);

/// Changes one number: "core.clock_ps=2000" (the option --set).
void set_timing_value(timing_config& timing, const std::string& assignment);

/// One number of a timing, by its key. true and false are 1 and 0.
struct timing_value {
    std::string key;
    std::uint32_t value = 0;
};
/// All numbers, in the order of timing/default.toml.
[[nodiscard]] std::vector<timing_value> timing_values(const timing_config& timing);

} // namespace ntb::config
