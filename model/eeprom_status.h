// SPDX-License-Identifier: Apache-2.0
// How a start from an EEPROM stands: what SMBUSSTS and SWCTL would show if the positions of their
// bits were known (behaviour B15.3, B15.5, B15.9). Plain values.
#pragma once

#include <cstdint>

#include "model/eeprom_blocks.h"

namespace ntb {

enum class eeprom_state : std::uint8_t {
    none,     ///< the switch does not start from an EEPROM
    loading,  ///< held in reset
    done,     ///< EEPROMDONE without EED
    halted,   ///< EEPROMDONE, EED and RSTHALT: held in reset
    released, ///< EED is still set, RSTHALT was cleared
};

struct eeprom_status {
    eeprom_state state = eeprom_state::none;
    eeprom_fault fault = eeprom_fault::none; ///< of halted and released
    std::uint32_t block = 0;                 ///< where in the image the last block began
    std::uint32_t writes = 0;                ///< dwords written
    std::uint32_t unmapped_writes = 0;       ///< of those, to where no register is (URIA)

    /// Whether links may come up.
    [[nodiscard]] constexpr bool out_of_reset() const {
        return state != eeprom_state::loading && state != eeprom_state::halted;
    }
};

} // namespace ntb
