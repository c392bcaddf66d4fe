// SPDX-License-Identifier: Apache-2.0
// The blocks of a configuration EEPROM, and the order in which the switch reads them. One reader
// for whoever needs it: the loader of the model, the disassembler and the fuzzer. It knows bytes,
// not registers, and neither writes nor waits: it says what comes next.
//
// Format (behaviour B15.2): a type byte and, little-endian, the fields of that type; a register is
// given by its byte address in the global space >> 2.
//
// What no source says is decided here, not confirmed: the number of a jump is in the low bits of
// its type byte; any other type, bytes missing at the end and a sequence that leaves the global
// space are errors, as is a jump beyond the image; a sequence of no dwords does nothing.
//
// Units: bytes. Threading: none. Nothing is allocated. Errors: eeprom_fault.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ntb {

/// Addresses in an EEPROM have 16 bits (jump blocks B15.2, the slave SMBus B16.3).
inline constexpr std::size_t eeprom_max_bytes = 0x10000;
/// Jumps that an image may take before it is given up as a loop: a limit of this model.
inline constexpr unsigned eeprom_jump_limit = 64;
/// Jump blocks are told apart by a number that the boot mode selects (B15.1).
inline constexpr unsigned eeprom_jump_numbers = 2;

enum class eeprom_block_type : std::uint8_t {
    write = 0x00,
    sequence = 0x20,
    jump = 0x40,
    wait = 0x60,
    done = 0xE0,
};

/// Why a load ends without its done block.
enum class eeprom_fault : std::uint8_t {
    none,
    no_answer,     ///< there is no EEPROM (an image of no bytes)
    unknown_block, ///< a type byte that is no block's; a blank EEPROM reads 0xFF (B15.5)
    cut_off,       ///< the image ends within a block, or without a done block
    beyond_space,  ///< a sequence runs over the end of the global address space
    jump_target,   ///< a jump to behind the image
    jump_loop,     ///< eeprom_jump_limit jumps taken
    checksum,      ///< the sum of all bytes read is not 0xFF (B15.3)
    wait_limit,    ///< what a wait block waits for did not come; told by who waits
};

/// One block as it lies in the image.
struct eeprom_block {
    eeprom_fault fault = eeprom_fault::none; ///< if set, only `type_byte` counts
    eeprom_block_type type = eeprom_block_type::write;
    std::uint8_t type_byte = 0;
    std::uint8_t jump = 0;     ///< number of a jump block
    std::uint8_t checksum = 0; ///< of a done block
    std::uint32_t address = 0; ///< global byte address; of a jump, its target in the image
    std::uint32_t count = 0;   ///< dwords of a write (1) or sequence
    std::uint32_t data = 0;    ///< of a write or wait
    std::uint32_t mask = 0;    ///< of a wait: 1s = bits that do not count
    std::uint32_t bytes = 0;   ///< length; of a sequence, that of its header
};

/// Reads the block at `at`; of a sequence only the header, whose dwords may be cut off.
[[nodiscard]] eeprom_block decode_eeprom_block(const std::uint8_t* image, std::size_t size,
                                               std::size_t at);

/// The little-endian dword at `at`, all of which must be in the image.
[[nodiscard]] constexpr std::uint32_t eeprom_dword(const std::uint8_t* image, std::size_t at) {
    return static_cast<std::uint32_t>(image[at]) | static_cast<std::uint32_t>(image[at + 1]) << 8U |
           static_cast<std::uint32_t>(image[at + 2]) << 16U |
           static_cast<std::uint32_t>(image[at + 3]) << 24U;
}

/// What comes next in a load.
struct eeprom_step {
    enum class kind : std::uint8_t { write, wait, jump, ignored_jump, nothing, done, fault };
    kind what = kind::fault;
    eeprom_fault fault = eeprom_fault::none;
    std::uint32_t at = 0;      ///< where the step's block begins
    std::uint32_t bytes = 0;   ///< read from the EEPROM for this step
    std::uint32_t address = 0; ///< as in eeprom_block, of this dword
    std::uint32_t data = 0;
    std::uint32_t mask = 0;

    /// Of a wait: whether it is over at this value of its register.
    [[nodiscard]] constexpr bool satisfied_by(std::uint32_t value) const {
        return ((value ^ data) & ~mask) == 0;
    }
};

/// Reads an image from its start to the done block or the first fault. The image must outlive it.
class eeprom_reader {
public:
    eeprom_reader(const std::uint8_t* image, std::size_t size, unsigned boot_mode)
        : image_(image), size_(size), boot_mode_(boot_mode) {}

    /// SMBUSCTL.ICHECKSUM: the done block's checksum does not count (B15.3).
    void ignore_checksum(bool on) { ignore_checksum_ = on; }
    /// The next step; after done or a fault, that again.
    [[nodiscard]] eeprom_step next();

private:
    [[nodiscard]] eeprom_step read_block();
    [[nodiscard]] eeprom_step next_of_sequence();
    [[nodiscard]] eeprom_step jump(const eeprom_block& block, eeprom_step step);
    void take(std::size_t bytes);
    [[nodiscard]] static eeprom_step failed(eeprom_step step, eeprom_fault why);

    const std::uint8_t* image_;
    std::size_t size_;
    unsigned boot_mode_;
    bool ignore_checksum_ = false;
    std::size_t position_ = 0;
    std::uint8_t sum_ = 0;
    unsigned jumps_ = 0;
    std::uint32_t sequence_begin_ = 0; ///< where the block of the current sequence is
    std::uint32_t sequence_left_ = 0;  ///< dwords
    std::uint32_t sequence_address_ = 0;
    std::uint32_t sequence_bytes_ = 0; ///< header bytes not yet told
    bool over_ = false;
    eeprom_step last_{};
};

/// Whether the boot mode (BCVSTS.SWMODE) takes jump blocks of that number: modes 2 and 3 are
/// "with jump 0" and "with jump 1" (B2.1).
[[nodiscard]] constexpr bool takes_eeprom_jump(unsigned boot_mode, unsigned number) {
    return boot_mode == 2 + number;
}

/// Checksum byte of a done block for the sum of all other bytes that the load reads (B15.3).
[[nodiscard]] constexpr std::uint8_t eeprom_checksum(std::uint8_t sum_of_others) {
    return static_cast<std::uint8_t>(~sum_of_others);
}

} // namespace ntb
