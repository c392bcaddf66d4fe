// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/listing.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "model/types.h"
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

bool is_mapped(const reg& r) {
    return r.offset != unknown_offset;
}

std::string reset_text(const reg& r) {
    return is_mapped(r) ? hex_of_width(reset_of(r), r.size * 8U) + uncertain_mark(r) : "unknown";
}

std::uint32_t offset_of(const member& m) {
    return is_mapped(*m.row) ? m.offset() : unknown_offset;
}

/// As much of a description as fits a line, cut between words.
std::string shortened(std::string_view text, std::size_t width) {
    if (text.size() <= width)
        return std::string(text);
    constexpr std::string_view dots = "...";
    const std::size_t cut = text.substr(0, width - dots.size() + 1).find_last_of(' ');
    std::string out(text.substr(0, cut == std::string_view::npos ? width - dots.size() : cut));
    out.erase(out.find_last_not_of(" ,;:(") + 1);
    return out + std::string(dots);
}

row_of_cells list_line(const member& m, std::string_view name) {
    const reg& r = *m.row;
    return {std::string(m.in->name),     offset_text(*m.in, offset_of(m)),
            std::to_string(r.size * 8U), reset_text(r),
            std::string(name),           std::string(r.description)};
}

/// Cuts the last column so that lines have at most terminal_width characters.
void fit(std::vector<row_of_cells>& rows) {
    std::size_t before = 0;
    for (std::size_t c = 0; c + 1 < rows.front().size(); ++c) {
        std::size_t widest = 0;
        for (const row_of_cells& cells : rows)
            widest = std::max(widest, cells[c].size());
        before += widest + 2;
    }
    for (row_of_cells& cells : rows)
        cells.back() = shortened(cells.back(), terminal_width - before);
}

/// Steps (insert, drop, replace, swap neighbours) from one word to the other.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before;
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t k = 0; k <= b.size(); ++k)
        last[k] = k;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t k = 1; k <= b.size(); ++k) {
            row[k] = std::min(
                {last[k] + 1, row[k - 1] + 1, last[k - 1] + (a[i - 1] == b[k - 1] ? 0U : 1U)});
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                row[k] = std::min(row[k], before[k - 2] + 1);
        }
        before = last;
        last = row;
    }
    return last[b.size()];
}

/// Calls `visit(member)` for the first member of every row, declared ones included.
template <class Visitor>
void for_each_row(Visitor&& visit) {
    for (const space& s : spaces) {
        for (const reg& r : s)
            visit(member{&s, &r, 0, 0});
        for (std::size_t i = 0; i < s.declared_count; ++i)
            visit(member{&s, &s.declared[i], 0, 0});
    }
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
    std::optional<named> found;
    for_each_row([&](const member& m) {
        const std::string_view row = m.row->name;
        if (!found && (upper(row) == name || without_indices(row) == name))
            found = named{m, m.row->first.letter != 0};
    });
    return found;
}

std::vector<std::string> near_matches(std::string_view typed) {
    const std::string name = upper(typed);
    const std::size_t tolerated = std::max<std::size_t>(1, name.size() / 3);
    std::vector<std::pair<std::size_t, std::string>> near;
    const auto consider = [&](std::string candidate) {
        const std::size_t steps = distance(name, candidate);
        const std::size_t at = name.size() >= 3 ? candidate.find(name) : std::string::npos;
        // One slip, the beginning of a name, two slips, a part of a name, more slips.
        std::size_t rank = steps <= tolerated ? 2 * steps : std::string::npos;
        if (at != std::string::npos)
            rank = std::min<std::size_t>(rank, at == 0 ? 3 : 5);
        if (rank != std::string::npos)
            near.emplace_back(rank, std::move(candidate));
    };
    for_each_row([&](const member& m) { consider(without_indices(m.row->name)); });
    for_each_member([&](const member& m) {
        if (m.row->first.letter != 0)
            consider(std::string(member_name(m).view()));
    });
    std::stable_sort(near.begin(), near.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> out;
    for (auto& [rank, candidate] : near)
        if (out.size() < max_near_matches &&
            std::find(out.begin(), out.end(), candidate) == out.end())
            out.push_back(std::move(candidate));
    return out;
}

std::vector<placed> at_offset(std::uint32_t offset, std::string_view in_space) {
    std::vector<placed> out;
    const auto collect = [&out](const space& s, std::uint32_t at, std::optional<unsigned> port) {
        for_each_member([&](const member& m) {
            if (m.in == &s && at >= m.offset() && at < m.offset() + m.row->size)
                out.push_back({m, port});
        });
    };
    for (const space& s : spaces)
        if (in_space.empty() || s.name == in_space)
            collect(s, offset, std::nullopt);
    // A global address inside a function of a port.
    if (out.empty() && in_space.empty()) {
        for (const auto& [base, id] : {std::pair{"US_FUNCTION_BASE", space_id::port},
                                       std::pair{"NT_FUNCTION_BASE", space_id::nt}}) {
            const function_base& b = function_base_named(base);
            const unsigned port = offset / b.stride;
            if (port < max_ports && offset >= b.of_port(port) && offset < b.of_port(port) + b.bytes)
                collect(space_of(id), offset - b.of_port(port), port);
        }
    }
    return out;
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
        for_each_row([&rows](const member& m) {
            if (!is_mapped(*m.row))
                rows.push_back(list_line(m, m.row->name));
        });
    } else {
        for_each_row([&rows](const member& m) { rows.push_back(list_line(m, m.row->name)); });
    }
    fit(rows);
    return table(rows, "") + "\"?\": the source of the reset value is not confirmed; offset "
                             "\"unknown\": declared, not mapped\n";
}

std::string show_text(const named& what) {
    const member& m = what.at;
    const reg& r = *m.row;
    const std::string name(what.whole_family ? r.name : member_name(m).view());
    std::string out =
        name + "  " + std::string(m.in->title) + "\n\n  " + std::string(r.description) + "\n\n";
    std::vector<row_of_cells> facts{
        {"offset", is_mapped(r) ? offset_text(*m.in, m.offset()) : "unknown: declared, not mapped"},
        {"width",
         std::to_string(r.size * 8U) + " bits" + (r.dword_only ? ", dword accesses only" : "")}};
    if (is_mapped(r))
        facts.push_back({"reset", hex_of_width(reset_of(r), r.size * 8U) +
                                      (reset_is_uncertain(r) ? " (not confirmed)" : "")});
    if (const std::string others = other_devices_text(r); !others.empty())
        facts.push_back({"", others});
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
    for_each_declared_field(*m.in, r, [&fields](const declared_field& f) {
        const bool sure = f.reset_confidence == confidence::documented;
        fields.push_back({"?", std::string(f.name), std::string(word_of(f.policy)),
                          hex_of_width(f.reset, f.width == 0 ? 1U : f.width),
                          sure ? "" : std::string(word_of(f.reset_confidence)),
                          std::string(word_of(f.on_hot_reset)),
                          std::string(f.gloss) + " (position unknown, " + width_text(f) + ")"});
    });
    if (fields.size() == 1)
        return out + "  no field is known\n";
    return out + table(fields, "  ");
}

} // namespace ntb::regs
