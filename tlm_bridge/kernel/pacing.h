// SPDX-License-Identifier: Apache-2.0
// How simulated time relates to the wall clock. This is the only place that looks at both.
//
// Units: picoseconds on both sides. The wall clock counts from construction, when simulated time
// is 0. Threading: the SystemC thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <systemc>

namespace ntb::bridge {

enum class pace {
    wallclock, ///< simulated time follows the wall clock while the outside world takes part
    none,      ///< simulated time moves only by events
};

class pacing {
public:
    /// Events up to this far ahead of the wall clock run at once: sleeping for less is waste.
    static constexpr std::uint64_t lookahead_ps = 10'000'000;

    explicit pacing(pace p) : pace_(p), start_(std::chrono::steady_clock::now()) {}

    [[nodiscard]] bool follows_wall_clock() const { return pace_ == pace::wallclock; }
    [[nodiscard]] std::uint64_t wall_ps() const {
        const auto since = std::chrono::steady_clock::now() - start_;
        return static_cast<std::uint64_t>(
                   std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()) *
               1000U;
    }
    /// How far simulated time is behind the wall clock: a transaction from outside starts at
    /// max(simulated now, wall clock).
    [[nodiscard]] std::uint64_t behind_ps() const {
        if (pace_ != pace::wallclock)
            return 0;
        const std::uint64_t wall = wall_ps();
        const std::uint64_t now = sc_core::sc_time_stamp().value();
        return wall > now ? wall - now : 0;
    }

private:
    pace pace_;
    std::chrono::steady_clock::time_point start_;
};

} // namespace ntb::bridge
