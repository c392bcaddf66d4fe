// SPDX-License-Identifier: Apache-2.0
// The words and numbers in which every listing and export speaks of registers, so that they agree.
// Pure functions; nothing fails.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/regs/all_maps.h"

namespace ntb::regs {

[[nodiscard]] std::string_view word_of(access policy);
[[nodiscard]] std::string_view word_of(confidence sureness);
[[nodiscard]] std::string_view word_of(hot_reset behaviour);

/// With ASCII letters in upper case.
[[nodiscard]] std::string upper(std::string_view text);

/// "0x" and at least `digits` upper-case hexadecimal digits.
[[nodiscard]] std::string hex(std::uint32_t value, unsigned digits);

/// The value with as many digits as `bits` bits need.
[[nodiscard]] std::string hex_of_width(std::uint32_t value, unsigned bits);

/// An offset of the space with the digits that its addresses need; "unknown" of a declared
/// register.
[[nodiscard]] std::string offset_text(const space& in, std::uint32_t offset);

/// "31:10", or "3" for one bit.
[[nodiscard]] std::string bits_text(const field& f);

/// "3 bits", "1 bit", "width unknown" of a field without a known position.
[[nodiscard]] std::string width_text(const declared_field& f);

/// "P2PSDATA: offset unknown", "SWCTL.RSTHALT: position unknown": one line for each declared
/// register and field of the space.
[[nodiscard]] std::vector<std::string> declared_lines(const space& s);

/// "n = 0..5, every 0x10"; empty where the row is no family.
[[nodiscard]] std::string family_text(const reg& r);
/// Reset values in other members of the device family: "0x808F in the 89HPES32NT8AG2, ...".
[[nodiscard]] std::string other_devices_text(const reg& r);

/// Is the reset value of a field of this register uncertain?
[[nodiscard]] bool reset_is_uncertain(const reg& r);

} // namespace ntb::regs
