// SPDX-License-Identifier: Apache-2.0
// The start from a configuration EEPROM: at power-up the switch reads block after block (order and
// format: eeprom_blocks.h) and writes registers by the same door of the global space that SMBus and
// GASADATA use (B1.9, B15.1). Each write happens when the block's last byte has been read. A wait
// block reads its register again and again until it has the value.
//
// Ends:
//   - the done block: the switch leaves reset, links may come up, and what the image made of
//     registers that survive a hot reset is what a reset gives them back from now on;
//   - any error: the load stops, the switch stays halted (B15.5): no link comes up, registers
//     answer by the global space (slave SMBus) only, until somebody releases it.
// SMBUSSTS.EED and EEPROMDONE, SWCTL.RSTHALT and SMBUSCTL.ICHECKSUM have no known positions
// (B15.3, B15.5): they are status() and release() here, and eeprom_config::ignore_checksum. Where
// the topology's [layout] gives them a position they are in their registers as well, and clearing
// RSTHALT releases the switch (not confirmed).
//
// Units: picoseconds, bytes. Threading: run() is the body of an SC_THREAD. Nothing is allocated
// after construction. Errors: status().
#pragma once

#include <vector>

#include "model/config.h"
#include "model/eeprom_blocks.h"
#include "model/eeprom_status.h"
#include "model/trace_sink.h"

namespace ntb {

class switch_core;

class eeprom_loader {
public:
    eeprom_loader(const topology_config& topology, const timing_config& timing, switch_core& core);

    /// Loads; returns at the done block or at an error.
    void run();
    /// Ends the halt that an error left behind.
    void release();

    [[nodiscard]] const eeprom_status& status() const { return status_; }
    /// Declares the signals of the load. Elaboration only.
    void trace(trace_sink& sink);

private:
    void take_time(std::uint32_t bytes);
    void write(const eeprom_step& step);
    [[nodiscard]] bool await(const eeprom_step& step);
    [[nodiscard]] bool checksum_ignored() const;
    void ended(bool failed);
    void show(eeprom_state state, const eeprom_step& step);

    const std::vector<std::uint8_t> image_;
    const std::uint64_t byte_ps_;
    const std::uint64_t poll_ps_;
    const std::uint64_t wait_limit_ps_;
    const bool ignore_checksum_;
    switch_core& core_;
    eeprom_reader reader_;
    std::uint64_t read_at_ps_ = 0; ///< when the last byte so far was read
    eeprom_status status_{};
    trace_sink* sink_ = nullptr;
    signal_id state_signal_{};
    signal_id block_signal_{};
};

} // namespace ntb
