// SPDX-License-Identifier: Apache-2.0
// One line of a capture (docs/capture.md): what came from outside, or went there, and when. The
// words that stand for the values of the bridge are here, for writer and reader.
//
// Units: picoseconds, bytes. Plain values, no threading, no errors.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/pcie_extension.h"
#include "tlm_bridge/interrupts.h"
#include "tlm_bridge/upstream_memory.h"

namespace ntb::capture {

/// A function of a port: 0 NT, 1 DMA.
struct function_place {
    unsigned port = 0;
    unsigned function = 0;
};
[[nodiscard]] constexpr bool operator==(function_place a, function_place b) {
    return a.port == b.port && a.function == b.function;
}
[[nodiscard]] constexpr bool operator<(function_place a, function_place b) {
    return a.port != b.port ? a.port < b.port : a.function < b.function;
}
/// "port0", "port0.f1".
[[nodiscard]] std::string place_name(function_place place);

enum class record_kind : std::uint8_t {
    // What comes in:
    connect,
    disconnect,
    reset,
    read,
    write,
    control, ///< a statement of the stimulus language: link, reset, temp, fault ...
    // What the model does then, which a replay checks:
    completion,
    memory_read,
    memory_write,
    sends,
    // What a replay has no use for (maps, interrupt set-up):
    remark,
    // The end of the session.
    end,
};

struct record {
    record_kind kind = record_kind::end;
    std::uint64_t ps = 0;
    function_place where{};
    std::uint32_t region = 0;         ///< of read and write (device.h)
    std::uint64_t address = 0;        ///< offset in the region, or address in the host's memory
    std::uint64_t size = 0;           ///< of the access
    std::vector<std::uint8_t> data{}; ///< of write, completion, memory_read that was answered
    bridge::memory_status status = bridge::memory_status::ok;
    tlp_kind message = tlp_kind::msi; ///< of sends
    std::string statement{};          ///< of control
    std::uint32_t line = 0;           ///< where it is in the file
};

/// Whether the replay acts on it; else it is something that the model must do by itself.
[[nodiscard]] constexpr bool is_input(record_kind kind) {
    return kind <= record_kind::control || kind == record_kind::end;
}

inline constexpr std::array<std::string_view, 5> memory_words{"ok", "not-mapped", "protection",
                                                              "no-file", "failed"};
inline constexpr std::array<std::string_view, 4> outcome_words{"delivered", "not-connected", "full",
                                                               "failed"};
/// By tlp_kind; empty = is not sent as a message.
inline constexpr std::array<std::string_view, 9> message_words{
    "",          "",          "msi", "assert-intx", "deassert-intx", "err-cor", "err-nonfatal",
    "err-fatal", "pme-to-ack"};

/// The first line of a capture after "ntbstim 1".
inline constexpr std::string_view format_line = "capture 1";

} // namespace ntb::capture
