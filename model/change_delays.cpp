// SPDX-License-Identifier: Apache-2.0
#include "model/change_delays.h"

#include "model/regs/sw_refs.h"
#include "model/switch_core.h"

namespace ntb {

std::uint64_t change_delays::mode_drain_ps(bool reset, bool has_bridge) const {
    std::uint64_t units = core_.bank().get(sw::POMCDELAY.at());
    if (reset)
        units += std::uint64_t{reset_drains} * core_.bank().get(sw::RDRAINDELAY.at());
    if (reset && has_bridge)
        units += core_.bank().get(sw::USSBRDELAY.at());
    return delay_ps(units);
}

std::uint64_t change_delays::reset_drain_ps() const {
    return delay_ps(core_.bank().get(sw::RDRAINDELAY.at()));
}

std::uint64_t change_delays::side_effect_ps() const {
    return delay_ps(core_.bank().get(sw::SEDELAY.at()));
}

} // namespace ntb
