// SPDX-License-Identifier: Apache-2.0
#include "testbench/eeprom/image_builder.h"

#include <stdexcept>

namespace ntb::eeprom {

image_builder& image_builder::byte(std::uint8_t value) {
    if (bytes_.size() == eeprom_max_bytes)
        throw std::out_of_range("an EEPROM has 64 KiB");
    bytes_.push_back(value);
    return *this;
}

image_builder& image_builder::type(eeprom_block_type t) {
    return byte(static_cast<std::uint8_t>(t));
}

image_builder& image_builder::half(std::uint32_t value) {
    if (value > 0xFFFF)
        throw std::out_of_range("a field of 16 bits");
    return byte(static_cast<std::uint8_t>(value)).byte(static_cast<std::uint8_t>(value >> 8U));
}

image_builder& image_builder::dword(std::uint32_t value) {
    return half(value & 0xFFFFU).half(value >> 16U);
}

image_builder& image_builder::csr(std::uint32_t address) {
    return half(address >> 2U);
}

image_builder& image_builder::write(std::uint32_t address, std::uint32_t data) {
    return type(eeprom_block_type::write).csr(address).dword(data);
}

image_builder& image_builder::sequence(std::uint32_t address,
                                       const std::vector<std::uint32_t>& data) {
    if (data.size() > 0xFFFF)
        throw std::out_of_range("a count of 16 bits");
    type(eeprom_block_type::sequence).csr(address).half(static_cast<std::uint32_t>(data.size()));
    for (const std::uint32_t value : data)
        dword(value);
    return *this;
}

image_builder& image_builder::jump(unsigned number, std::size_t target) {
    const auto first = static_cast<unsigned>(eeprom_block_type::jump);
    if (number >= eeprom_jump_numbers || target > 0xFFFF)
        throw std::out_of_range("a jump");
    return byte(static_cast<std::uint8_t>(first + number)).half(static_cast<std::uint32_t>(target));
}

image_builder& image_builder::wait(std::uint32_t address, std::uint32_t data,
                                   std::uint32_t ignored) {
    return type(eeprom_block_type::wait).csr(address).dword(data).dword(ignored);
}

image_builder& image_builder::done(std::size_t unread) {
    type(eeprom_block_type::done);
    std::uint8_t sum = 0;
    for (std::size_t at = unread; at < bytes_.size(); ++at)
        sum = static_cast<std::uint8_t>(sum + bytes_[at]);
    return byte(eeprom_checksum(sum));
}

} // namespace ntb::eeprom
