// SPDX-License-Identifier: Apache-2.0
// The slave SMBus of the switch: a board controller's way to all registers and to the EEPROM
// (B1.9, B16.1 to B16.3). It answers while the switch is halted, too (B15.5).
//
// The rules:
//   1. A transaction begins with a command code. Bytes of a sequence come in transactions of a
//      byte, a word or a block; the first has START, the last END, and END starts the command.
//   2. While a command is under way nothing is acknowledged; the master tries again.
//   3. When it has ended, its sequence can be read back with the same function: CMD with the error
//      bits, address, data. A read takes as many bytes as its size says; START reads from the
//      beginning. Before there is anything to read the command code is not acknowledged.
//   4. With PEC the code is checked (a wrong one is not acknowledged and the transaction does not
//      count) and given.
//
// Not confirmed:
//   - a transaction without START while no sequence is open, or of another function than the open
//     one, is not acknowledged; after one for the EEPROM its next reply has "misplaced" set;
//   - a sequence that ends with another number of bytes than its command has does nothing: RERR or
//     WERR, or "misplaced";
//   - RERR and WERR also mark an address where the map has no register;
//   - without "use given address" the EEPROM is the one at SMBUSSTS.MSMBADDR, or 0x50 if that is 0;
//     the given address is in bits 7:1 of its byte;
//   - who reads REQIDCAP by this way gets 0.
//
// Units: bytes; nanoseconds in timing_config. Time on the wire is the master's affair. Threading:
// the SystemC thread; run() is the body of an SC_THREAD. Nothing is allocated. Errors: what is not
// acknowledged.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <systemc>

#include "model/config.h"
#include "model/smbus_packets.h"

namespace ntb {

class switch_core;

class smbus_slave {
public:
    smbus_slave(const timing_config& timing, switch_core& core);

    /// Carries out commands; never returns.
    void run();

    /// A transaction in which the master writes `n` bytes after the address: command code, data,
    /// packet error code. Returns how many the slave acknowledges; the next one it does not.
    [[nodiscard]] std::size_t write(const std::uint8_t* bytes, std::size_t n);
    /// A transaction in which the master writes a command code and reads `n` bytes into `out`,
    /// packet error code included. Bytes beyond what the slave has are 0xFF. Returns false if the
    /// command code is not acknowledged.
    [[nodiscard]] bool read(std::uint8_t code, std::uint8_t* out, std::size_t n);

private:
    static constexpr std::size_t longest = 8; ///< of a sequence

    struct sequence {
        std::array<std::uint8_t, longest> bytes{};
        std::size_t count = 0;
        std::uint8_t what = 0;
        bool open = false;
    };

    /// The data bytes of a transaction that belong to the sequence; null if their number is wrong.
    [[nodiscard]] static const std::uint8_t* data_of(const smbus::command_code& c,
                                                     const std::uint8_t* data, std::size_t n,
                                                     std::size_t& count);
    [[nodiscard]] std::uint8_t address() const; ///< SMBUSSTS.SSMBADDR
    void carry_out();
    void access_register();
    void access_eeprom();

    switch_core& core_;
    const sc_core::sc_time command_time_;
    sequence written_{};
    sequence reply_{}; ///< open = there is one
    std::size_t read_position_ = 0;
    bool busy_ = false;
    bool misplaced_ = false;
    sc_core::sc_event started_;
};

} // namespace ntb
