// SPDX-License-Identifier: Apache-2.0
// Registers and their addresses in the global space, both ways (behaviour B1.7).
//
// Units: bytes. Threading: none. Errors: none; what has no name gives an empty one.
#pragma once

#include <cstdint>
#include <string>

#include "model/regs/all_maps.h"
#include "model/types.h"

namespace ntb::eeprom {

// Functions of port p: bridge at p * stride, NT function above it (B1.7). The model says the same
// in switch_core.h, which needs SystemC; a test holds both together.
inline constexpr std::uint32_t port_stride = 0x2000;
inline constexpr std::uint32_t nt_function_offset = 0x1000;

[[nodiscard]] constexpr std::uint32_t nt_register_address(unsigned port, std::uint32_t offset) {
    return port * port_stride + nt_function_offset + offset;
}

/// "SWPART0CTL", "port2.BARSETUP0"; empty if the map has no register in that dword.
[[nodiscard]] std::string register_name(std::uint32_t address);

} // namespace ntb::eeprom
