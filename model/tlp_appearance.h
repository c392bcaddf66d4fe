// SPDX-License-Identifier: Apache-2.0
// A TLP as a reader of a waveform wants it: "MWr bar0+0x0420 OUTDBELLSET 4B 0x00000001", "MRd
// bar0+0x0428 INDBELLSTS 4B tag 7" and its "CplD 4B tag 7 0x00000001" (kind, address, name of the
// register where there is one, bytes, tag of what is completed, data).
//
// The model fills in plain data, which is cheap; whoever records it makes the text, where and when
// it suits him and in his own spelling. Nothing is allocated. Threading: none. Errors: none.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ntb {

/// What a TLP is, and by that which of the other data are shown.
enum class tlp_head : std::uint8_t {
    bar_write, ///< into a BAR: bar, address, name, length
    bar_read,  ///< and tag
    config_write,
    config_read,
    dma_config_write,
    dma_config_read,
    memory_write, ///< by address, towards the host
    memory_read,
    routed_config_write, ///< address: requester ID of the target << 12 | offset
    routed_config_read,
    completion_with_data,
    completion,
    completion_refused,
    msi
};

struct tlp_appearance {
    const char* name = nullptr; ///< of a register, in static memory
    std::uint64_t address = 0;
    std::uint64_t data = 0; ///< as a little-endian number
    std::uint32_t length = 0;
    tlp_head head = tlp_head::memory_write;
    std::uint8_t name_size = 0;
    std::uint8_t bar = 0;
    std::uint8_t tag = 0;
    std::uint8_t data_bytes = 0; ///< of data: at least so many are shown
    bool has_data = false;
    bool has_more_data = false; ///< than is shown
    bool poisoned = false;

    /// `text` lives as long as the program.
    void set_name(std::string_view text) {
        name = text.data();
        name_size = static_cast<std::uint8_t>(std::min<std::size_t>(text.size(), 32));
    }
    /// Up to the first 8 bytes of a payload, as a register reads.
    void set_data(const unsigned char* bytes, std::uint32_t size) {
        const std::uint32_t n = std::min(size, 8U);
        data = 0;
        if (n == 4)
            data = std::uint32_t{bytes[0]} | std::uint32_t{bytes[1]} << 8U |
                   std::uint32_t{bytes[2]} << 16U | std::uint32_t{bytes[3]} << 24U;
        else
            for (std::uint32_t i = 0; i < n; ++i)
                data |= static_cast<std::uint64_t>(bytes[i]) << (i * 8U);
        data_bytes = static_cast<std::uint8_t>(n);
        has_data = true;
        has_more_data = size > n;
    }
    [[nodiscard]] std::string_view name_text() const { return {name, name_size}; }
};

/// Whether both make the same text.
[[nodiscard]] inline bool operator==(const tlp_appearance& a, const tlp_appearance& b) {
    return a.address == b.address && a.data == b.data && a.length == b.length && a.head == b.head &&
           a.bar == b.bar && a.tag == b.tag && a.data_bytes == b.data_bytes &&
           a.has_data == b.has_data && a.has_more_data == b.has_more_data &&
           a.poisoned == b.poisoned && a.name_text() == b.name_text();
}

/// How put_tlp spells a blank where nothing forbids one.
struct plain_blank {
    static constexpr std::string_view text = " ";
};

