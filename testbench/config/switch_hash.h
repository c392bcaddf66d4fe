// SPDX-License-Identifier: Apache-2.0
// A number that two simulators compare to know that they have the same switch in mind: topology
// and timing, every value of both. Equal on every build of one version; no cryptographic hash.
//
// Threading: none. Errors: none.
#pragma once

#include <cstdint>

#include "model/config.h"

namespace ntb::config {

[[nodiscard]] std::uint64_t switch_hash(const topology_config& topology,
                                        const timing_config& timing);

} // namespace ntb::config
