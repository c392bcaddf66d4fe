// SPDX-License-Identifier: Apache-2.0
// SystemRDL 2.0 (Accellera). How the map is said in it:
//  - one addrmap a space; families are arrays and regfiles (families.h);
//  - access: ro `sw = r; hw = w`, rw `sw = rw; hw = r`, rw1c `onwrite = woclr` and rw1s
//    `onwrite = woset` (both `sw = rw; hw = rw`), wo `sw = w; hw = r`, reserved `sw = r; hw = na`;
//  - resets: the reset value is that of both kinds; `resetsignal` names the one that reaches the
//    field: fundamental_reset where a hot reset keeps it (sticky), any_reset otherwise;
//  - what has no known place is defined and has no instance: a register (named by its pattern, as
//    an instance would be) in its space, a field in its register;
//  - what the language has no word for is a property of ours, ntb_...: all are declared at the top
//    of the file with a comment.
#include "testbench/regs/export.h"
#include "testbench/regs/families.h"
#include "testbench/regs/words.h"

namespace ntb::regs {

namespace systemrdl {
namespace {

constexpr std::string_view preamble =
    R"(// SPDX-License-Identifier: Apache-2.0
// Registers of the 89HPES24NT6AG2, generated from the model's register map
// (ntbsim regs export --format systemrdl). One address map a register space.

// The map's name of the register; {n} and {x} stand for the indices of a family.
property ntb_name { type = string; component = reg; };
// Which of these indices an array counts.
property ntb_index { type = string; component = reg | regfile; };
// Where the facts are from, which statements of docs/reference/behaviour.md tell what the register
// does, and how sure that is: "documented", "inferred" or "not confirmed".
property ntb_source { type = string; component = reg | field; };
property ntb_behaviour { type = string; component = reg; };
property ntb_confidence { type = string; component = reg; };
// Accesses of less than 32 bits are ignored.
property ntb_dword_only { type = boolean; component = reg; };
// How sure the reset value is.
property ntb_reset_confidence { type = string; component = field; };
// Registers whose address and fields whose position no source tells are defined without an instance.
)";

/// A string literal.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + '"';
}

class writer {
public:
    void open(std::string_view component) { line(std::string(component) + " {"); }
    void close(const std::string& instance) {
        --depth_;
        line("}" + (instance.empty() ? instance : " " + instance) + ";");
    }
    /// A statement; one that ends in "{" indents what follows.
    void line(const std::string& text) {
        out_.append(std::size_t{2} * depth_, ' ').append(text).append(1, '\n');
        if (text.back() == '{')
            ++depth_;
    }
    void property(std::string_view name, std::string_view text) {
        if (!text.empty())
            line(std::string(name) + " = " + quoted(text) + ";");
    }
    void blank() { out_ += '\n'; }
    [[nodiscard]] const std::string& text() const { return out_; }

private:
    std::string out_{};
    unsigned depth_ = 0;
};

std::string_view access_text(access policy) {
    switch (policy) {
    case access::ro:
        return "sw = r; hw = w;";
    case access::rw:
        return "sw = rw; hw = r;";
    case access::rw1c:
        return "sw = rw; hw = rw; onwrite = woclr;";
    case access::rw1s:
        return "sw = rw; hw = rw; onwrite = woset;";
    case access::wo:
        return "sw = w; hw = r;";
    case access::reserved:
        break;
    }
    return "sw = r; hw = na;";
}

void write_field_facts(writer& out, std::string_view gloss, access policy, hot_reset on_hot_reset,
                       confidence reset_confidence) {
    out.property("desc", gloss);
    out.line(std::string(access_text(policy)));
    out.line(on_hot_reset == hot_reset::keeps ? "resetsignal = fundamental_reset;"
                                              : "resetsignal = any_reset;");
    out.property("ntb_reset_confidence", word_of(reset_confidence));
}

void write_field(writer& out, const field& f) {
    out.open("field");
    write_field_facts(out, f.gloss, f.policy, f.on_hot_reset, f.reset_confidence);
    out.close(std::string(f.name) + "[" + std::to_string(f.msb) + ":" + std::to_string(f.lsb) +
              "] = " + hex_of_width(f.reset, f.msb - f.lsb + 1U));
}

void write_declared_field(writer& out, const declared_field& f) {
    out.open("field " + std::string(f.name));
    write_field_facts(out, f.gloss, f.policy, f.on_hot_reset, f.reset_confidence);
    out.property("ntb_source", f.source);
    if (f.width != 0)
        out.line("fieldwidth = " + std::to_string(f.width) + ";");
    out.line("reset = " + hex(f.reset, 1) + ";");
    out.close("");
}

/// "NAME @ 0x400", "NAME[4] @ 0x430 += 0x4".
std::string placed(const family_node& n) {
    std::string out = n.name;
    if (n.is_array())
        out += "[" + std::to_string(n.array.count) + "]";
    out += " @ " + hex(n.offset, 3);
    if (n.is_array())
        out += " += " + hex(n.array.stride, 1);
    return out;
}

void write_register_body(writer& out, const space& s, const reg& r, std::string_view label) {
    out.property("ntb_name", label);
    out.property("desc", r.description);
    out.line("regwidth = " + std::to_string(r.size * 8U) + ";");
    out.property("ntb_source", r.source);
    out.property("ntb_behaviour", r.behaviour);
    out.property("ntb_confidence", word_of(r.sureness));
    if (r.dword_only)
        out.line("ntb_dword_only = true;");
    for_each_declared_field(s, r,
                            [&out](const declared_field& f) { write_declared_field(out, f); });
    for (std::size_t i = 0; i < r.field_count(); ++i)
        write_field(out, r.fields[i]);
}

void write_declared_register(writer& out, const space& s, const reg& r) {
    out.open("reg " + identifier_of(r));
    write_register_body(out, s, r, r.name);
    out.close("");
}

void write_node(writer& out, const space& s, const family_node& n) {
    out.open(n.row == nullptr ? "regfile" : "reg");
    if (n.is_array())
        out.property("ntb_index", std::string_view(&n.array.letter, 1));
    if (n.row != nullptr)
        write_register_body(out, s, *n.row, n.label);
    for (const family_node& child : n.children)
        write_node(out, s, child);
    out.close(placed(n));
}

void write_space(writer& out, const space& s) {
    out.blank();
    out.open("addrmap ntb_" + std::string(s.name));
    out.property("name", s.title);
    out.property("desc", s.reached_by);
    out.line("littleendian;");
    out.line("signal { desc = \"Fundamental reset (its polarity here is not the pin's)\"; "
             "activehigh; } fundamental_reset;");
    out.line("signal { desc = \"Fundamental or hot reset\"; activehigh; } any_reset;");
    for (std::size_t i = 0; i < s.declared_count; ++i)
        write_declared_register(out, s, s.declared[i]);
    for (const family_node& n : families_of(s))
        write_node(out, s, n);
    out.close("");
}

} // namespace
} // namespace systemrdl

std::string export_systemrdl() {
    using namespace systemrdl;
    writer out;
    for (const space& s : spaces)
        write_space(out, s);
    return std::string(preamble) + out.text();
}

} // namespace ntb::regs
