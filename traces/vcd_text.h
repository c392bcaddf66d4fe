// SPDX-License-Identifier: Apache-2.0
// How text and bits are spelled in a VCD body. Text is one token, so blanks and backslashes are
// escaped as three octal digits ("\040"): the spelling that GTKWave, its vcd2fst and Surfer all
// turn back. Bytes that are not printable ASCII become '?'.
// Threading: none. Errors: none; the caller gives enough room.
#pragma once

#include <array>
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

namespace detail {
inline constexpr std::array<char, 200> two_digits = [] {
    std::array<char, 200> out{};
    for (unsigned i = 0; i < 100; ++i) {
        out[2 * i] = static_cast<char>('0' + i / 10);
        out[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return out;
}();
} // namespace detail

/// Writes `value` < 10^8 with its leading zeros; returns the end.
inline char* put_eight_digits(char* out, std::uint32_t value) noexcept {
    const std::uint32_t upper = value / 10'000;
    const std::uint32_t lower = value % 10'000;
    const auto pair = [](char* at, std::uint32_t n) {
        std::memcpy(at, &detail::two_digits[std::size_t{2} * n], 2);
    };
    pair(out, upper / 100);
    pair(out + 2, upper % 100);
    pair(out + 4, lower / 100);
    pair(out + 6, lower % 100);
    return out + 8;
}

} // namespace ntb::traces
