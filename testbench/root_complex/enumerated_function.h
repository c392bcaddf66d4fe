// SPDX-License-Identifier: Apache-2.0
// What enumeration learnt of a PCI function. Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/types.h"

namespace ntb {

struct enumerated_bar {
    bool present = false;
    bool is_64bit = false;
    bool prefetchable = false;
    std::uint64_t size = 0;    ///< bytes
    std::uint64_t address = 0; ///< 0 = no room was left for it
};

struct enumerated_capability {
    std::uint32_t offset = 0;
    std::uint16_t id = 0;
    bool extended = false;
};

struct enumerated_function {
    bool present = false;
    std::uint16_t vendor = 0;
    std::uint16_t device = 0;
    std::uint8_t revision = 0;
    std::uint32_t class_code = 0; ///< base class, sub-class, programming interface
    std::array<enumerated_bar, bar_count> bars{};
    std::vector<enumerated_capability> capabilities{}; ///< in the order of their lists
    std::uint32_t msi_offset = 0;                      ///< 0 = the function has no MSI
    std::uint64_t msi_address = 0;
    std::uint32_t msi_data = 0;

    /// Where the (first) capability of that ID is; 0 = nowhere.
    [[nodiscard]] std::uint32_t capability(std::uint16_t id, bool extended = false) const {
        for (const enumerated_capability& c : capabilities)
            if (c.id == id && c.extended == extended)
                return c.offset;
        return 0;
    }
};

} // namespace ntb
