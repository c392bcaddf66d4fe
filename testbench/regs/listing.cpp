// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/listing.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "testbench/regs/words.h"

namespace ntb::regs {

namespace {

using row_of_cells = std::vector<std::string>;

/// Columns padded to their widest cell; the last one is left ragged.
std::string table(const std::vector<row_of_cells>& rows, std::string_view indent) {
    std::vector<std::size_t> widths;
    for (const row_of_cells& cells : rows) {
        widths.resize(std::max(widths.size(), cells.size()));
        for (std::size_t c = 0; c < cells.size(); ++c)
            widths[c] = std::max(widths[c], cells[c].size());
    }
    std::string out;
    for (const row_of_cells& cells : rows) {
        std::string line(indent);
        for (std::size_t c = 0; c < cells.size(); ++c) {
            line += cells[c];
            if (c + 1 < cells.size())
                line += std::string(widths[c] - cells[c].size() + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }
    return out;
}

std::string uncertain_mark(const reg& r) {
    return reset_is_uncertain(r) ? "?" : "";
}

row_of_cells list_line(const member& m, std::string_view name) {
    const reg& r = *m.row;
    return {std::string(m.in->name),     offset_text(*m.in, m.offset()),
            std::to_string(r.size * 8U), hex_of_width(reset_of(r), r.size * 8U) + uncertain_mark(r),
            std::string(name),           std::string(r.description)};
}

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return out;
}

/// The family's name as people shorten it: "BARSETUP{n}" -> "BARSETUP".
std::string without_indices(std::string_view pattern) {
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '{')
            i += 2;
        else
            out += pattern[i];
    }
    return out;
}

} // namespace

std::optional<named> look_up(std::string_view typed) {
    const std::string name = upper(typed);
    if (const std::optional<member> m = expand(name))
        return named{*m, false};
    for (const space& s : spaces)
        for (const reg& r : s)
            if (upper(r.name) == name || without_indices(r.name) == name)
                return named{member{&s, &r, 0, 0}, r.first.letter != 0};
    return std::nullopt;
}

std::string list_text(bool every_member) {
    std::vector<row_of_cells> rows{{"space", "offset", "bits", "reset", "name", "description"}};
    if (every_member) {
        std::vector<member> members;
        for_each_member([&](const member& m) { members.push_back(m); });
        std::sort(members.begin(), members.end(), [](const member& a, const member& b) {
            return a.in != b.in ? a.in < b.in : a.offset() < b.offset();
        });
        for (const member& m : members)
            rows.push_back(list_line(m, member_name(m).view()));
    } else {
        for (const space& s : spaces)
            for (const reg& r : s)
                rows.push_back(list_line(member{&s, &r, 0, 0}, r.name));
    }
    return table(rows, "") + "\"?\": the source of the reset value is not confirmed\n";
}

std::string show_text(const named& what) {
    const member& m = what.at;
    const reg& r = *m.row;
    const std::string name(what.whole_family ? r.name : member_name(m).view());
    std::string out =
        name + "  " + std::string(m.in->title) + "\n\n  " + std::string(r.description) + "\n\n";
    std::vector<row_of_cells> facts{
        {"offset", offset_text(*m.in, m.offset())},
        {"width",
         std::to_string(r.size * 8U) + " bits" + (r.dword_only ? ", dword accesses only" : "")},
        {"reset", hex_of_width(reset_of(r), r.size * 8U) +
                      (reset_is_uncertain(r) ? " (not confirmed)" : "")}};
    for (const family_member& device : family)
        if (reset_of(r, device.id) != reset_of(r))
            facts.push_back({"", hex_of_width(reset_of(r, device.id), r.size * 8U) + " in the " +
                                     std::string(device.name)});
    if (r.first.letter != 0)
        facts.push_back({"family", std::string(r.name) + ": " + family_text(r)});
    facts.push_back({"confidence", std::string(word_of(r.sureness))});
    facts.push_back({"source", std::string(r.source)});
    facts.push_back({"behaviour", r.behaviour.empty() ? "storage only" : std::string(r.behaviour)});
    out += table(facts, "  ") + '\n';
    std::vector<row_of_cells> fields{{"bits", "field", "access", "reset", "", "hot reset", ""}};
    for (std::size_t i = r.field_count(); i-- > 0;) {
        const field& f = r.fields[i];
        const bool sure = f.reset_confidence == confidence::documented;
        fields.push_back({bits_text(f), std::string(f.name), std::string(word_of(f.policy)),
                          hex_of_width(f.reset, f.msb - f.lsb + 1U),
                          sure ? "" : std::string(word_of(f.reset_confidence)),
                          std::string(word_of(f.on_hot_reset)), std::string(f.gloss)});
    }
    return out + table(fields, "  ");
}

} // namespace ntb::regs
