// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/export.h"
#include "testbench/regs/families.h"
#include "testbench/regs/words.h"

namespace ntb::regs {

namespace {

std::string symbol(const space& s, const reg& r) {
    return "NTB_" + upper(s.name) + "_" + identifier_of(r);
}

std::string define(const std::string& name, const std::string& value) {
    return "#define " + name + " " + value + "\n";
}

std::string offset_define(const space& s, const reg& r) {
    const std::string base = offset_text(s, r.offset) + "U";
    if (r.first.letter == 0)
        return define(symbol(s, r), base);
    std::string parameters(1, r.first.letter);
    std::string sum = base + " + " + hex(r.first.stride, 1) + "U * (" + parameters + ")";
    if (r.second.letter != 0) {
        const std::string second(1, r.second.letter);
        parameters += ", " + second;
        sum += " + " + hex(r.second.stride, 1) + "U * (" + second + ")";
    }
    return define(symbol(s, r) + "(" + parameters + ")", "(" + sum + ")");
}

/// What has no offset or position is named, so that nobody looks for it in vain.
std::string declared_comment(const space& s) {
    std::string out;
    for (const std::string& line : declared_lines(s))
        out += "/* " + line + " */\n";
    return out.empty() ? out : "\n" + out;
}

} // namespace

std::string export_c_header() {
    std::string out = "/* SPDX-License-Identifier: Apache-2.0 */\n"
                      "/* Registers of the 89HPES24NT6AG2, generated from the model's register "
                      "map\n * (ntbsim regs export --format c-header). Masks and shifts are those "
                      "of the register\n * itself: a 16-bit register's begin at its own bit 0. "
                      "*/\n"
                      "#ifndef NTB_REGISTERS_H\n#define NTB_REGISTERS_H\n";
    out += "\n/* Where the functions of port p begin in the global address space */\n";
    for (const function_base& b : function_bases) {
        const std::string name = "NTB_" + std::string(b.name);
        if (b.offset == unknown_offset)
            out += "/* " + std::string(b.name) + ": offset unknown */\n";
        else
            out += define(name + "(p)",
                          "(" + hex(b.offset, 5) + "U + " + hex(b.stride, 1) + "U * (p))");
    }
    for (const space& s : spaces) {
        out += "\n/* " + std::string(s.title) + " */\n";
        for (const reg& r : s) {
            const std::string name = symbol(s, r);
            out += "\n" + offset_define(s, r);
            out += define(name + "_SIZE", std::to_string(r.size));
            out += define(name + "_RESET", hex_of_width(reset_of(r), r.size * 8U) + "U");
            if (r.first.letter != 0)
                out += define(name + "_COUNT", std::to_string(r.first.count * r.second.count));
            for (std::size_t i = 0; i < r.field_count(); ++i) {
                const field& f = r.fields[i];
                const std::string prefix = name + "_" + std::string(f.name);
                out += define(prefix + "_MASK", hex_of_width(f.mask(), r.size * 8U) + "U");
                out += define(prefix + "_SHIFT", std::to_string(f.lsb));
            }
        }
        out += declared_comment(s);
    }
    return out + "\n#endif\n";
}

} // namespace ntb::regs
