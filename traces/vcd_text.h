// SPDX-License-Identifier: Apache-2.0
// How text and bits are spelled in a VCD body. Text is one token, so blanks and backslashes are
// escaped as three octal digits ("\040"): the spelling that GTKWave, its vcd2fst and Surfer all
// turn back. Bytes that are not printable ASCII become '?'.
// Threading: none. Errors: none; the caller gives enough room.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ntb::traces {

inline constexpr std::size_t max_text = 255; ///< longer texts are cut
/// Worst case of escape_text, which stores up to eight bytes at a time.
inline constexpr std::size_t max_escaped = 4 * max_text + 8;
inline constexpr std::size_t binary_overrun = 8; ///< bytes put_binary may write behind

/// Writes `text` escaped at `out`; returns the end.
char* escape_text(char* out, std::string_view text) noexcept;

/// Undoes escape_text and the other escapes of C ("\\", "\n", "\x20") into `out`.
void unescape_text(std::string_view escaped, std::string& out);

/// Writes the low `digits` (1..64) bits of `value`, most significant first; returns the end.
/// Up to binary_overrun bytes behind the end are overwritten.
char* put_binary(char* out, std::uint64_t value, unsigned digits) noexcept;

/// Writes `value` < 10^8 with its leading zeros; returns the end.
inline char* put_eight_digits(char* out, std::uint32_t value) noexcept {
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    // All digits at once: two numbers below 10^4 in one word, then four below 100, then eight.
    const std::uint64_t fours = value / 10'000 | std::uint64_t{value % 10'000} << 32U;
    const std::uint64_t hundreds = fours * 10486 >> 20U & 0x0000'007F'0000'007FU;
    const std::uint64_t twos = hundreds | (fours - 100 * hundreds) << 16U;
    const std::uint64_t tens = twos * 103 >> 10U & 0x000F'000F'000F'000FU;
    const std::uint64_t digits = (tens | (twos - 10 * tens) << 8U) + 0x0101'0101'0101'0101U * '0';
    std::memcpy(out, &digits, 8);
    return out + 8;
}

} // namespace ntb::traces
