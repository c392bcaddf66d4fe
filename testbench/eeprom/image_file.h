// SPDX-License-Identifier: Apache-2.0
// EEPROM images as files, and what is wrong with one in words.
//
// Threading: none. Errors: config_error.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "testbench/eeprom/image_builder.h"

namespace ntb::eeprom {

/// Whether a file of that name is an image: "*.eeprom" or "*.bin".
[[nodiscard]] bool is_image_name(std::string_view path);

/// Reads a file; an error if it cannot be read or is larger than an EEPROM.
[[nodiscard]] image read_image(const std::string& path);

/// Writes a file; an error if it cannot be written as a whole.
void write_image(const std::string& path, const image& bytes);

/// "type 0xff begins no block": of the fault of a step, for people.
[[nodiscard]] std::string fault_text(const image& bytes, const eeprom_step& step);
/// The fault in one word, as stimulus files have it: "checksum", "cut_off".
[[nodiscard]] std::string_view fault_word(eeprom_fault fault);
/// The fault of that word; empty if there is none.
[[nodiscard]] std::optional<eeprom_fault> fault_of_word(std::string_view word);
/// What to do about it.
[[nodiscard]] std::string_view fault_remedy(eeprom_fault fault);

/// "0x0012".
[[nodiscard]] std::string hex(std::uint32_t value, unsigned digits);

} // namespace ntb::eeprom
