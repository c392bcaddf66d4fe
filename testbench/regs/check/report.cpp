// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/report.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "testbench/regs/words.h"

namespace ntb::regs::check {

namespace {

std::size_t findings_of(const results& r, check_kind kind) {
    return static_cast<std::size_t>(
        std::count_if(r.findings().begin(), r.findings().end(),
                      [kind](const finding& f) { return f.kind == kind; }));
}

std::string padded(std::string text, std::size_t width, bool right = false) {
    if (text.size() < width)
        text.insert(right ? 0 : text.size(), width - text.size(), ' ');
    return text;
}

std::string line_of(const finding& f) {
    std::string out = std::string(name_of(f.kind)) + ": " + f.subject;
    if (!f.fields.empty())
        out += " [" + f.fields + "]";
    out += ": " + f.what + ": expected " + hex_of_width(f.expected, f.bytes * 8) + ", got " +
           hex_of_width(f.got, f.bytes * 8);
    if (f.times > 1)
        out += " (" + std::to_string(f.times) + " times)";
    return out;
}

/// Exclusions for the same reason in one line: "SWPORT0CTL, SWPORT2CTL".
struct exclusion_group {
    std::string what{}, reason{};
    std::vector<std::string> subjects{};
};

std::vector<exclusion_group> grouped(const results& r) {
    std::vector<exclusion_group> out;
    for (const exclusion& e : r.exclusions()) {
        auto g = std::find_if(out.begin(), out.end(), [&e](const exclusion_group& o) {
            return o.what == e.what && o.reason == e.reason;
        });
        if (g == out.end()) {
            exclusion_group fresh;
            fresh.what = e.what;
            fresh.reason = e.reason;
            out.push_back(std::move(fresh));
            g = out.end() - 1;
        }
        g->subjects.push_back(e.subject);
    }
    return out;
}

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        default:
            out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
        }
    }
    return out;
}

} // namespace

std::string table_of(const results& r, const report_header& h) {
    std::string out = "target " + h.target + ", " + std::to_string(r.registers) +
                      " registers, seed " + std::to_string(h.seed) + "\n\n";
    out += padded("check", 12) + padded("cases", 10, true) + padded("findings", 10, true) + "\n";
    for (std::size_t k = 0; k < check_kinds; ++k) {
        const auto kind = static_cast<check_kind>(k);
        out += padded(name_of(kind), 12) + padded(std::to_string(r.cases(kind)), 10, true) +
               padded(std::to_string(findings_of(r, kind)), 10, true) + "  " + meaning_of(kind) +
               "\n";
    }
    if (!r.exclusions().empty())
        out += "\nleft out:\n";
    for (const exclusion_group& g : grouped(r)) {
        std::string line = "  " + g.what + " (" + g.reason + "):";
        for (const std::string& s : g.subjects) {
            if (line.size() + s.size() > 98) {
                out += line + "\n";
                line = "   ";
            }
            line += " " + s;
        }
        out += line + "\n";
    }
    if (!r.passed())
        out += "\nfindings:\n";
    for (const finding& f : r.findings())
        out += "  " + line_of(f) + "\n";
    out += r.passed()
               ? "\npassed\n"
               : "\nFAILED: " + std::to_string(r.findings().size()) +
                     " findings (the same order again: --seed " + std::to_string(h.seed) + ")\n";
    return out;
}

std::string json_of(const results& r, const report_header& h) {
    nlohmann::ordered_json out;
    out["target"] = h.target;
    out["seed"] = h.seed;
    out["registers"] = r.registers;
    out["passed"] = r.passed();
    out["checks"] = nlohmann::ordered_json::array();
    for (std::size_t k = 0; k < check_kinds; ++k) {
        const auto kind = static_cast<check_kind>(k);
        out["checks"].push_back({{"check", name_of(kind)},
                                 {"cases", r.cases(kind)},
                                 {"findings", findings_of(r, kind)}});
    }
    out["findings"] = nlohmann::ordered_json::array();
    for (const finding& f : r.findings())
        out["findings"].push_back({{"check", name_of(f.kind)},
                                   {"register", f.subject},
                                   {"fields", f.fields},
                                   {"what", f.what},
                                   {"expected", f.expected},
                                   {"got", f.got},
                                   {"times", f.times}});
    out["left_out"] = nlohmann::ordered_json::array();
    for (const exclusion& e : r.exclusions())
        out["left_out"].push_back(
            {{"register", e.subject}, {"what", e.what}, {"reason", e.reason}});
    return out.dump(2) + "\n";
}

std::string junit_of(const results& r, const report_header& h) {
    // One test suite a kind of check, one test case a register, its findings as one failure.
    struct test_case {
        std::size_t cases = 0;
        std::string failures{};
    };
    std::array<std::map<std::string, test_case>, check_kinds> suites;
    for (const step_record& s : r.steps())
        suites.at(static_cast<std::size_t>(s.kind))[s.subject].cases += s.cases;
    for (const finding& f : r.findings())
        suites.at(static_cast<std::size_t>(f.kind))[f.subject].failures += line_of(f) + "\n";
    std::size_t tests = r.exclusions().size();
    std::size_t failures = 0;
    std::string body;
    for (std::size_t k = 0; k < check_kinds; ++k) {
        const std::string suite = name_of(static_cast<check_kind>(k));
        std::string cases;
        std::size_t failed = 0;
        for (const auto& [name, one] : suites.at(k)) {
            cases += "    <testcase classname=\"registers." + suite + "\" name=\"" + escaped(name) +
                     "\" assertions=\"" + std::to_string(one.cases) + "\"";
            if (one.failures.empty()) {
                cases += "/>\n";
                continue;
            }
            ++failed;
            const std::string first = one.failures.substr(0, one.failures.find('\n'));
            cases += ">\n      <failure message=\"" + escaped(first) + "\">" +
                     escaped(one.failures) + "</failure>\n    </testcase>\n";
        }
        body += "  <testsuite name=\"" + suite + "\" tests=\"" +
                std::to_string(suites.at(k).size()) + "\" failures=\"" + std::to_string(failed) +
                "\" errors=\"0\" skipped=\"0\">\n" + cases + "  </testsuite>\n";
        tests += suites.at(k).size();
        failures += failed;
    }
    std::string left_out;
    for (const exclusion& e : r.exclusions())
        left_out += "    <testcase classname=\"registers.left_out\" name=\"" + escaped(e.subject) +
                    " " + escaped(e.what) + "\"><skipped message=\"" + escaped(e.reason) +
                    "\"/></testcase>\n";
    const std::string skipped = std::to_string(r.exclusions().size());
    body += "  <testsuite name=\"left_out\" tests=\"" + skipped +
            "\" failures=\"0\" errors=\"0\" skipped=\"" + skipped + "\">\n" + left_out +
            "  </testsuite>\n";
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ntbsim regs check " +
           escaped(h.target) + " seed " + std::to_string(h.seed) + "\" tests=\"" +
           std::to_string(tests) + "\" failures=\"" + std::to_string(failures) +
           "\" errors=\"0\">\n" + body + "</testsuites>\n";
}

} // namespace ntb::regs::check
