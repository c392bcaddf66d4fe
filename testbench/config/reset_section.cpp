// SPDX-License-Identifier: Apache-2.0
#include "testbench/config/reset_section.h"

#include <array>
#include <cstdio>
#include <utility>

#include "testbench/config/register_keys.h"

namespace ntb::config {

namespace {

using regs::field;
using regs::reg;

/// Values that come from somewhere else: register, field (empty = all), what says them.
struct given_elsewhere {
    std::string_view name;
    std::string_view field;
    std::string_view by;
};
constexpr std::array<given_elsewhere, 17> elsewhere{{
    {"DID", "", "give device = \"NAME\""},
    {"P2PDID", "", "give device = \"NAME\""},
    {"BARSETUP{n}", "", "give [port.bar.N]"},
    {"BAR{n}", "", "give [port.bar.N]"},
    {"PCIELCAP", "MAXLNKSPD", "give link_generation in [[port]]"},
    {"PCIELCAP", "MAXLNKWDTH", "give link_width in [[port]]"},
    {"PCIELCAP", "PORTNUM", "leave it out: it is the port's number"},
    {"PCIELSTS", "CLS", "leave it out: it is the state of the link"},
    {"PCIELSTS", "NLW", "leave it out: it is the state of the link"},
    {"P2PPCIELCTLSTS", "CLS", "leave it out: it is the state of the link"},
    {"P2PPCIELCTLSTS", "NLW", "leave it out: it is the state of the link"},
    {"P2PHDR", "MFUNC", "leave it out: the port's mode says it"},
    {"TMPSTS", "", "leave it out: the sensor says it"},
    {"SWPART{x}CTL", "", "give state in [[partition]]"},
    {"SWPART{x}STS", "", "give [[partition]] and [[port]]"},
    {"SWPORT{x}CTL", "", "give [[port]]"},
    {"SWPORT{x}STS", "", "give [[port]]"},
}};

class reset_section_reader {
public:
    explicit reset_section_reader(const toml_reader& reader) : reader_(reader) {}

    std::vector<reset_value> read(const toml::table& section) {
        for (auto&& [key, value] : section)
            read_register(std::string(key.str()), value);
        return std::move(out_);
    }

private:
    void read_register(const std::string& name, const toml::node& value) {
        const std::string key = "reset." + name;
        std::optional<regs::member> found = regs::expand(name);
        const bool one = found.has_value();
        if (!found)
            found = find_row(name);
        if (!found)
            reader_.fail(value, key, "no register is called \"" + name + "\"",
                         "`ntbsim regs list` prints the names");
        if (found->row->offset == regs::unknown_offset)
            reader_.fail(value, key, "the register has no known offset", "leave it out");
        if (found->in->id == regs::space_id::dma)
            reader_.fail(value, key, "the DMA function's values are fixed", "leave it out");
        const reg& row = *found->row;
        std::uint32_t mask = 0;
        std::uint32_t bits = 0;
        if (const toml::table* const table = value.as_table()) {
            for (auto&& [inner, node] : *table) {
                const std::string inner_key = key + "." + std::string(inner.str());
                const field& f = field_of(row, inner.str(), node, inner_key);
                must_be_open(row, f, node, inner_key);
                mask |= f.mask();
                bits |= reader_.integer(node, inner_key, 0, f.mask() >> f.lsb) << f.lsb;
            }
        } else {
            bits = reader_.integer(value, key, 0, 0xFFFFFFFF);
            mask = whole(row, value, key, bits);
            bits &= mask;
        }
        for (unsigned i = one ? found->first : 0; i < (one ? found->first + 1U : row.first.count);
             ++i)
            for (unsigned j = one ? found->second : 0;
                 j < (one ? found->second + 1U : row.second.count); ++j)
                store(found->in->id, row.offset_of(i, j), mask, bits);
    }

    void store(regs::space_id id, std::uint32_t at, std::uint32_t mask, std::uint32_t bits) {
        const unsigned in_dword = (at & 3U) * 8U;
        out_.push_back({id, at & ~3U, mask << in_dword, bits << in_dword});
    }

    const field& field_of(const reg& row, std::string_view name, const toml::node& node,
                          const std::string& key) const {
        std::string known;
        for (std::size_t i = 0; i < row.field_count(); ++i) {
            if (row.fields[i].name == name)
                return row.fields[i];
            known += (known.empty() ? "" : ", ") + std::string(row.fields[i].name);
        }
        reader_.fail(node, key, "the register has no such field", "known here: " + known);
    }

    /// Why a field's value cannot be given here, and what to do; empty if it can.
    static std::pair<std::string, std::string> closed(const reg& row, const field& f) {
        for (const given_elsewhere& e : elsewhere)
            if (e.name == row.name && (e.field.empty() || e.field == f.name))
                return {"comes from elsewhere", std::string(e.by)};
        if (f.policy == regs::access::wo || f.policy == regs::access::reserved)
            return {"is a command, which has no value", "leave it out"};
        if (f.reset_confidence == regs::confidence::documented)
            return {"its reset value " + hex_text(f.reset) + " is documented", "leave it out"};
        return {};
    }

    void must_be_open(const reg& row, const field& f, const toml::node& node,
                      const std::string& key) const {
        const auto [why, remedy] = closed(row, f);
        if (!why.empty())
            reader_.fail(node, key, why, remedy);
    }

    /// The bits that a value of the whole register can give; the others must be as they are.
    std::uint32_t whole(const reg& row, const toml::node& node, const std::string& key,
                        std::uint32_t bits) const {
        std::uint32_t open = 0;
        std::uint32_t fixed = 0;
        std::pair<std::string, std::string> reason{"none of its fields can be given",
                                                   "leave it out"};
        for (std::size_t i = 0; i < row.field_count(); ++i) {
            const field& f = row.fields[i];
            const auto why = closed(row, f);
            if (why.first.empty()) {
                open |= f.mask();
            } else {
                fixed |= f.reset << f.lsb;
                reason = why;
            }
        }
        if (open == 0)
            reader_.fail(node, key, reason.first, reason.second);
        if ((bits & ~open) != (fixed & ~open))
            reader_.fail(node, key,
                         "changes bits that cannot be given: " + hex_text((bits ^ fixed) & ~open),
                         "leave those as `ntbsim regs show` has them");
        return open;
    }

    const toml_reader& reader_;
    std::vector<reset_value> out_{};
};

} // namespace

std::vector<reset_value> read_resets(const toml_reader& reader, const toml::node& section) {
    return reset_section_reader(reader).read(reader.table(section, "reset"));
}

} // namespace ntb::config
