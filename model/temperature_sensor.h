// SPDX-License-Identifier: Apache-2.0
// The on-die temperature sensor: current, lowest and highest value, adjustment (B14.1 to B14.3).
// Units: half degrees Celsius, 0..255. Conversion is instantaneous (B14.4: interval unknown).
#pragma once

#include <cstdint>

namespace ntb {

class switch_core;

class temperature_sensor {
public:
    /// What the sensor measures until somebody says otherwise: 45 degC (assumed).
    static constexpr unsigned default_half_degrees = 90;

    explicit temperature_sensor(switch_core& core) : core_(core) {}

    /// New temperature of the die, clamped to 0..255.
    void set(unsigned half_degrees);
    /// TMPCTL or TMPADJ changed, or time has come to measure: TMPSTS follows.
    void measure();
    /// TMPALARM was written: its LTEMP and HTEMP become the history (B14.3).
    void load_history();

private:
    switch_core& core_;
    unsigned ambient_ = default_half_degrees;
};

} // namespace ntb
