// SPDX-License-Identifier: Apache-2.0
// How long a change of a port's mode or a partition's state takes, from the four delay registers
// (B3.2, B3.4, B3.7). A sister switch takes 2 ms for a mode change, 2.5 ms with a reset of the
// port (B3.4); that is POMCDELAY + SEDELAY, and RDRAINDELAY twice more, by the registers' defaults
// in microseconds. This reading is not confirmed.
//
// Units: picoseconds. Threading: none. Errors: none.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ntb {

class switch_core;

class change_delays {
public:
    /// Drains of a reset in a mode change with OMA = reset: not confirmed, see above.
    static constexpr unsigned reset_drains = 2;
    /// No delay is longer, whatever a host has written and the unit is: simulated time has an end.
    /// Four registers of 32 bits in microseconds are 4.8 hours together.
    static constexpr std::uint64_t longest_ps = 5U * 3600ULL * 1'000'000'000'000ULL;

    /// `unit_ns` is what the registers count in (timing_config::change_delay_unit_ns).
    change_delays(switch_core& core, std::uint32_t unit_ns)
        : core_(core), unit_ps_(std::uint64_t{unit_ns} * 1000U) {}

    /// A port's mode change until it takes effect. A port with an upstream bridge has a secondary
    /// bus that is reset with it (USSBRDELAY; not confirmed).
    [[nodiscard]] std::uint64_t mode_drain_ps(bool reset, bool has_bridge) const;
    /// A partition's change into reset or disabled until it takes effect.
    [[nodiscard]] std::uint64_t reset_drain_ps() const;
    /// From the effect to the completion, of both.
    [[nodiscard]] std::uint64_t side_effect_ps() const;

private:
    [[nodiscard]] std::uint64_t delay_ps(std::uint64_t units) const {
        return units < longest_ps / std::max<std::uint64_t>(unit_ps_, 1) ? units * unit_ps_
                                                                         : longest_ps;
    }

    switch_core& core_;
    std::uint64_t unit_ps_;
};

} // namespace ntb
