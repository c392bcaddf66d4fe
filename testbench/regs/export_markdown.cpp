// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/export.h"
#include "testbench/regs/words.h"

namespace ntb::regs {

namespace {

/// Text that stands in a cell of a Markdown table.
std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|' || c == '<' || c == '*')
            out += '\\';
        out += c;
    }
    return out;
}

std::string reset_cell(const reg& r) {
    return hex_of_width(reset_of(r), r.size * 8U) + (reset_is_uncertain(r) ? "?" : "");
}

std::string anchor_name(std::string_view pattern) {
    std::string out;
    for (const char c : pattern)
        if (c != '{' && c != '}')
            out += c;
    return out;
}

std::string overview(const space& s) {
    std::string out = "| offset | name | bits | reset | description |\n|---|---|---|---|---|\n";
    for (const reg& r : s) {
        const std::string family = family_text(r);
        out += "| " + offset_text(s, r.offset) + (family.empty() ? "" : " (" + family + ")") +
               " | [" + std::string(r.name) + "](#" + std::string(s.name) + "-" +
               anchor_name(r.name) + ") | " + std::to_string(r.size * 8U) + " | " + reset_cell(r) +
               " | " + cell(r.description) + " |\n";
    }
    for (std::size_t i = 0; i < s.declared_count; ++i) {
        const reg& r = s.declared[i];
        out += "| unknown | [" + std::string(r.name) + "](#" + std::string(s.name) + "-" +
               anchor_name(r.name) + ") | " + std::to_string(r.size * 8U) + " | unknown | " +
               cell(r.description) + " |\n";
    }
    return out + '\n';
}

std::string function_table() {
    std::string out = "## Functions in the global space\n\n"
                      "| base of port p | name | bytes | source | description |\n"
                      "|---|---|---|---|---|\n";
    for (const function_base& b : function_bases) {
        const bool placed = b.offset != unknown_offset;
        out += "| " + (placed ? hex(b.offset, 5) + " + p \\* " + hex(b.stride, 1) : "unknown") +
               " | " + std::string(b.name) + " | " + hex(b.bytes, 4) + " | " + cell(b.source) +
               " (" + std::string(word_of(b.sureness)) + ") | " + cell(b.description) + " |\n";
    }
    return out + '\n';
}

std::string details(const space& s, const reg& r) {
    std::string out = "<a id=\"" + std::string(s.name) + "-" + anchor_name(r.name) + "\"></a>\n";
    out += "### " + std::string(r.name) + "\n\n" + cell(r.description) + ".\n\n";
    const bool mapped = r.offset != unknown_offset;
    out += mapped ? "Offset " + offset_text(s, r.offset) : "Declared, not mapped: offset unknown";
    if (const std::string family = family_text(r); !family.empty())
        out += " (" + family + ")";
    out += ", " + std::to_string(r.size * 8U) + " bits";
    if (r.dword_only)
        out += ", dword accesses only";
    out += "; " + std::string(word_of(r.sureness)) + ". Source: " + cell(r.source) + ".";
    if (const std::string others = other_devices_text(r); !others.empty())
        out += " Reset value " + others + ".";
    out += r.behaviour.empty() ? " Storage only.\n\n"
                               : " Behaviour: " + std::string(r.behaviour) + ".\n\n";
    out += "| bits | field | access | reset | hot reset | |\n|---|---|---|---|---|---|\n";
    for (std::size_t i = r.field_count(); i-- > 0;) {
        const field& f = r.fields[i];
        const bool sure = f.reset_confidence == confidence::documented;
        out += "| " + bits_text(f) + " | " + std::string(f.name) + " | " +
               std::string(word_of(f.policy)) + " | " + hex_of_width(f.reset, f.msb - f.lsb + 1U) +
               (sure ? "" : "?") + " | " + std::string(word_of(f.on_hot_reset)) + " | " +
               cell(f.gloss) + " |\n";
    }
    for_each_declared_field(s, r, [&out](const declared_field& f) {
        const unsigned bits = f.width == 0 ? 1U : f.width;
        out += "| unknown | " + std::string(f.name) + " | " + std::string(word_of(f.policy)) +
               " | " + hex_of_width(f.reset, bits) +
               (f.reset_confidence == confidence::documented ? "" : "?") + " | " +
               std::string(word_of(f.on_hot_reset)) + " | " + cell(f.gloss) + " (" + width_text(f) +
               "; " + cell(f.source) + ") |\n";
    });
    return out + '\n';
}

} // namespace

std::string export_markdown() {
    std::string out = "# Registers\n\n"
                      "<!-- Generated: ntbsim regs export --format markdown > docs/registers.md; "
                      "the test registers_md_is_current compares. -->\n\n"
                      "All registers of the model, from the map in `model/regs/`. A `?` after a "
                      "reset value means \"not confirmed\": no\nsource says it, it is a choice of "
                      "this model (reference/behaviour.md, B21.1). Behaviour IDs are those of\n"
                      "[reference/behaviour.md](reference/behaviour.md). A field without a known "
                      "position is not\ninvented: such a register is plain storage named "
                      "`VALUE`, and\nthe field is listed with \"unknown\" for its bits. A "
                      "register without a known offset is declared,\nnot mapped: no access "
                      "reaches it, unless the `[layout]` section of a topology gives it a "
                      "place.\n\n"
                      "Access: ro read only (hardware may change it), rw, rw1c write 1 to clear, "
                      "rw1s write 1 to set, wo a\ncommand (reads 0). Bits in no field read 0 and "
                      "ignore writes. `keeps`: the field survives a hot reset.\n\n";
    out += function_table();
    for (const space& s : spaces) {
        out += "## " + std::string(s.title) + "\n\n" + std::string(s.reached_by) + ".\n\n";
        out += overview(s);
        for (const reg& r : s)
            out += details(s, r);
        for (std::size_t i = 0; i < s.declared_count; ++i)
            out += details(s, s.declared[i]);
    }
    out.pop_back(); // one newline at the end of the file
    return out;
}

} // namespace ntb::regs
