// SPDX-License-Identifier: Apache-2.0
// What travels on the slave SMBus of the switch: command codes, the two command sequences, packet
// error codes. Bytes and constants only, for the slave (smbus_slave.h) and for whoever plays the
// master.
//
// Sources: behaviour B16.1 to B16.3 (a sister switch's manual and the Linux driver of this family);
// packet error codes: SMBus 2.0 section 5.4.
//
// Units: bytes. Threading, errors: none.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ntb::smbus {

/// What a command code addresses: its bits 4:2.
enum class function : std::uint8_t { csr = 0, eeprom = 1 };
/// How many bytes of the sequence one transaction carries: bits 6:5.
enum class size : std::uint8_t { byte = 0, word = 1, block = 2 };

/// The first byte after the slave's address.
struct command_code {
    bool end = false;        ///< bit 0: the last transaction of the sequence
    bool start = false;      ///< bit 1: the first one
    std::uint8_t what = 0;   ///< a function, if it is one
    std::uint8_t length = 0; ///< a size, if it is one
    bool pec = false;        ///< bit 7: a packet error code closes the transaction

    [[nodiscard]] static constexpr command_code of(std::uint8_t b) {
        return {(b & 1U) != 0, (b & 2U) != 0, static_cast<std::uint8_t>(b >> 2 & 7U),
                static_cast<std::uint8_t>(b >> 5 & 3U), (b & 0x80U) != 0};
    }
    [[nodiscard]] constexpr bool known() const {
        return what <= static_cast<std::uint8_t>(function::eeprom) &&
               length <= static_cast<std::uint8_t>(size::block);
    }
};

/// CMD, the first byte of a CSR sequence: then address 15:0 (global byte address >> 2) and data,
/// little-endian.
namespace csr {
inline constexpr std::uint8_t byte_enables = 0x0F;
inline constexpr std::uint8_t read = 0x10;
inline constexpr std::uint8_t read_error = 0x40;
inline constexpr std::uint8_t write_error = 0x80;
inline constexpr std::size_t write_bytes = 7;
inline constexpr std::size_t request_bytes = 3; ///< of a read
inline constexpr std::size_t reply_bytes = 7;
} // namespace csr

/// CMD of an EEPROM sequence: then the EEPROM's address, the address in it (little-endian), data.
namespace eeprom {
inline constexpr std::uint8_t read = 0x01;
inline constexpr std::uint8_t use_given_address = 0x02;
inline constexpr std::uint8_t no_acknowledge = 0x08; ///< NAERR
inline constexpr std::uint8_t lost_arbitration = 0x10;
inline constexpr std::uint8_t misplaced = 0x20; ///< a start or stop out of place
inline constexpr std::size_t write_bytes = 5;
inline constexpr std::size_t request_bytes = 4; ///< of a read
inline constexpr std::size_t reply_bytes = 5;
} // namespace eeprom

/// The longest block of SMBus 2.0.
inline constexpr std::size_t block_limit = 32;

/// The packet error code after one more byte: CRC-8, x^8 + x^2 + x + 1.
[[nodiscard]] constexpr std::uint8_t pec(std::uint8_t crc, std::uint8_t byte) {
    unsigned c = crc ^ byte;
    for (unsigned i = 0; i < 8; ++i)
        c = (c & 0x80U) != 0 ? (c << 1 ^ 0x07U) & 0xFFU : c << 1;
    return static_cast<std::uint8_t>(c);
}

} // namespace ntb::smbus
