// SPDX-License-Identifier: Apache-2.0
// Values of vectors as people read them. Pure; nothing fails.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <string>

namespace ntb::traces {

/// "0x1f": as many lower-case digits as the value needs.
[[nodiscard]] inline std::string hex_text(std::uint64_t value) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
    return "0x" + std::string(digits.data(), end);
}

} // namespace ntb::traces
