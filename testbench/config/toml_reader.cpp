// SPDX-License-Identifier: Apache-2.0
#include "testbench/config/toml_reader.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "testbench/config/toml_text.h"

namespace ntb::config {
namespace {

constexpr std::size_t max_file_bytes = std::size_t{1} << 20;

std::string list_of(std::initializer_list<std::string_view> names) {
    std::string out;
    for (const std::string_view name : names)
        out += (out.empty() ? "" : ", ") + std::string(name);
    return out;
}

} // namespace

std::string read_file(const std::string& path, const std::string& remedy) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw config_error(path, 0, "", "cannot be read", remedy);
    std::string text;
    // Not ifstream's end iterator: a device or a directory must neither fill memory nor throw.
    text.resize(max_file_bytes + 1);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad())
        throw config_error(path, 0, "", "cannot be read", remedy);
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > max_file_bytes)
        throw config_error(path, 0, "", "is larger than 1 MiB", "give a TOML file");
    return text;
}

toml::table toml_reader::parse(std::string_view text) const {
    if (const toml_fault fault = fault_of_toml(text); fault.line != 0)
        throw config_error(file_, fault.line, "", std::string(fault.why), "mend the TOML syntax");
    try {
        return toml::parse(text, std::string_view(file_));
    } catch (const toml::parse_error& error) {
        std::string why(error.description());
        std::replace(why.begin(), why.end(), '\n', ' ');
        throw config_error(file_, error.source().begin.line, "", why, "mend the TOML syntax");
    }
}

void toml_reader::only_keys(const toml::table& table, const std::string& where,
                            std::initializer_list<std::string_view> known) const {
    for (auto&& [key, value] : table) {
        if (std::find(known.begin(), known.end(), key.str()) != known.end())
            continue;
        const std::string full =
            where.empty() ? std::string(key.str()) : where + "." + std::string(key.str());
        throw config_error(file_, key.source().begin.line, full, "unknown key",
                           "known here: " + list_of(known));
    }
}

const toml::node* toml_reader::find(const toml::table& table, std::string_view key) {
    return table.get(key);
}

std::string toml_reader::text(const toml::node& node, const std::string& key) const {
    const auto value = node.value_exact<std::string>();
    if (!value)
        fail(node, key, "is not a text", "write it in quotes");
    return *value;
}

bool toml_reader::boolean(const toml::node& node, const std::string& key) const {
    const auto value = node.value_exact<bool>();
    if (!value)
        fail(node, key, "is not a truth value", "write true or false");
    return *value;
}

std::uint32_t toml_reader::integer(const toml::node& node, const std::string& key,
                                   std::uint32_t low, std::uint32_t high) const {
    const auto value = node.value_exact<std::int64_t>();
    const std::string range = std::to_string(low) + ".." + std::to_string(high);
    if (!value)
        fail(node, key, "is not a whole number", "write one of " + range);
    if (*value < static_cast<std::int64_t>(low) || *value > static_cast<std::int64_t>(high))
        fail(node, key, "is " + std::to_string(*value) + ", out of range", "write one of " + range);
    return static_cast<std::uint32_t>(*value);
}

const toml::table& toml_reader::table(const toml::node& node, const std::string& key) const {
    const toml::table* value = node.as_table();
    if (value == nullptr)
        fail(node, key, "is not a table", "write [" + key + "]");
    return *value;
}

const toml::node& toml_reader::required(const toml::table& in, const std::string& where,
                                        std::string_view key) const {
    const toml::node* value = find(in, key);
    if (value == nullptr)
        fail(in, where, "has no " + std::string(key), "give " + std::string(key) + " = ...");
    return *value;
}

} // namespace ntb::config
