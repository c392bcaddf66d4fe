// SPDX-License-Identifier: Apache-2.0
// A stimulus file after parsing: a header and a flat list of statements. `repeat` and `end` are
// statements that know each other's place, so that a player needs no tree.
//
// Units: picoseconds, bytes, half degrees Celsius. Plain values, no threading, no errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "model/config.h"
#include "model/eeprom_status.h"
#include "model/fault_injector.h"
#include "model/types.h"
#include "testbench/root_complex/host_answers.h"

namespace ntb::stimulus {

/// The longest time in a file, and the latest that a statement may start: 53 days. Simulated time
/// is 64 bits of picoseconds, so that a start, a delay and a window together do not run over.
inline constexpr std::uint64_t longest_time_ps = std::uint64_t{1} << 62;

/// 1-based; column 0 = the line as a whole.
struct location {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

enum class start_kind : std::uint8_t {
    following, ///< when the previous statement completed
    at,        ///< absolute
    after,     ///< that long after the previous statement completed
};
/// When a statement starts. `after A..B`: a time drawn evenly from A to B, both included.
struct start_time {
    start_kind kind = start_kind::following;
    std::uint64_t ps = 0;
    std::uint64_t latest_ps = 0; ///< = ps unless drawn
};

enum class door : std::uint8_t { config, bar };

/// portP[.fF].(config|barN) (write|read) ...
struct register_access {
    port_number port{};
    unsigned function = 0;
    door where = door::config;
    bar_number bar{};
    bool write = false;
    bool poisoned = false; ///< a write with EP set
    std::string name;      ///< register or "+0x1000", for messages
    std::uint64_t offset = 0;
    unsigned size = 4;               ///< bytes: 1, 2, 4, 8
    std::uint8_t byte_enables = 0xF; ///< bit i = byte i of the access
    std::uint64_t value = 0;         ///< of a write
    bool compare = false;            ///< of a read
    std::uint64_t expected = 0;
    std::uint64_t mask = 0;
};

/// Interrupts, and messages of which the same can be expected.
enum class interrupt_kind : std::uint8_t {
    msi,
    intx,
    err_cor,
    err_nonfatal,
    err_fatal,
    pme_to_ack
};
inline constexpr std::size_t interrupt_kinds = 6;

/// portP expect KIND [count N] within TIME; portP expect no-KIND for TIME
struct interrupt_expectation {
    port_number port{};
    interrupt_kind kind = interrupt_kind::msi;
    std::uint32_t count = 1; ///< 0 = none may come
    std::uint64_t window_ps = 0;
};

/// portP enumerate: what a BIOS does with the function behind that port.
struct enumeration {
    port_number port{};
};

enum class memory_action : std::uint8_t { fill, load, check };

/// mem portP ADDRESS fill LENGTH DATA | load DATA | check DATA
struct memory_step {
    port_number port{};
    memory_action action = memory_action::check;
    std::uint64_t address = 0;
    std::uint64_t length = 0;        ///< of fill
    std::vector<std::uint8_t> bytes; ///< as they lie in memory
};

struct link_step {
    port_number port{};
    bool up = false;
};

/// reset portP|partition N hot|fundamental; reset switch fundamental
struct reset_step {
    bool of_switch = false;
    bool of_partition = false;
    port_number port{};
    partition_number partition{};
    bool fundamental = false;
};

/// pme-turn-off portP
struct pme_turn_off_step {
    port_number port{};
};

/// punch-through portP read|write BB:DD.F +0xOFFSET [VALUE] [== VALUE]: a configuration request of
/// that port on its own link.
struct punch_step {
    port_number port{};
    bool write = false;
    requester_id target{};
    std::uint32_t offset = 0;
    std::uint32_t data = 0; ///< of a write
    bool compare = false;
    std::uint32_t expected = 0;
};

/// host portP config BB:DD.F +0xOFFSET VALUE: a dword that answers them.
struct host_config_step {
    port_number port{};
    requester_id function{};
    std::uint32_t offset = 0;
    std::uint32_t value = 0;
};

/// smbus BYTES [nack]: a transaction in which the master writes them; smbus CODE read N [== BYTES]
/// or smbus CODE read nack: one in which it writes a command code and reads.
struct smbus_step {
    std::vector<std::uint8_t> bytes; ///< written, without the slave's address
    bool reads = false;
    bool refused = false;   ///< must not be acknowledged
    std::size_t length = 0; ///< bytes to read
    bool compare = false;
    std::vector<std::uint8_t> expected; ///< the bytes read begin so
};

/// host portP completes normally|poisoned|unsupported|never
struct host_step {
    port_number port{};
    host_answers how = host_answers::normally;
};

/// fault portP ...: something goes wrong at that port, now or next.
struct fault_step {
    port_number port{};
    fault what{};
};

/// failover N primary|secondary
struct failover_step {
    unsigned capability = 0;
    failover_kind kind = failover_kind::primary;
};

struct temperature_step {
    unsigned half_degrees = 0;
};

/// eeprom expect done | halted [FAULT]
struct eeprom_expectation {
    bool halted = false;
    eeprom_fault fault = eeprom_fault::none; ///< none = whichever
};
/// eeprom release: a switch that is halted goes on.
struct eeprom_release {};

/// note TEXT: a line of the transcript.
struct note_step {
    std::string text;
};

/// Nothing but a start time: waits.
struct pause_step {};

struct repeat_begin {
    std::uint64_t count = 0;
    std::size_t end = 0; ///< index of the repeat_end
};
struct repeat_end {
    std::size_t begin = 0; ///< index of the repeat_begin
};

using action =
    std::variant<register_access, interrupt_expectation, enumeration, memory_step, link_step,
                 reset_step, failover_step, fault_step, host_step, temperature_step,
                 eeprom_expectation, eeprom_release, pme_turn_off_step, punch_step,
                 host_config_step, smbus_step, note_step, pause_step, repeat_begin, repeat_end>;

struct statement {
    location where{};
    start_time start{};
    action what{};
    std::string text; ///< the source line without comment, for transcripts
};

struct program {
    std::string file;
    std::string topology; ///< empty = not given
    std::string timing;   ///< empty = not given
    std::vector<statement> statements;
};

} // namespace ntb::stimulus
