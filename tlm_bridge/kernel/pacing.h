// SPDX-License-Identifier: Apache-2.0
// How simulated time relates to the wall clock. This is the only place that looks at both.
//
// Simulated time is 64 bits of picoseconds, some 213 days, and SystemC does not notice when they
// run over: what is notified for later then happens at once. So a simulation ends before that.
//
// Units: picoseconds on both sides. The wall clock counts from construction, when simulated time
// is `start_ps`, or from an epoch that was then `start_ps` ago; it stands still at the end of time.
// Threading: the SystemC thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
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

    /// Where simulated time must end: twelve hours before it runs over. The longest delay that a
    /// guest can set off is one of five hours (model/change_delays.h), and one that begins before
    /// the end may be over, and begin another, before anybody looks.
    static constexpr std::uint64_t end_ps =
        std::numeric_limits<std::uint64_t>::max() - 12U * 3600ULL * 1'000'000'000'000ULL;

    /// `start_ps` is at most end_ps.
    explicit pacing(pace p, std::uint64_t start_ps = 0)
        : pace_(p), start_ps_(start_ps), start_(std::chrono::steady_clock::now()) {}
    /// The simulation begins `start_ps` after `epoch`, when simulated time was 0.
    pacing(pace p, std::uint64_t start_ps, std::chrono::steady_clock::time_point epoch)
        : pace_(p), start_ps_(start_ps),
          start_(epoch + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                             std::chrono::nanoseconds(start_ps / 1000U))) {}

    [[nodiscard]] bool follows_wall_clock() const { return pace_ == pace::wallclock; }
    [[nodiscard]] std::uint64_t wall_ps() const {
        const auto since = std::chrono::steady_clock::now() - start_;
        const auto ns = static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
        return ns < (end_ps - start_ps_) / 1000U ? start_ps_ + ns * 1000U : end_ps;
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
    std::uint64_t start_ps_;
    std::chrono::steady_clock::time_point start_;
};

} // namespace ntb::bridge
