// SPDX-License-Identifier: Apache-2.0
// The on-die temperature sensor: current, lowest and highest value, adjustment, three thresholds
// and the alarms on both sides of each (B14.1 to B14.3, B12.5).
//
// The rules of the alarms; where B14.2 to B14.4 leave a choice it is this model's, not confirmed:
//   1. A flag of TMPSTS shows that the temperature is below (less than) or above (greater than)
//      its threshold, whether the alarm is enabled or not. Of the six flags the two whose bits are
//      known are always there, the others where the topology's [layout] puts them.
//   2. Flag and its enable in TMPCTL: when both become true the alarm is latched in TMPALARM.IRQ,
//      at the flag's bit; an alarm that goes on is latched once. Only the enable of the highest
//      alarm has a known bit; an alarm whose enable has no place is not latched.
//   3. A newly latched alarm sets NTINTSTS.TMPSENSOR in every active partition's NT functions.
//   4. TMPALARM.IRQ clears with ones (or by reading, topology_config::tmpalarm_read_clears).
//   5. In power-down nothing is measured and no alarm comes; TMPSTS keeps what it showed.
//
// Units: half degrees Celsius, 0..255. Conversion is instantaneous (B14.4: interval unknown).
#pragma once

#include <array>
#include <cstdint>

#include "model/config.h"

namespace ntb {

class switch_core;
struct register_access;

class temperature_sensor {
public:
    /// What the sensor measures until somebody says otherwise: 45 degC (assumed).
    static constexpr unsigned default_half_degrees = 90;

    temperature_sensor(switch_core& core, const topology_config& topology);

    /// New temperature of the die, clamped to 0..255.
    void set(unsigned half_degrees);
    /// TMPCTL or TMPADJ changed, or time has come to measure: TMPSTS follows.
    void measure();
    /// The registers have their reset values again.
    void reset() {
        standing_ = 0;
        measure();
    }
    /// TMPALARM was written: LTEMP and HTEMP, if their bytes were, become the history (B14.3).
    void wrote_alarms(const register_access& a);
    /// Value of a read of TMPALARM.
    [[nodiscard]] std::uint32_t read_alarms(const register_access& a);

private:
    struct alarm {
        std::uint32_t flag = 0;   ///< mask in TMPSTS and TMPALARM; 0 = has no place
        std::uint32_t enable = 0; ///< mask in TMPCTL
    };
    enum alarm_index : std::uint8_t { blth, alth, bmth, amth, bhth, ahth };

    void judge(std::uint32_t now);

    switch_core& core_;
    std::array<alarm, 6> alarms_{};
    bool read_clears_;
    unsigned ambient_ = default_half_degrees;
    std::uint32_t standing_ = 0; ///< flags of enabled alarms at the last measurement
};

} // namespace ntb
