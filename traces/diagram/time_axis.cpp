// SPDX-License-Identifier: Apache-2.0
#include "traces/diagram/time_axis.h"

#include <algorithm>

namespace ntb::traces {
namespace {

constexpr double break_width = 34;
constexpr double min_px_per_cycle = 4;
constexpr double max_px_per_cycle = 12;

} // namespace

time_axis::time_axis(std::uint64_t begin_ps, std::uint64_t end_ps,
                     const std::vector<std::uint64_t>& events, std::uint64_t longest_idle_ps,
                     std::uint64_t cycle_ps, double left, double wanted_width) {
    const std::uint64_t rim = longest_idle_ps / 4; // what is kept on both sides of a break
    std::uint64_t from = begin_ps;
    std::uint64_t last = begin_ps;
    std::uint64_t shown = 0;
    const auto close_span = [&](std::uint64_t to) {
        spans_.push_back({from, to, 0, 0});
        shown += to - from;
    };
    for (const std::uint64_t t : events) {
        if (t > last && t <= end_ps && t - last > longest_idle_ps) {
            close_span(last + rim);
            from = t - rim;
        }
        last = std::clamp(t, last, end_ps);
    }
    close_span(std::max(end_ps, from + 1));
    const double cycles = static_cast<double>(shown) / static_cast<double>(cycle_ps);
    const double breaks = break_width * static_cast<double>(spans_.size() - 1);
    px_per_cycle_ =
        std::clamp((wanted_width - breaks) / cycles, min_px_per_cycle, max_px_per_cycle);
    double at = left;
    for (span& s : spans_) {
        s.begin_x = at;
        at += static_cast<double>(s.end_ps - s.begin_ps) / static_cast<double>(cycle_ps) *
              px_per_cycle_;
        s.end_x = at;
        at += break_width;
    }
}

double time_axis::x(std::uint64_t time_ps) const {
    const span* previous = nullptr;
    for (const span& s : spans_) {
        if (time_ps < s.begin_ps)
            return previous == nullptr ? s.begin_x : (previous->end_x + s.begin_x) / 2;
        if (time_ps <= s.end_ps) {
            const double part = static_cast<double>(time_ps - s.begin_ps) /
                                static_cast<double>(s.end_ps - s.begin_ps);
            return s.begin_x + part * (s.end_x - s.begin_x);
        }
        previous = &s;
    }
    return spans_.back().end_x;
}

} // namespace ntb::traces
