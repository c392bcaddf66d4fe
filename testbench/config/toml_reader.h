// SPDX-License-Identifier: Apache-2.0
// Strict reading of TOML: every key must be known, every value of its type and in its range; the
// error names file, line and key. For the .cpp files of this directory only.
#pragma once

// One compiled copy (toml_implementation.cpp) instead of one per file.
#define TOML_HEADER_ONLY 0
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <toml++/toml.h>

#include "testbench/config/config_error.h"

namespace ntb::config {

/// Contents of a file; config_error if it cannot be read or is larger than a mebibyte.
[[nodiscard]] std::string read_file(const std::string& path, const std::string& remedy);

/// A document and the name that errors give it.
class toml_reader {
public:
    explicit toml_reader(std::string file) : file_(std::move(file)) {}

    /// Parses; syntax errors become config_error.
    [[nodiscard]] toml::table parse(std::string_view text) const;

    /// Throws unless every key of `table` is among `known`. `where` precedes the key in the
    /// message ("port.bar.2").
    void only_keys(const toml::table& table, const std::string& where,
                   std::initializer_list<std::string_view> known) const;

    /// Value of a key, or nullptr; line() of it afterwards for errors.
    [[nodiscard]] static const toml::node* find(const toml::table& table, std::string_view key);

    [[nodiscard]] std::string text(const toml::node& node, const std::string& key) const;
    [[nodiscard]] bool boolean(const toml::node& node, const std::string& key) const;
    [[nodiscard]] std::uint32_t integer(const toml::node& node, const std::string& key,
                                        std::uint32_t low, std::uint32_t high) const;
    [[nodiscard]] const toml::table& table(const toml::node& node, const std::string& key) const;
    /// The value of `key`, which must be there.
    [[nodiscard]] const toml::node& required(const toml::table& in, const std::string& where,
                                             std::string_view key) const;

    [[noreturn]] void fail(const toml::node& node, const std::string& key, const std::string& why,
                           const std::string& remedy) const {
        throw config_error(file_, node.source().begin.line, key, why, remedy);
    }
    [[nodiscard]] const std::string& file() const { return file_; }

private:
    std::string file_;
};

} // namespace ntb::config
