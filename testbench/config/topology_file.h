// SPDX-License-Identifier: Apache-2.0
// Topology files (TOML): which device, which partitions and ports, which BARs. The keys are
//   device, timing, description, compatibility; [[partition]] id, state;
//   [[port]] number, mode, partition, requester_id, device_number, link_width, link_generation;
//   [port.bar.N] mode, size, type, pref, atran, tpart   (belongs to the last [[port]]);
//   [layout] places for what the register map only declares (layout_section.h);
//   [reset] reset values that no source confirms (reset_section.h); tmpalarm_read_clears
// or, where an EEPROM image sets up partitions, ports and BARs,
//   device, timing, description; eeprom = "FILE" (beside this one), boot_mode,
//   eeprom_ignore_checksum; [[port]] number, requester_id, link_width, link_generation.
// A file called *.eeprom or *.bin is such an image itself (testbench/eeprom/).
//
// Units: sizes in the file are "4KiB", "1MiB" or bytes. Threading: none. Errors: config_error,
// for what is unreadable, unknown or impossible for the device (behaviour B1.3, B9.1, B9.3).
// `compatibility = "seed"` allows two NT ports in one partition (docs/topologies.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "testbench/config/config_error.h"

namespace ntb::config {

struct topology_file {
    std::string name;               ///< built-in name or file path
    std::string description;        ///< one line, for `ntbsim topology list`
    std::string timing = "default"; ///< what load_timing() is to be given
    topology_config topology{};
    std::string text{}; ///< of the file; empty for an EEPROM image alone
};

/// Names of the topologies in the program, in the order of their listing.
[[nodiscard]] std::vector<std::string> builtin_topologies();

/// The topology of that built-in name, else of the file of that path. A bad EEPROM image is no
/// error: the switch that reads it halts (B15.5); see eeprom::effect_of().
[[nodiscard]] topology_file load_topology(const std::string& name_or_path);

/// Parses the text of a topology file; `file` names it in errors. With `image` that is its
/// EEPROM's, if it has one, whatever file it names.
[[nodiscard]] topology_file parse_topology(std::string_view text, const std::string& file,
                                           const std::vector<std::uint8_t>* image = nullptr);
/// The topology that an EEPROM image alone is.
[[nodiscard]] topology_file topology_of_image(const std::string& name,
                                              const std::vector<std::uint8_t>& image);

// Names as files and listings have them.
[[nodiscard]] std::string device_name(device_id device);
[[nodiscard]] std::string mode_name(port_mode mode);
[[nodiscard]] std::string state_name(partition_state state);
[[nodiscard]] std::string translation_name(bar_translation translation);
[[nodiscard]] std::string requester_name(requester_id id); ///< "00:00.0"
[[nodiscard]] std::string size_name(std::uint64_t bytes);  ///< "16MiB", "512"

/// The ports of that device that can carry an NT function (B1.3): "0, 8, 16".
[[nodiscard]] std::string nt_port_list(device_id device);

} // namespace ntb::config
