// SPDX-License-Identifier: Apache-2.0
// Writes a configuration EEPROM's blocks one after another (format: model/eeprom_blocks.h).
//
// Units: bytes; register addresses are global byte addresses, dword aligned. Threading: none.
// Errors: std::out_of_range for what has no room in its field or in an EEPROM.
#pragma once

#include <cstdint>
#include <vector>

#include "model/eeprom_blocks.h"

namespace ntb::eeprom {

using image = std::vector<std::uint8_t>;

class image_builder {
public:
    image_builder& write(std::uint32_t address, std::uint32_t data);
    image_builder& sequence(std::uint32_t address, const std::vector<std::uint32_t>& data);
    /// `target` is an address in the image.
    image_builder& jump(unsigned number, std::size_t target);
    /// Waits until the register has `data` in the bits that are 0 in `ignored`.
    image_builder& wait(std::uint32_t address, std::uint32_t data, std::uint32_t ignored);
    image_builder& byte(std::uint8_t value);
    /// The done block, for a load that has read all bytes so far but the first `unread` ones.
    image_builder& done(std::size_t unread = 0);

    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    [[nodiscard]] const image& bytes() const { return bytes_; }

private:
    image_builder& type(eeprom_block_type t);
    image_builder& half(std::uint32_t value);
    image_builder& dword(std::uint32_t value);
    image_builder& csr(std::uint32_t address);

    image bytes_{};
};

} // namespace ntb::eeprom