namespace detail {

struct spelled_head {
    std::array<char, 24> text{};
    std::uint8_t size = 0;
    std::uint8_t address_digits = 0; ///< at least; 0 = no address
    bool has_bar = false;
    bool has_length = false;
    bool has_tag = false;
};

template <class Blank>
inline constexpr std::array<spelled_head, 14> spelled_heads = [] {
    std::array<spelled_head, 14> out{};
    const auto spell = [&out](tlp_head head, std::string_view words, unsigned digits,
                              bool has_length, bool has_tag) {
        spelled_head& h = out[static_cast<std::size_t>(head)];
        for (const char c : words) {
            if (c != ' ')
                h.text[h.size++] = c;
            else
                for (const char b : Blank::text)
                    h.text[h.size++] = b;
        }
        h.address_digits = static_cast<std::uint8_t>(digits);
        h.has_bar = words.back() == 'r';
        h.has_length = has_length;
        h.has_tag = has_tag;
    };
    spell(tlp_head::bar_write, "MWr bar", 4, true, false);
    spell(tlp_head::bar_read, "MRd bar", 4, true, true);
    spell(tlp_head::config_write, "CfgWr 0x", 3, true, true);
    spell(tlp_head::config_read, "CfgRd 0x", 3, true, true);
    spell(tlp_head::dma_config_write, "CfgWr DMA 0x", 3, true, true);
    spell(tlp_head::dma_config_read, "CfgRd DMA 0x", 3, true, true);
    spell(tlp_head::memory_write, "MWr 0x", 8, true, false);
    spell(tlp_head::memory_read, "MRd 0x", 8, true, true);
    spell(tlp_head::routed_config_write, "CfgWr 0x", 0, true, true);
    spell(tlp_head::routed_config_read, "CfgRd 0x", 0, true, true);
    spell(tlp_head::completion_with_data, "CplD", 0, true, true);
    spell(tlp_head::completion, "Cpl", 0, false, true);
    spell(tlp_head::completion_refused, "Cpl UR", 0, false, true);
    spell(tlp_head::msi, "MSI 0x", 8, false, false);
    return out;
}();

/// Eight digits of `value`, the most significant first in memory.
[[nodiscard]] inline std::uint64_t eight_hex_digits(std::uint32_t value) noexcept {
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    constexpr std::uint64_t ones = 0x0101010101010101U;
    std::uint64_t x = __builtin_bswap32(value);
    x = (x | x << 16U) & 0x0000FFFF0000FFFFU;
    x = (x | x << 8U) & 0x00FF00FF00FF00FFU;
    x = (x >> 4U & 0x000F000F000F000FU) | (x & 0x000F000F000F000FU) << 8U;
    const std::uint64_t letters = (x + ones * 6) >> 4U & ones;
    return x + ones * '0' + letters * ('a' - '0' - 10);
}

/// At least `digits` hexadecimal digits; writes up to 15 bytes more than that.
[[nodiscard]] inline char* put_hex(char* out, std::uint64_t value, unsigned digits) noexcept {
    const unsigned significant = (67U - static_cast<unsigned>(__builtin_clzll(value | 1))) / 4U;
    const unsigned n = std::max(digits, significant);
    value <<= 64U - 4 * n;
    const std::uint64_t upper = eight_hex_digits(static_cast<std::uint32_t>(value >> 32U));
    std::memcpy(out, &upper, 8);
    if (n > 8) {
        const std::uint64_t lower = eight_hex_digits(static_cast<std::uint32_t>(value));
        std::memcpy(out + 8, &lower, 8);
    }
    return out + n;
}

[[nodiscard]] inline char* put_decimal(char* out, std::uint32_t value) noexcept {
    if (value < 10) {
        *out = static_cast<char>('0' + value);
        return out + 1;
    }
    unsigned n = 1;
    for (std::uint32_t left = value / 10; left != 0; left /= 10)
        ++n;
    char* const end = out + n;
    for (char* at = end; at != out; value /= 10)
        *--at = static_cast<char>('0' + value % 10);
    return end;
}

/// Up to 32 bytes, without reading behind them.
[[nodiscard]] inline char* put_name(char* out, const char* name, std::size_t size) noexcept {
    if (size >= 16) {
        std::memcpy(out, name, 16);
        std::memcpy(out + size - 16, name + size - 16, 16);
    } else if (size >= 8) {
        std::memcpy(out, name, 8);
        std::memcpy(out + size - 8, name + size - 8, 8);
    } else if (size >= 4) {
        std::memcpy(out, name, 4);
        std::memcpy(out + size - 4, name + size - 4, 4);
    } else {
        for (std::size_t i = 0; i < size; ++i)
            out[i] = name[i];
    }
    return out + size;
}

} // namespace detail

/// Bytes that put_tlp may write.
template <class Blank>
inline constexpr std::size_t tlp_room = 144 + 8 * (Blank::text.size() - 1);

/// Writes the text of `t` at `out`; returns its end.
template <class Blank>
[[nodiscard]] char* put_tlp(char* out, const tlp_appearance& t) noexcept {
    using namespace detail;
    const auto put = [&out](std::string_view constant) {
        std::memcpy(out, constant.data(), constant.size());
        out += constant.size();
    };
    const spelled_head& head = spelled_heads<Blank>[static_cast<std::size_t>(t.head)];
    std::memcpy(out, head.text.data(), head.text.size());
    out += head.size;
    if (head.has_bar) {
        *out++ = static_cast<char>('0' + t.bar);
        put("+0x");
    }
    if (head.address_digits != 0) {
        out = put_hex(out, t.address, head.address_digits);
    } else if (t.head == tlp_head::routed_config_write || t.head == tlp_head::routed_config_read) {
        const auto target = static_cast<unsigned>(t.address >> 12U);
        out = put_hex(out, target >> 8U, 2);
        *out++ = ':';
        out = put_decimal(out, target >> 3U & 0x1FU);
        *out++ = '.';
        out = put_decimal(out, target & 7U);
        put("+0x");
        out = put_hex(out, t.address & 0xFFFU, 3);
    }
    if (t.name_size != 0) {
        put(Blank::text);
        out = put_name(out, t.name, t.name_size);
    }
    if (head.has_length) {
        put(Blank::text);
        out = put_decimal(out, t.length);
        *out++ = 'B';
    }
    if (head.has_tag) {
        put(Blank::text);
        put("tag");
        put(Blank::text);
        out = put_decimal(out, t.tag);
    }
    if (t.poisoned) {
        put(Blank::text);
        put("EP");
    }
    if (t.has_data) {
        put(Blank::text);
        put("0x");
        out = put_hex(out, t.data, 2U * t.data_bytes);
        if (t.has_more_data)
            put("...");
    }
    return out;
}

} // namespace ntb
