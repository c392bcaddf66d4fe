// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "testbench/regs/export.h"
#include "testbench/regs/words.h"

namespace ntb::regs {

namespace {

using json = nlohmann::ordered_json;

json field_json(const field& f) {
    return {{"name", f.name},
            {"msb", f.msb},
            {"lsb", f.lsb},
            {"access", word_of(f.policy)},
            {"reset", f.reset},
            {"reset_confidence", word_of(f.reset_confidence)},
            {"hot_reset", word_of(f.on_hot_reset)},
            {"gloss", f.gloss}};
}

json register_json(const space& s, const reg& r) {
    json out = {{"name", r.name},
                {"offset", r.offset},
                {"size", r.size},
                {"reset", reset_of(r)},
                {"description", r.description},
                {"source", r.source},
                {"behaviour", r.behaviour},
                {"confidence", word_of(r.sureness)},
                {"dword_only", r.dword_only},
                {"members", json::array()},
                {"fields", json::array()}};
    for (unsigned i = 0; i < r.first.count; ++i) {
        for (unsigned j = 0; j < r.second.count; ++j) {
            const member m{&s, &r, i, j};
            out["members"].push_back({{"name", member_name(m).view()}, {"offset", m.offset()}});
        }
    }
    for (std::size_t i = 0; i < r.field_count(); ++i)
        out["fields"].push_back(field_json(r.fields[i]));
    return out;
}

} // namespace

std::string export_json() {
    json out = {{"format", "ntbsim-registers"}, {"version", 1}, {"spaces", json::array()}};
    for (const space& s : spaces) {
        json one = {{"name", s.name},
                    {"title", s.title},
                    {"base", s.base},
                    {"bytes", s.bytes},
                    {"registers", json::array()}};
        for (const reg& r : s)
            one["registers"].push_back(register_json(s, r));
        out["spaces"].push_back(std::move(one));
    }
    return out.dump(1) + "\n";
}

} // namespace ntb::regs
