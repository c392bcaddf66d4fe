// SPDX-License-Identifier: Apache-2.0
// An EEPROM image as text: every block that can be reached from the start, by jumps taken or not,
// in the order in which they lie, and what is left over.
//
// Units: bytes. Threading: none. Errors: a block that is none is a line of the text.
#pragma once

#include <string>

#include "testbench/eeprom/image_builder.h"

namespace ntb::eeprom {

[[nodiscard]] std::string disassembly(const image& bytes);

} // namespace ntb::eeprom
