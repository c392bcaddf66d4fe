// SPDX-License-Identifier: Apache-2.0
// Simulated time on paper: linear where something happens, long idle spans cut out.
// Units: picoseconds to SVG px. Threading: none. Errors: none.
#pragma once

#include <cstdint>
#include <vector>

namespace ntb::traces {

class time_axis {
public:
    struct span {
        std::uint64_t begin_ps;
        std::uint64_t end_ps;
        double begin_x;
        double end_x;
    };

    /// From `begin_ps` to `end_ps` at `left`; `events` (sorted) are where something happens. Idle
    /// spans of more than `longest_idle_ps` shrink to a break. The scale makes everything
    /// `wanted_width` wide, within the bounds of px per cycle.
    time_axis(std::uint64_t begin_ps, std::uint64_t end_ps,
              const std::vector<std::uint64_t>& events, std::uint64_t longest_idle_ps,
              std::uint64_t cycle_ps, double left, double wanted_width);

    [[nodiscard]] double x(std::uint64_t time_ps) const;
    [[nodiscard]] double left() const { return spans_.front().begin_x; }
    [[nodiscard]] double right() const { return spans_.back().end_x; }
    [[nodiscard]] double px_per_cycle() const { return px_per_cycle_; }
    /// Linear pieces; between two of them lies a break.
    [[nodiscard]] const std::vector<span>& spans() const { return spans_; }

private:
    std::vector<span> spans_;
    double px_per_cycle_ = 0;
};

} // namespace ntb::traces
