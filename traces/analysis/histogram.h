// SPDX-License-Identifier: Apache-2.0
// Sorted samples as a histogram of at most 16 buckets of equal width, a round number of units wide.
// Units: those of the samples. Threading: none. Errors: none; no samples give no buckets.
#pragma once

#include <cstdint>
#include <vector>

namespace ntb::traces {

struct histogram_bucket {
    std::uint64_t begin = 0; ///< included
    std::uint64_t end = 0;   ///< not included
    std::uint64_t count = 0;
};

/// Buckets from the one with the least sample to the one with the greatest, empty ones included.
/// Widths are 1, 2 or 5 times a power of ten of `unit` (at least 1).
[[nodiscard]] std::vector<histogram_bucket> histogram_of(const std::vector<std::uint64_t>& sorted,
                                                         std::uint64_t unit);

} // namespace ntb::traces
