// SPDX-License-Identifier: Apache-2.0
// EEPROMINTF: a root complex reads and writes the configuration EEPROM byte by byte. It sets ADDR
// and OP, looks that BUSY is 0, and writes DATA, which starts the access; at its end BUSY is 0 and
// DONE is set (B15.7, of sister switches).
//
// None of these fields has a known position: the register is plain storage, and does something only
// where the topology's [layout] places ADDR, OP and DATA.
//
// Not confirmed:
//   - OP 1 is a read, 0 a write; writing any bit of DATA starts it, with ADDR and OP as they are
//     after that write;
//   - DATA written while BUSY is set starts nothing (what the device does then is undefined);
//   - what the EEPROM does not answer (there is none, or it is busy with a byte that the slave
//     SMBus wrote) reads as all ones and is otherwise a usual end;
//   - the EEPROM is the one at its usual address; a byte takes as long to read as a command of the
//     slave SMBus, and to write as long as the EEPROM is busy (timing_config).
//
// Units: bytes. Threading: the SystemC thread; nothing waits, nothing is allocated. Errors: none.
#pragma once

#include <cstdint>
#include <systemc>

#include "model/config.h"
#include "model/register_layout.h"

namespace ntb {

class serial_eeprom;
class switch_core;
struct register_access;

class eeprom_interface {
public:
    eeprom_interface(switch_core& core, serial_eeprom& eeprom, const timing_config& timing)
        : core_(core), eeprom_(eeprom), timing_(timing) {}

    /// EEPROMINTF was written.
    void written(const register_access& a);
    /// Notified when an access is over; then end() is to be called.
    [[nodiscard]] sc_core::sc_event& due() { return due_; }
    void end();
    /// The other part of the switch, which executed this, has left (other_part.h): what was under
    /// way there is over.
    void take_over();
    /// The register has its reset value again: nothing is under way any more.
    void reset();

private:
    [[nodiscard]] regs::field_ref place(regs::declared_field_id id) const;

    switch_core& core_;
    serial_eeprom& eeprom_;
    const timing_config& timing_;
    bool busy_ = false;
    std::uint8_t byte_ = 0; ///< that DATA shows at the end
    sc_core::sc_event due_;
};

} // namespace ntb
