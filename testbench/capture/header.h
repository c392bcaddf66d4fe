// SPDX-License-Identifier: Apache-2.0
// The head of a capture: all that a replay needs besides the records, so that it plays on another
// machine: the topology's own text and EEPROM image, every number of the timing.
//
// Threading: none. Errors: stimulus_error, config_error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/config.h"
#include "testbench/config/topology_file.h"

namespace ntb::capture {

struct header {
    std::string program;               ///< "ntbsim 0.1.0", which wrote it
    std::string topology;              ///< name as it was given
    std::string topology_text;         ///< TOML; empty = the topology is the image alone
    std::vector<std::uint8_t> image{}; ///< of the EEPROM; empty = none
    std::string timing;                ///< name as it was given
    timing_config timing_values{};
    std::string signals; ///< patterns of the waveform's selection; empty = all
};

[[nodiscard]] header make_header(const std::string& program, const config::topology_file& topology,
                                 const std::string& timing_name, const timing_config& timing,
                                 const std::string& signals);

/// The topology that the header describes.
[[nodiscard]] config::topology_file topology_of(const header& h);

/// FNV-1a, 64 bits, of what decides the model's behaviour: of topology text and image, and of the
/// timing's numbers.
[[nodiscard]] std::uint64_t topology_hash(const header& h);
[[nodiscard]] std::uint64_t timing_hash(const header& h);

/// The lines of the header, the first two included.
[[nodiscard]] std::string header_text(const header& h);

} // namespace ntb::capture
