// SPDX-License-Identifier: Apache-2.0
#include "traces/analysis/histogram.h"

#include <algorithm>
#include <array>

namespace ntb::traces {
namespace {

constexpr std::uint64_t most_buckets = 16;

} // namespace

std::vector<histogram_bucket> histogram_of(const std::vector<std::uint64_t>& sorted,
                                           std::uint64_t unit) {
    std::vector<histogram_bucket> buckets;
    if (sorted.empty())
        return buckets;
    unit = std::max<std::uint64_t>(unit, 1);
    const std::uint64_t least = sorted.front();
    const std::uint64_t greatest = sorted.back();
    const auto fits = [&](std::uint64_t w) { return greatest / w - least / w < most_buckets; };
    constexpr std::array<std::uint64_t, 3> digits{1, 2, 5};
    constexpr std::uint64_t widest = UINT64_MAX / 10; // 10 buckets hold everything
    std::uint64_t power = unit;
    std::size_t digit = 0;
    std::uint64_t width = unit;
    while (!fits(width) && width <= widest / 5) {
        digit = (digit + 1) % digits.size();
        power *= digit == 0 ? 10 : 1;
        width = power * digits.at(digit);
    }
    const std::uint64_t first = least / width;
    for (std::uint64_t i = first; i <= greatest / width; ++i)
        buckets.push_back({i * width, (i + 1) * width, 0});
    for (const std::uint64_t sample : sorted)
        ++buckets[sample / width - first].count;
    return buckets;
}

} // namespace ntb::traces
