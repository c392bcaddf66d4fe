// SPDX-License-Identifier: Apache-2.0
#include "traces/vcd_text.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace ntb::traces {
namespace {

struct binary_table {
    /// Eight digits per byte value, and as many bytes more for the last, shifted load.
    std::array<char, std::size_t{257} * 8> digits{};
    constexpr binary_table() {
        for (unsigned v = 0; v < 256; ++v) {
            for (unsigned i = 0; i < 8; ++i)
                digits[v * 8 + i] = (v >> (7 - i) & 1U) != 0 ? '1' : '0';
        }
    }
};
constexpr binary_table binary;

/// How each byte is spelled: always four bytes to store, of which `size` count.
struct spelling {
    std::array<char, 4> text{};
    std::uint8_t size = 1;
};
constexpr std::array<spelling, 256> spellings = [] {
    std::array<spelling, 256> out{};
    for (unsigned c = 0; c < 256; ++c)
        out[c].text[0] = c > ' ' && c < 0x7f ? static_cast<char>(c) : '?';
    out[' '] = {{'\\', '0', '4', '0'}, 4};
    out['\\'] = {{'\\', '1', '3', '4'}, 4};
    return out;
}();

char* spell(char* out, char c) noexcept {
    const spelling& s = spellings[static_cast<unsigned char>(c)];
    std::memcpy(out, s.text.data(), s.text.size());
    return out + s.size;
}

/// How many bytes from the first on are spelled as they are, 0 to 8. The first byte of a text lies
/// lowest; a borrow can only spoil bytes behind the first that is special.
unsigned plain_bytes(std::uint64_t word) noexcept {
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t tops = 0x8080808080808080U;
    const auto is_zero = [](std::uint64_t w) { return (w - ones) & ~w; };
    const std::uint64_t blank_or_less = (word - ones * 0x21U) & ~word;
    const std::uint64_t special =
        (blank_or_less | word | is_zero(word ^ ones * 0x7FU) | is_zero(word ^ ones * '\\')) & tops;
    return special == 0 ? 8 : static_cast<unsigned>(__builtin_ctzll(special)) / 8;
}

unsigned octal_digit(char c) {
    return static_cast<unsigned>(c - '0');
}

/// Value of a hexadecimal digit, 16 for anything else.
unsigned hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f')
        return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F')
        return static_cast<unsigned>(c - 'A' + 10);
    return 16;
}

} // namespace

char* escape_text(char* out, std::string_view text) noexcept {
    const char* in = text.data();
    const char* const end = in + text.size();
    while (end - in >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, in, 8);
        std::memcpy(out, in, 8);
        const unsigned copied = plain_bytes(word);
        in += copied;
        out += copied;
        if (copied < 8)
            out = spell(out, *in++);
    }
    while (in != end)
        out = spell(out, *in++);
    return out;
}

void unescape_text(std::string_view escaped, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < escaped.size(); ++i) {
        const char c = escaped[i];
        const std::size_t left = escaped.size() - i - 1;
        if (c != '\\' || left == 0) {
            out += c;
            continue;
        }
        const char kind = escaped[i + 1];
        if (left >= 3 && octal_digit(kind) < 4 && octal_digit(escaped[i + 2]) < 8 &&
            octal_digit(escaped[i + 3]) < 8) {
            out += static_cast<char>(octal_digit(kind) << 6U | octal_digit(escaped[i + 2]) << 3U |
                                     octal_digit(escaped[i + 3]));
            i += 3;
        } else if (kind == 'x' && left >= 3 && hex_digit(escaped[i + 2]) < 16 &&
                   hex_digit(escaped[i + 3]) < 16) {
            out += static_cast<char>(hex_digit(escaped[i + 2]) << 4U | hex_digit(escaped[i + 3]));
            i += 3;
        } else {
            out += kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
            ++i;
        }
    }
}

char* put_binary(char* out, std::uint64_t value, unsigned digits) noexcept {
    const unsigned first = digits % 8;
    if (first != 0) {
        digits -= first;
        const char* row = &binary.digits[(value >> digits & 0xffU) * 8];
        std::memcpy(out, row + (8 - first), 8); // the rest is overwritten, or is overrun
        out += first;
    }
    while (digits != 0) {
        digits -= 8;
        std::memcpy(out, &binary.digits[(value >> digits & 0xffU) * 8], 8);
        out += 8;
    }
    return out;
}

} // namespace ntb::traces
