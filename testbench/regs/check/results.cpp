// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/results.h"

#include <algorithm>
#include <utility>

#include "testbench/regs/words.h"

namespace ntb::regs::check {

namespace {

struct kind_text {
    const char* name;
    const char* meaning;
};
constexpr std::array<kind_text, check_kinds> kind_texts{{
    {"reset", "values after each kind of reset"},
    {"access", "walking ones and zeros, by policy"},
    {"reserved", "reserved bits read 0, ignore writes"},
    {"bytes", "byte enables"},
    {"alias", "the same register by every door"},
    {"neighbours", "a write changes no other register"},
    {"unmapped", "offsets without a register read 0, ignore writes"},
    {"sequence", "registers with side effects, by their rule"},
}};

} // namespace

const char* name_of(check_kind kind) {
    return kind_texts.at(static_cast<std::size_t>(kind)).name;
}
const char* meaning_of(check_kind kind) {
    return kind_texts.at(static_cast<std::size_t>(kind)).meaning;
}

void results::begin(check_kind kind, const std::string& subject) {
    current_ = kind;
    steps_.push_back({kind, subject, 0, 0});
}

bool results::expect(check_kind kind, const sheet& s, std::uint32_t expected, std::uint32_t got,
                     std::uint32_t mask, const std::string& what) {
    count(kind);
    const std::uint32_t wrong = (expected ^ got) & mask;
    if (wrong == 0)
        return true;
    finding f;
    f.kind = kind;
    f.subject = s.name;
    f.fields = field_names(s, wrong);
    f.what = what;
    f.expected = expected;
    f.got = got;
    f.bytes = s.size;
    add(std::move(f));
    return false;
}

void results::fail(const std::string& subject, const std::string& what, std::uint32_t expected,
                   std::uint32_t got, unsigned bytes) {
    finding f;
    f.kind = current_;
    f.subject = subject;
    f.what = what;
    f.expected = expected;
    f.got = got;
    f.bytes = bytes;
    add(std::move(f));
}

void results::add(finding f) {
    if (!steps_.empty())
        ++steps_.back().findings;
    const auto same = std::find_if(findings_.begin(), findings_.end(), [&f](const finding& o) {
        return o.kind == f.kind && o.subject == f.subject && o.fields == f.fields;
    });
    if (same != findings_.end())
        ++same->times;
    else
        findings_.push_back(std::move(f));
}

void results::exclude(exclusion e) {
    const bool known = std::any_of(exclusions_.begin(), exclusions_.end(), [&e](const auto& o) {
        return o.subject == e.subject && o.what == e.what;
    });
    if (!known)
        exclusions_.push_back(std::move(e));
}

std::string wrote(const sheet& s, std::uint32_t value, const path& by) {
    return "wrote " + hex_of_width(value, s.size * 8) + " by " + name_of(by);
}

} // namespace ntb::regs::check
