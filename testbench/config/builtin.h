// SPDX-License-Identifier: Apache-2.0
// The topology and timing files that are part of the program: CMake turns the files of topology/
// and timing/ into builtin.cpp, so that each stays in one place and can be read as a file.
#pragma once

#include <array>
#include <string_view>

namespace ntb::config {

struct builtin_file {
    std::string_view name;
    std::string_view text;
};

extern const std::array<builtin_file, 6> builtin_topology_files;
extern const std::string_view builtin_default_timing;

} // namespace ntb::config
