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

json declared_field_json(const declared_field& f) {
    return {{"name", f.name},
            {"width", f.width == 0 ? json(nullptr) : json(f.width)},
            {"access", word_of(f.policy)},
            {"reset", f.reset},
            {"reset_confidence", word_of(f.reset_confidence)},
            {"hot_reset", word_of(f.on_hot_reset)},
            {"gloss", f.gloss},
            {"source", f.source}};
}

/// A declared register has the offset null and, of a family, no members.
json register_json(const space& s, const reg& r) {
    const bool mapped = r.offset != unknown_offset;
    json out = {{"name", r.name},
                {"offset", mapped ? json(r.offset) : json(nullptr)},
                {"size", r.size},
                {"reset", reset_of(r)},
                {"description", r.description},
                {"source", r.source},
                {"behaviour", r.behaviour},
                {"confidence", word_of(r.sureness)},
                {"dword_only", r.dword_only},
                {"members", json::array()},
                {"fields", json::array()},
                {"declared_fields", json::array()}};
    for (unsigned i = 0; mapped && i < r.first.count; ++i) {
        for (unsigned j = 0; j < r.second.count; ++j) {
            const member m{&s, &r, i, j};
            out["members"].push_back({{"name", member_name(m).view()}, {"offset", m.offset()}});
        }
    }
    for (std::size_t i = 0; i < r.field_count(); ++i)
        out["fields"].push_back(field_json(r.fields[i]));
    for_each_declared_field(s, r, [&out](const declared_field& f) {
        out["declared_fields"].push_back(declared_field_json(f));
    });
    for (const family_member& device : family)
        if (reset_of(r, device.id) != reset_of(r))
            out["reset_of_device"][std::string(device.name)] = reset_of(r, device.id);
    return out;
}

json function_base_json(const function_base& b) {
    const bool placed = b.offset != unknown_offset;
    return {{"name", b.name},
            {"offset", placed ? json(b.offset) : json(nullptr)},
            {"stride", placed ? json(b.stride) : json(nullptr)},
            {"bytes", b.bytes},
            {"description", b.description},
            {"source", b.source},
            {"behaviour", b.behaviour},
            {"confidence", word_of(b.sureness)}};
}

} // namespace

std::string export_json() {
    json out = {{"format", "ntbsim-registers"},
                {"version", 1},
                {"functions", json::array()},
                {"spaces", json::array()}};
    for (const function_base& b : function_bases)
        out["functions"].push_back(function_base_json(b));
    for (const space& s : spaces) {
        json one = {{"name", s.name},   {"title", s.title},           {"base", s.base},
                    {"bytes", s.bytes}, {"registers", json::array()}, {"declared", json::array()}};
        for (const reg& r : s)
            one["registers"].push_back(register_json(s, r));
        for (std::size_t i = 0; i < s.declared_count; ++i)
            one["declared"].push_back(register_json(s, s.declared[i]));
        out["spaces"].push_back(std::move(one));
    }
    return out.dump(1) + "\n";
}

} // namespace ntb::regs
