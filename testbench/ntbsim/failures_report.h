// SPDX-License-Identifier: Apache-2.0
// Failed expectations of a play or a replay, as every command that has some reports them.
//
// Threading: none of its own. Errors: none.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "testbench/stimulus/player.h"

namespace ntb::cli {

/// One object each, in the order of time.
[[nodiscard]] nlohmann::ordered_json failures_json(const std::vector<stimulus::failure>& failures);

/// One line each on standard error; `total` counts those too that were not kept.
void print_failures(const std::vector<stimulus::failure>& failures, std::uint64_t total);

} // namespace ntb::cli
