// SPDX-License-Identifier: Apache-2.0
#include "model/tlp_text.h"

#include <algorithm>
#include <cstring>

namespace ntb {

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
    constexpr std::string_view letters = "0123456789abcdef";
    unsigned needed = std::clamp(digits, 1U, 16U);
    while (needed < 16 && (value >> (needed * 4U)) != 0)
        ++needed;
    std::array<char, 18> text{'0', 'x'};
    for (unsigned i = needed; i != 0; --i, value >>= 4U)
        text[1 + i] = letters[value & 0xFU];
    return add({text.data(), 2U + needed});
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
