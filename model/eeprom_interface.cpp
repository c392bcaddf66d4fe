// SPDX-License-Identifier: Apache-2.0
#include "model/eeprom_interface.h"

#include "model/regs/sw_refs.h"
#include "model/serial_eeprom.h"
#include "model/switch_core.h"

namespace ntb {

namespace {
constexpr auto space = regs::space_id::sw;
constexpr auto address_field = regs::declared_field_named(space, "EEPROMINTF", "ADDR");
constexpr auto data_field = regs::declared_field_named(space, "EEPROMINTF", "DATA");
constexpr auto operation_field = regs::declared_field_named(space, "EEPROMINTF", "OP");
constexpr auto busy_field = regs::declared_field_named(space, "EEPROMINTF", "BUSY");
constexpr auto done_field = regs::declared_field_named(space, "EEPROMINTF", "DONE");
} // namespace

regs::field_ref eeprom_interface::place(regs::declared_field_id id) const {
    return core_.layout().field(id);
}

void eeprom_interface::written(const register_access& a) {
    if (place(address_field).mask == 0 || place(operation_field).mask == 0 || busy_ ||
        (place(data_field).mask & a.byte_mask) == 0)
        return;
    const std::uint32_t value = core_.bank().get(sw::EEPROMINTF.at());
    const bool reads = place(operation_field).get(value) != 0;
    const auto at = static_cast<std::uint16_t>(place(address_field).get(value));
    if (reads) {
        byte_ = 0xFF;
        (void)eeprom_.read(serial_eeprom::default_address, at, byte_);
    } else {
        byte_ = static_cast<std::uint8_t>(place(data_field).get(value));
        (void)eeprom_.write(serial_eeprom::default_address, at, byte_);
    }
    core_.bank().set_field(sw::EEPROMINTF.at(), place(done_field), 0);
    const std::uint64_t takes_ps = reads
                                       ? std::uint64_t{timing_.smbus_command_ns} * 1'000U
                                       : std::uint64_t{timing_.smbus_eeprom_write_us} * 1'000'000U;
    busy_ = true;
    if (takes_ps == 0)
        return end();
    core_.bank().set_field(sw::EEPROMINTF.at(), place(busy_field), 1);
    due_.notify(sc_core::sc_time::from_value(takes_ps));
}

void eeprom_interface::end() {
    busy_ = false;
    core_.bank().set_field(sw::EEPROMINTF.at(), place(data_field), byte_);
    core_.bank().set_field(sw::EEPROMINTF.at(), place(busy_field), 0);
    core_.bank().set_field(sw::EEPROMINTF.at(), place(done_field), 1);
}

void eeprom_interface::take_over() {
    if (core_.bank().get_field(sw::EEPROMINTF.at(), place(busy_field)) == 0)
        return;
    byte_ = 0xFF;
    end();
}

void eeprom_interface::reset() {
    busy_ = false;
    due_.cancel();
}

} // namespace ntb
