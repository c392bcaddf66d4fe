// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/dump.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "model/regs/handling.h"
#include "testbench/regs/words.h"

namespace ntb::regs::check {

namespace {

constexpr std::string_view first_line = "# ntbsim register dump 1";
constexpr std::string_view target_line = "# target ";
constexpr std::string_view note_line = "# not in it: ";

/// The register that "port0.VID" or "SWCTL" means.
std::optional<member> register_of(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    return expand(dot == std::string_view::npos ? name : name.substr(dot + 1));
}

/// Why `bits` of a register may differ between good devices: all of them need an excuse.
std::string excuse_for(const member& m, std::uint32_t bits) {
    std::string out;
    for (const handling_row& h : handling_rows) {
        const bool excuses = h.what == handling::live || h.what == handling::loaded ||
                             h.what == handling::host_owned;
        if (!excuses || h.space != m.in->name || h.name != m.row->name)
            continue;
        std::uint32_t covered = 0;
        for (const field& f : m.row->fields)
            if (!f.name.empty() && (h.field.empty() || f.name == h.field))
                covered |= f.mask();
        if ((covered & bits) == 0)
            continue;
        bits &= ~covered;
        out.append(out.empty() ? "" : "; ").append(h.reason);
    }
    return bits == 0 ? out : "";
}

std::string value_text(std::uint32_t value, unsigned bytes) {
    return hex_of_width(value, bytes * 8);
}

} // namespace

register_dump dump_device(target& device) {
    device_view view(device);
    register_dump out;
    out.target = device.name();
    bool unreachable = false;
    for (const sheet& s : view.sheets()) {
        if (view.paths(s).empty())
            unreachable = true;
        else if (!s.own_window)
            out.entries.push_back({s.name, view.read(s)});
    }
    if (unreachable)
        out.notes.emplace_back("registers reached only by writing GASAADDR (--allow-writes)");
    return out;
}

std::string text_of(const register_dump& d) {
    std::string out = std::string(first_line) + "\n" + std::string(target_line) + d.target + "\n";
    for (const std::string& n : d.notes)
        out += std::string(note_line) + n + "\n";
    for (const register_dump::entry& e : d.entries) {
        const std::optional<member> m = register_of(e.name);
        out += e.name + " " + value_text(e.value, m ? m->row->size : 4U) + "\n";
    }
    return out;
}

std::string json_of(const register_dump& d) {
    nlohmann::ordered_json out;
    out["target"] = d.target;
    out["not_in_it"] = d.notes;
    out["registers"] = nlohmann::ordered_json::object();
    for (const register_dump::entry& e : d.entries)
        out["registers"][e.name] = e.value;
    return out.dump(2) + "\n";
}

register_dump parse_dump(std::string_view text, const std::string& file) {
    register_dump out;
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        const std::string where = file + ":" + std::to_string(number);
        if (number == 1 && line != first_line)
            throw dump_error(where + ": not a register dump");
        if (line.substr(0, target_line.size()) == target_line)
            out.target = line.substr(target_line.size());
        if (line.substr(0, note_line.size()) == note_line)
            out.notes.emplace_back(line.substr(note_line.size()));
        if (line.empty() || line.front() == '#')
            continue;
        const std::size_t space_at = line.find(' ');
        const std::string_view digits =
            space_at == std::string_view::npos ? "" : line.substr(space_at + 1);
        std::uint32_t value = 0;
        const bool hexadecimal = digits.size() > 2 && digits.substr(0, 2) == "0x";
        const auto read = hexadecimal ? std::from_chars(digits.data() + 2,
                                                        digits.data() + digits.size(), value, 16)
                                      : std::from_chars_result{digits.data(), std::errc{}};
        if (!hexadecimal || read.ec != std::errc{} || read.ptr != digits.data() + digits.size())
            throw dump_error(where + ": a line is NAME 0xVALUE");
        out.entries.push_back({std::string(line.substr(0, space_at)), value});
    }
    if (number == 0)
        throw dump_error(file + ": empty");
    return out;
}

std::size_t comparison::serious() const {
    return static_cast<std::size_t>(
        std::count_if(differences.begin(), differences.end(),
                      [](const difference& d) { return d.excuse.empty(); }));
}

comparison compare(const register_dump& a, const register_dump& b) {
    comparison out;
    std::map<std::string_view, std::uint32_t> in_b;
    for (const register_dump::entry& e : b.entries)
        in_b.emplace(e.name, e.value);
    for (const register_dump::entry& e : a.entries) {
        const auto other = in_b.find(e.name);
        if (other == in_b.end()) {
            out.only_a.push_back(e.name);
            continue;
        }
        ++out.compared;
        const std::uint32_t bits = e.value ^ other->second;
        if (bits != 0) {
            difference d;
            d.name = e.name;
            d.a = e.value;
            d.b = other->second;
            if (const std::optional<member> m = register_of(e.name)) {
                sheet s;
                s.at = *m;
                d.fields = field_names(s, bits);
                d.bytes = m->row->size;
                d.excuse = excuse_for(*m, bits);
            }
            out.differences.push_back(std::move(d));
        }
        in_b.erase(other);
    }
    for (const register_dump::entry& e : b.entries)
        if (in_b.count(e.name) != 0)
            out.only_b.push_back(e.name);
    return out;
}

std::string text_of(const comparison& c, const std::string& a, const std::string& b) {
    std::string out;
    for (const difference& d : c.differences)
        out += d.name + " [" + d.fields + "] " + value_text(d.a, d.bytes) + " -> " +
               value_text(d.b, d.bytes) +
               (d.excuse.empty() ? "" : "  (may differ: " + d.excuse + ")") + "\n";
    const auto only = [&out](const std::vector<std::string>& names, const std::string& where) {
        if (!names.empty())
            out += std::to_string(names.size()) + " registers only in " + where + ": " +
                   names.front() + (names.size() > 1 ? " ... " + names.back() : "") + "\n";
    };
    only(c.only_a, a);
    only(c.only_b, b);
    out += std::to_string(c.compared) + " registers compared, " + std::to_string(c.serious()) +
           " differ, " + std::to_string(c.differences.size() - c.serious()) +
           " more where devices may differ\n";
    return out;
}

std::string json_of(const comparison& c, const std::string& a, const std::string& b) {
    nlohmann::ordered_json out;
    out["a"] = a;
    out["b"] = b;
    out["compared"] = c.compared;
    out["differ"] = c.serious();
    out["differences"] = nlohmann::ordered_json::array();
    for (const difference& d : c.differences)
        out["differences"].push_back({{"register", d.name},
                                      {"fields", d.fields},
                                      {"a", d.a},
                                      {"b", d.b},
                                      {"may_differ", d.excuse}});
    out["only_a"] = c.only_a;
    out["only_b"] = c.only_b;
    return out.dump(2) + "\n";
}

} // namespace ntb::regs::check
