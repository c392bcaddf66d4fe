// SPDX-License-Identifier: Apache-2.0
// Registers and their addresses in the global space, both ways (behaviour B1.7).
//
// Units: bytes. Threading: none. Errors: none; what has no name gives an empty one.
#pragma once

#include <cstdint>
#include <string>

#include "model/regs/all_maps.h"
#include "model/regs/port_map.h"
#include "model/types.h"

namespace ntb::eeprom {

[[nodiscard]] constexpr std::uint32_t nt_register_address(unsigned port, std::uint32_t offset) {
    return regs::function_base_named("NT_FUNCTION_BASE").of_port(port) + offset;
}

/// "SWPART0CTL", "port2.BARSETUP0"; empty if the map has no register in that dword.
[[nodiscard]] std::string register_name(std::uint32_t address);

} // namespace ntb::eeprom
