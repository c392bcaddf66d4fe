// SPDX-License-Identifier: Apache-2.0
// The core clock as arithmetic: no process ticks, so idle time costs nothing. Every architectural
// effect happens on an edge of this clock.
//
// Units: picoseconds of simulated time; cycles. Requires SystemC's default resolution of 1 ps
// (checked by ntb_switch at elaboration).
#pragma once

#include <cstdint>
#include <systemc>

namespace ntb {

class core_clock {
public:
    explicit core_clock(std::uint32_t period_ps) : period_ps_(period_ps) {}

    [[nodiscard]] static std::uint64_t now_ps() { return sc_core::sc_time_stamp().value(); }
    [[nodiscard]] std::uint64_t period_ps() const { return period_ps_; }

    /// First clock edge at or after `ps`.
    [[nodiscard]] std::uint64_t edge(std::uint64_t ps) const {
        return (ps + period_ps_ - 1) / period_ps_ * period_ps_;
    }
    /// When something that starts now and takes `cycles` is finished; 0 cycles = now.
    [[nodiscard]] std::uint64_t after(std::uint32_t cycles) const {
        return cycles == 0 ? now_ps() : edge(now_ps()) + cycles * period_ps_;
    }
    /// The time between now and `ps` for wait() and notify(); `ps` must not be in the past.
    [[nodiscard]] static sc_core::sc_time until(std::uint64_t ps) {
        return sc_core::sc_time::from_value(ps - now_ps());
    }

private:
    std::uint64_t period_ps_;
};

} // namespace ntb
