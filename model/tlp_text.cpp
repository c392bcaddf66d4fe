// SPDX-License-Identifier: Apache-2.0
#include "model/tlp_text.h"

#include <algorithm>
#include <cstring>

namespace ntb {

namespace {

/// Both digits of each byte.
constexpr std::array<char, 512> bytes_in_hex = [] {
    constexpr std::string_view letters = "0123456789abcdef";
    std::array<char, 512> out{};
    for (unsigned b = 0; b < 256; ++b) {
        out[b * 2] = letters[b >> 4U];
        out[b * 2 + 1] = letters[b & 0xFU];
    }
    return out;
}();

} // namespace

tlp_text& tlp_text::add(std::string_view s) {
    const std::size_t n = std::min(s.size(), buffer_.size() - used_);
    std::memcpy(buffer_.data() + used_, s.data(), n);
    used_ += n;
    return *this;
}

tlp_text& tlp_text::add(char c) {
    if (used_ < buffer_.size())
        buffer_[used_++] = c;
    return *this;
}

tlp_text& tlp_text::decimal(std::uint32_t value) {
    if (value < 10)
        return add(static_cast<char>('0' + value));
    std::array<char, 10> digits{};
    std::size_t n = 0;
    do {
        digits[n++] = static_cast<char>('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (n != 0)
        add(digits[--n]);
    return *this;
}

tlp_text& tlp_text::hex(std::uint64_t value, unsigned digits) {
    const unsigned significant =
        value == 0 ? 1U : (67U - static_cast<unsigned>(__builtin_clzll(value))) / 4U;
    const unsigned n = std::max(std::min(digits, 16U), significant);
    std::array<char, 18> text; // NOLINT(*-member-init): written before it is read
    text[0] = '0';
    text[1] = 'x';
    unsigned at = n + 2;
    for (; at >= 4; at -= 2, value >>= 8U)
        std::memcpy(&text[at - 2], &bytes_in_hex[(value & 0xFFU) * 2], 2);
    if (at == 3)
        text[2] = bytes_in_hex[(value & 0xFU) * 2 + 1];
    return add({text.data(), 2U + n});
}

tlp_text& tlp_text::data(const unsigned char* bytes, std::uint32_t length) {
    const std::uint32_t n = std::min(length, 8U);
    std::uint64_t value = 0;
    for (std::uint32_t i = 0; i < n; ++i)
        value |= static_cast<std::uint64_t>(bytes[i]) << (i * 8U);
    hex(value, n * 2);
    return length > n ? add("...") : *this;
}

} // namespace ntb
