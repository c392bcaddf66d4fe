// SPDX-License-Identifier: Apache-2.0
// The serial EEPROM on the master SMBus of the switch: bytes, an address, and the time that it is
// busy after a write, in which it answers nothing (B16.3).
//
// The load of a configuration has its own view of the image (eeprom_loader.h): it is over before
// anybody can write here.
//
// Units: bytes; picoseconds. Threading: the SystemC thread. Nothing is allocated after
// construction. Errors: false = it does not acknowledge.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/config.h"
#include "model/core_clock.h"
#include "model/eeprom_blocks.h"

namespace ntb {

class serial_eeprom {
public:
    /// The address that the Linux driver takes if it is told none (B16.3).
    static constexpr std::uint8_t default_address = 0x50;

    serial_eeprom(const eeprom_config& config, const timing_config& timing)
        : write_ps_(std::uint64_t{timing.smbus_eeprom_write_us} * 1'000'000U) {
        // Behind the image it is blank.
        if (config.present && !config.image.empty()) {
            bytes_ = config.image;
            bytes_.resize(eeprom_max_bytes, 0xFF);
        }
    }

    [[nodiscard]] bool read(std::uint8_t address, std::uint16_t at, std::uint8_t& out) const {
        if (!answers(address))
            return false;
        out = bytes_[at];
        return true;
    }
    [[nodiscard]] bool write(std::uint8_t address, std::uint16_t at, std::uint8_t value) {
        if (!answers(address))
            return false;
        bytes_[at] = value;
        busy_until_ps_ = core_clock::now_ps() + write_ps_;
        return true;
    }

private:
    [[nodiscard]] bool answers(std::uint8_t address) const {
        return !bytes_.empty() && address == default_address &&
               core_clock::now_ps() >= busy_until_ps_;
    }

    std::vector<std::uint8_t> bytes_{}; ///< empty = there is none
    std::uint64_t write_ps_;
    std::uint64_t busy_until_ps_ = 0;
};

} // namespace ntb
