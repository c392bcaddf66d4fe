// SPDX-License-Identifier: Apache-2.0
// From a topology to an EEPROM image, and from an image to the topology that it sets up.
//
// Units: bytes. Threading: none. Errors: a bad image is no error here: its fault is told.
#pragma once

#include <string>
#include <vector>

#include "model/config.h"
#include "testbench/eeprom/image_builder.h"

namespace ntb::eeprom {

/// The image that sets up the topology's partitions, ports and BARs, in the order that is known to
/// work (behaviour B3.2).
[[nodiscard]] image image_of(const topology_config& topology);

/// What the topology says and no EEPROM can, a line each; empty if there is nothing. `timing` is
/// the name of the topology's timing.
[[nodiscard]] std::vector<std::string> not_in_image(const topology_config& topology,
                                                    const std::string& timing);

/// What a load would set up.
struct image_effect {
    topology_config topology{};
    eeprom_step last{}; ///< the done block, or the fault
};

/// Partitions, ports and BARs as the registers stand at the end of the load of `bytes`; of a load
/// that fails, at the fault. Waits are taken as satisfied. What an image does not say has its
/// default.
[[nodiscard]] image_effect effect_of(const image& bytes, device_id device, unsigned boot_mode);

} // namespace ntb::eeprom
