// SPDX-License-Identifier: Apache-2.0
#include "model/temperature_sensor.h"

#include <algorithm>
#include <string_view>

#include "model/register_layout.h"
#include "model/regs/declared_ids.h"
#include "model/regs/sw_refs.h"
#include "model/switch_core.h"

namespace ntb {

temperature_sensor::temperature_sensor(switch_core& core, const topology_config& topology)
    : core_(core), read_clears_(topology.tmpalarm_read_clears) {
    const auto bit = [&core](std::string_view in, std::string_view name) {
        return core.layout().field(regs::declared_field_named(regs::space_id::sw, in, name)).mask;
    };
    alarms_[blth] = {sw::TMPSTS_BLTH.mask, bit("TMPCTL", "BLTH_EN")};
    alarms_[alth] = {bit("TMPSTS", "ALTH"), bit("TMPCTL", "ALTH_EN")};
    alarms_[bmth] = {bit("TMPSTS", "BMTH"), bit("TMPCTL", "BMTH_EN")};
    alarms_[amth] = {bit("TMPSTS", "AMTH"), bit("TMPCTL", "AMTH_EN")};
    alarms_[bhth] = {bit("TMPSTS", "BHTH"), bit("TMPCTL", "BHTH_EN")};
    alarms_[ahth] = {sw::TMPSTS_AHTH.mask, sw::TMPCTL_AHTH_EN.mask};
}

void temperature_sensor::set(unsigned half_degrees) {
    ambient_ = std::min(half_degrees, 255U);
    if (core_.executes_core()) {
        measure();
        return;
    }
    crossing c{};
    c.kind = crossing::what::set_temperature;
    c.value = ambient_;
    core_.tell(c);
}

void temperature_sensor::measure() {
    auto& bank = core_.bank();
    if (bank.get_field(sw::TMPCTL.at(), sw::TMPCTL_PDOWN) != 0) {
        standing_ = 0; // an alarm that stands when the sensor is on again is a new one
        return;
    }
    const auto offset =
        static_cast<std::int8_t>(bank.get_field(sw::TMPADJ.at(), sw::TMPADJ_OFFSET));
    const auto now = static_cast<std::uint32_t>(
        std::clamp(static_cast<int>(ambient_) + static_cast<int>(offset), 0, 255));
    const std::uint32_t before = bank.get(sw::TMPSTS.at());
    std::uint32_t after = sw::TMPSTS_TEMP.put(before, now);
    after = sw::TMPSTS_LTEMP.put(after, std::min(now, sw::TMPSTS_LTEMP.get(before)));
    after = sw::TMPSTS_HTEMP.put(after, std::max(now, sw::TMPSTS_HTEMP.get(before)));
    bank.set(sw::TMPSTS.at(), after);
    judge(now);
}

void temperature_sensor::judge(std::uint32_t now) {
    auto& bank = core_.bank();
    const std::uint32_t control = bank.get(sw::TMPCTL.at());
    const std::uint32_t low = sw::TMPCTL_LTH.get(control);
    const std::uint32_t middle = sw::TMPCTL_MTH.get(control);
    const std::uint32_t high = sw::TMPCTL_HTH.get(control);
    const std::array<bool, 6> holds{now<low, now> low, now<middle, now> middle,
                                    now<high, now> high};
    std::uint32_t status = bank.get(sw::TMPSTS.at());
    std::uint32_t enabled = 0;
    for (std::size_t i = 0; i < alarms_.size(); ++i) {
        const alarm& a = alarms_[i];
        status = holds[i] ? status | a.flag : status & ~a.flag;
        if (holds[i] && (control & a.enable) != 0)
            enabled |= a.flag;
    }
    bank.set(sw::TMPSTS.at(), status);
    const std::uint32_t rising = enabled & ~standing_;
    standing_ = enabled;
    const std::uint32_t latched = bank.get(sw::TMPALARM.at());
    bank.set(sw::TMPALARM.at(), latched | rising);
    if ((rising & ~latched) == 0)
        return;
    core_.temperature_alarm();
}

void temperature_sensor::wrote_alarms(const register_access& a) {
    auto& bank = core_.bank();
    const std::uint32_t written = bank.get(sw::TMPALARM.at());
    std::uint32_t status = bank.get(sw::TMPSTS.at());
    if ((a.byte_mask & sw::TMPALARM_LTEMP.mask) != 0)
        status = sw::TMPSTS_LTEMP.put(status, sw::TMPALARM_LTEMP.get(written));
    if ((a.byte_mask & sw::TMPALARM_HTEMP.mask) != 0)
        status = sw::TMPSTS_HTEMP.put(status, sw::TMPALARM_HTEMP.get(written));
    bank.set(sw::TMPSTS.at(), status);
    measure();
}

std::uint32_t temperature_sensor::read_alarms(const register_access& a) {
    auto& bank = core_.bank();
    const std::uint32_t value = bank.get(sw::TMPALARM.at());
    if (read_clears_ && !a.debug)
        bank.set_field(sw::TMPALARM.at(), sw::TMPALARM_IRQ, 0);
    return value;
}

} // namespace ntb
