// SPDX-License-Identifier: Apache-2.0
#include "model/temperature_sensor.h"

#include <algorithm>

#include "model/regs/sw_refs.h"
#include "model/switch_core.h"

namespace ntb {

void temperature_sensor::set(unsigned half_degrees) {
    ambient_ = std::min(half_degrees, 255U);
    measure();
}

void temperature_sensor::measure() {
    auto& bank = core_.bank();
    if (bank.get_field(sw::TMPCTL.at(), sw::TMPCTL_PDOWN) != 0)
        return;
    const auto offset =
        static_cast<std::int8_t>(bank.get_field(sw::TMPADJ.at(), sw::TMPADJ_OFFSET));
    const auto now = static_cast<std::uint32_t>(
        std::clamp(static_cast<int>(ambient_) + static_cast<int>(offset), 0, 255));
    const std::uint32_t before = bank.get(sw::TMPSTS.at());
    std::uint32_t after = sw::TMPSTS_TEMP.put(before, now);
    after = sw::TMPSTS_LTEMP.put(after, std::min(now, sw::TMPSTS_LTEMP.get(before)));
    after = sw::TMPSTS_HTEMP.put(after, std::max(now, sw::TMPSTS_HTEMP.get(before)));
    bank.set(sw::TMPSTS.at(), after);
}

void temperature_sensor::load_history() {
    auto& bank = core_.bank();
    const std::uint32_t alarm = bank.get(sw::TMPALARM.at());
    std::uint32_t status = bank.get(sw::TMPSTS.at());
    status = sw::TMPSTS_LTEMP.put(status, sw::TMPALARM_LTEMP.get(alarm));
    status = sw::TMPSTS_HTEMP.put(status, sw::TMPALARM_HTEMP.get(alarm));
    bank.set(sw::TMPSTS.at(), status);
    measure();
}

} // namespace ntb
