// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/words.h"

#include <array>

namespace ntb::regs {

std::string_view word_of(access policy) {
    switch (policy) {
    case access::ro:
        return "ro";
    case access::rw:
        return "rw";
    case access::rw1c:
        return "rw1c";
    case access::rw1s:
        return "rw1s";
    case access::wo:
        return "wo";
    case access::reserved:
        return "reserved";
    }
    return "?";
}

std::string_view word_of(confidence sureness) {
    switch (sureness) {
    case confidence::documented:
        return "documented";
    case confidence::inferred:
        return "inferred";
    case confidence::not_confirmed:
        return "not confirmed";
    }
    return "?";
}

std::string_view word_of(hot_reset behaviour) {
    switch (behaviour) {
    case hot_reset::resets:
        return "resets";
    case hot_reset::keeps:
        return "keeps";
    }
    return "?";
}

std::string upper(std::string_view text) {
    std::string out;
    for (const char c : text)
        out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return out;
}

std::string hex(std::uint32_t value, unsigned digits) {
    constexpr std::string_view numerals = "0123456789ABCDEF";
    std::string out;
    for (unsigned shift = 32; shift > 0;) {
        shift -= 4;
        const std::uint32_t digit = (value >> shift) & 0xFU;
        if (!out.empty() || digit != 0 || shift / 4 < digits)
            out += numerals[digit];
    }
    return "0x" + out;
}

std::string hex_of_width(std::uint32_t value, unsigned bits) {
    return hex(value, (bits + 3) / 4);
}

std::string offset_text(const space& in, std::uint32_t offset) {
    if (offset == unknown_offset)
        return "unknown";
    return hex(offset, in.base + in.bytes > 0x1000 ? 5 : 3);
}

std::string bits_text(const field& f) {
    if (f.msb == f.lsb)
        return std::to_string(f.msb);
    return std::to_string(f.msb) + ":" + std::to_string(f.lsb);
}

std::string width_text(const declared_field& f) {
    if (f.width == 0)
        return "width unknown";
    return f.width == 1 ? "1 bit" : std::to_string(f.width) + " bits";
}

std::vector<std::string> declared_lines(const space& s) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < s.declared_count; ++i)
        out.push_back(std::string(s.declared[i].name) + ": offset unknown");
    for (std::size_t i = 0; i < s.declared_field_count; ++i)
        out.push_back(std::string(s.declared_fields[i].in) + "." +
                      std::string(s.declared_fields[i].name) + ": position unknown");
    return out;
}

std::string family_text(const reg& r) {
    std::string out;
    for (const dimension& d : {r.first, r.second}) {
        if (d.letter == 0)
            continue;
        if (!out.empty())
            out += "; ";
        if (d.count == 0)
            out += std::string(1, d.letter) + " = 0.., number and stride unknown";
        else
            out += std::string(1, d.letter) + " = 0.." + std::to_string(d.count - 1) + ", every " +
                   hex(d.stride, 1);
    }
    return out;
}

std::string other_devices_text(const reg& r) {
    std::string out;
    for (const family_member& device : family)
        if (reset_of(r, device.id) != reset_of(r))
            out += (out.empty() ? "" : ", ") + hex_of_width(reset_of(r, device.id), r.size * 8U) +
                   " in the " + std::string(device.name);
    return out;
}

bool reset_is_uncertain(const reg& r) {
    for (std::size_t i = 0; i < r.field_count(); ++i)
        if (r.fields[i].reset_confidence != confidence::documented)
            return true;
    return false;
}

} // namespace ntb::regs
