// SPDX-License-Identifier: Apache-2.0
// Parser of the stimulus language (testbench/stimulus/LANGUAGE.md). Any bytes are input: the
// result is a program or a stimulus_error that names file, line, column and what was expected.
//
// Threading: none; the lookup is called during the parse only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "testbench/stimulus/program.h"
#include "testbench/stimulus/stimulus_error.h"

namespace ntb::stimulus {

/// A register by name, from the register map of whoever calls.
struct register_place {
    std::uint32_t offset = 0; ///< in its function, or in the global address space
    unsigned size = 4;        ///< bytes
    bool global = false;      ///< a switch-global register
    bool bridge = false;      ///< of the bridge function, which only the global space reaches
};
/// Where it is in the global address space; of a function's register, that of port `port`.
[[nodiscard]] std::uint32_t global_address(const register_place& place, port_number port);

using register_lookup = std::function<std::optional<register_place>(std::string_view name)>;

// Bounds, so that a small file cannot ask for endless memory.
inline constexpr std::size_t max_line_bytes = std::size_t{64} << 10;
inline constexpr std::size_t max_repeat_depth = 16;
inline constexpr std::size_t max_file_bytes = std::size_t{256} << 20;

/// Parses a whole file; `file` names it in errors.
[[nodiscard]] program parse(std::string_view text, const std::string& file,
                            const register_lookup& lookup);

/// Reads and parses a file.
[[nodiscard]] program load(const std::string& path, const register_lookup& lookup);

/// The lookup over the model's register map.
[[nodiscard]] std::optional<register_place> model_register(std::string_view name);

} // namespace ntb::stimulus
