// SPDX-License-Identifier: Apache-2.0
#include "testbench/config/layout_section.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <optional>

#include "model/register_layout.h"
#include "testbench/config/register_keys.h"

namespace ntb::config {

namespace {

using regs::declared_field;
using regs::reg;
using regs::space;

/// A register that the section can speak of.
struct target {
    const space* in = nullptr;
    const reg* row = nullptr;
    std::optional<std::size_t> number{}; ///< of a declared one
};

std::optional<target> find_register(std::string_view name) {
    const std::optional<regs::member> found = find_row(name);
    if (!found)
        return std::nullopt;
    target out{found->in, found->row, std::nullopt};
    for (std::size_t i = 0; i < found->in->declared_count; ++i)
        if (&found->in->declared[i] == found->row)
            out.number = regs::first_declared_register(found->in->id) + i;
    return out;
}

/// The fields of a register that can be given a position, for messages.
std::string fields_without_position(const target& t) {
    std::string out;
    regs::for_each_declared_field(*t.in, *t.row, [&out](const declared_field& f) {
        out += (out.empty() ? "" : ", ") + std::string(f.name);
    });
    return out;
}

std::optional<unsigned> number_of(std::string_view text) {
    unsigned value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value > 31)
        return std::nullopt;
    return value;
}

class layout_section_reader {
public:
    explicit layout_section_reader(const toml_reader& reader) : reader_(reader) {}

    layout_config read(const toml::table& section) {
        for (auto&& [key, value] : section)
            read_register(std::string(key.str()), value);
        const layout_fault fault = check_layout(out_);
        if (fault.what != layout_problem::none)
            refuse(fault);
        return out_;
    }

private:
    /// Where something was given a place, for errors about it.
    struct given {
        const toml::node* node = nullptr;
        std::string key{};
    };

    void read_register(const std::string& name, const toml::node& value) {
        const std::string key = "layout." + name;
        const std::optional<target> found = find_register(name);
        if (!found)
            reader_.fail(value, key, "no register is called \"" + name + "\"",
                         "`ntbsim regs list` prints the names");
        if (!found->number && fields_without_position(*found).empty())
            reader_.fail(value, key, "its place and the positions of its fields are known",
                         "leave it out");
        const toml::table* const table = value.as_table();
        if (table == nullptr) {
            place_register(*found, value, key);
            return;
        }
        for (auto&& [inner, node] : *table) {
            const std::string inner_key = key + "." + std::string(inner.str());
            if (inner.str() == "offset")
                place_register(*found, node, inner_key);
            else
                place_field(*found, inner.str(), node, inner_key);
        }
    }

    void place_register(const target& t, const toml::node& node, const std::string& key) {
        if (!t.number)
            reader_.fail(node, key, "the register's offset is known",
                         "give fields: " + fields_without_position(t));
        const std::uint32_t last = t.in->base + t.in->bytes - t.row->size;
        const std::uint32_t offset = reader_.integer(node, key, 0, 0xFFFFFFFE);
        if (offset < t.in->base || offset > last)
            reader_.fail(node, key, hex_text(offset) + " is outside the space",
                         "give one of " + hex_text(t.in->base) + ".." + hex_text(last));
        if (registers_.at(*t.number).node != nullptr)
            reader_.fail(node, key, "is given twice", "keep one");
        out_.registers.at(*t.number).offset = offset;
        registers_.at(*t.number) = {&node, key};
    }

    void place_field(const target& t, std::string_view name, const toml::node& node,
                     const std::string& key) {
        const std::size_t first = regs::first_declared_field(t.in->id);
        for (std::size_t i = 0; i < t.in->declared_field_count; ++i) {
            const declared_field& f = t.in->declared_fields[i];
            if (f.in != t.row->name || f.name != name)
                continue;
            if (fields_.at(first + i).node != nullptr)
                reader_.fail(node, key, "is given twice", "keep one");
            out_.fields.at(first + i) = bits_of(node, key);
            fields_.at(first + i) = {&node, key};
            return;
        }
        const std::string known = fields_without_position(t);
        reader_.fail(node, key, "no field of that name is without a position",
                     known.empty() ? "leave it out" : "known here: " + known);
    }

    layout_config::bits bits_of(const toml::node& node, const std::string& key) const {
        if (node.is_integer()) {
            const auto bit = static_cast<std::uint8_t>(reader_.integer(node, key, 0, 31));
            return {true, bit, bit};
        }
        const std::string text = node.is_string() ? reader_.text(node, key) : std::string();
        const std::size_t colon = text.find(':');
        const std::optional<unsigned> msb = number_of(std::string_view(text).substr(0, colon));
        const std::optional<unsigned> lsb =
            colon == std::string::npos ? msb : number_of(std::string_view(text).substr(colon + 1));
        if (!msb || !lsb || *msb < *lsb)
            reader_.fail(node, key, "is no bit position", "write like 5 or \"7:4\"");
        return {true, static_cast<std::uint8_t>(*msb), static_cast<std::uint8_t>(*lsb)};
    }

    [[noreturn]] void refuse(const layout_fault& fault) const {
        const given& at = fault.is_field ? fields_.at(fault.index) : registers_.at(fault.index);
        const std::string other(fault.other);
        switch (fault.what) {
        case layout_problem::not_modelled:
            reader_.fail(*at.node, at.key, "the DMA engine is not modelled", "leave it out");
        case layout_problem::misaligned:
            reader_.fail(*at.node, at.key, "is no multiple of the register's size",
                         "give an aligned offset");
        case layout_problem::on_register:
            reader_.fail(*at.node, at.key, other + " is there", "give a free offset");
        case layout_problem::register_unplaced:
            reader_.fail(*at.node, at.key, "the register has no offset", "give offset = ... too");
        case layout_problem::wrong_width:
            reader_.fail(*at.node, at.key, "the field has another width", "give that many bits");
        case layout_problem::on_field:
            reader_.fail(*at.node, at.key, other + " is at these bits", "give free bits");
        case layout_problem::none:
        case layout_problem::outside_space:
        case layout_problem::outside_register:
            break;
        }
        reader_.fail(*at.node, at.key,
                     fault.is_field ? "is beyond the register's bits" : "is beyond the space",
                     "`ntbsim regs show` says its size");
    }

    const toml_reader& reader_;
    layout_config out_{};
    std::array<given, layout_config::max_registers> registers_{};
    std::array<given, layout_config::max_fields> fields_{};
};

} // namespace

layout_config read_layout(const toml_reader& reader, const toml::node& section) {
    return layout_section_reader(reader).read(reader.table(section, "layout"));
}

} // namespace ntb::config
