// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later
// What the simulator and the stub inside a QEMU share of one PCI function: the page's layout and
// the greeting by which the stub gets it. The only thing that both sides know, so it is under
// either's licence, and uses nothing but the standard headers.
//
// One page belongs to one pair: a sealed memfd that the simulator makes and sends over the control
// socket. Each word has one writer, named beside it. Neither side trusts the other: what is read
// is copied once, then checked.
//
// Order: the stub puts every access to a BAR into the ring, writes and reads alike, and then
// stores `posted`; the simulator carries the entries out in order and stores `done`, at the latest
// when none are left, when the stub waits for it, or before a read that it has to answer. A read
// may be answered from `registers` while `done` equals `posted`, `answers` is set, and the dword is
// readable; with `log_reads` the stub puts what it answered into the ring, too.
//
// Sleep: the simulator sets `sleeping` and looks at the ring once more before it sleeps; the stub
// clears it after `posted` has changed and signals the eventfd if it was set. The other way round
// the stub stores `wait_for`, sets `waiting`, and waits with a futex on `done`.
//
// End: a simulator that wants no more sets `closed` to ring_ending and looks at `posted` once more.
// What it finds there it carries out, then it sets `closed` to ring_over, and `done` is final. The
// stub looks at `closed` after each change of `posted`; what the final `done` leaves out it sends
// over vfio-user.
//
// Windows: the simulator tells over the control socket which parts of window BARs are which parts
// of a file (the other guest's memory). When one is so no more it says so, and waits for the
// answer, a serial number in the page, before the guests are told of what has changed. A window
// write that goes to memory, but not by itself, waits for `done` while others do, of this guest or
// of another one (`mixed_bars`): the simulator sets it when the write is in memory.
//
// Units: bytes; offsets count from the start of the region. Counters run over at 2^32.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ntb::stub {

/// Told by both sides in the greeting; another version is refused.
inline constexpr std::uint32_t page_magic = 0x4E544253; // "NTBS"
inline constexpr std::uint32_t page_version = 3;

/// Dwords of an NT function's registers, which BAR0 opens.
inline constexpr std::uint32_t register_dwords = 1024;
inline constexpr std::uint32_t bar_regions = 6;
/// Entries of the ring; a power of two. A guest that writes faster than the model can act waits
/// when they are used up.
inline constexpr std::uint32_t ring_entries = 1U << 15U;

/// What `closed` says.
inline constexpr std::uint32_t ring_served = 0;
inline constexpr std::uint32_t ring_ending = 1;
inline constexpr std::uint32_t ring_over = 2;

enum class entry_kind : std::uint8_t {
    write = 1, ///< posted
    answered,  ///< a read that was answered from the page; `value` is what the guest got
    read,      ///< a read that waits for its value in `reply`
};

/// One access to a BAR.
struct entry {
    std::uint64_t value;  ///< little-endian in `size` bytes
    std::uint64_t offset; ///< in the region, which may be larger than 4 GiB
    std::uint8_t region;  ///< 0..5
    std::uint8_t size;    ///< 1, 2, 4 or 8
    entry_kind kind;
    std::uint8_t reserved[5]; ///< 0
};
static_assert(sizeof(entry) == 24);

struct page {
    // --- written by the simulator
    alignas(64) std::atomic<std::uint32_t> done; ///< entries carried out
    std::atomic<std::uint32_t> answers;          ///< registers may be read from the page
    std::atomic<std::uint32_t> closed;           ///< ring_served, ring_ending, ring_over
    std::atomic<std::uint32_t> log_reads;        ///< answered reads go into the ring, too
    std::atomic<std::uint32_t> spin_us;          ///< how long the stub polls before it sleeps
    /// A bit for each BAR of which a part leads to memory and is trapped all the same, while others
    /// are mapped: writes there are waited for.
    std::atomic<std::uint32_t> mixed_bars;
    std::atomic<std::uint64_t> reply; ///< value of the last `read` entry
    // --- written by both
    alignas(64) std::atomic<std::uint32_t> sleeping; ///< the simulator sets it, the stub clears it
    std::atomic<std::uint32_t> waiting;              ///< the stub sets it, the simulator clears it
    // --- written by the stub
    alignas(64) std::atomic<std::uint32_t> posted; ///< entries put into the ring
    std::atomic<std::uint32_t> wait_for;           ///< value of `done` that ends the wait
    std::atomic<std::uint32_t> windows_done;       ///< serial of the last window message obeyed
    alignas(64) entry ring[ring_entries];
    // --- written by the simulator
    alignas(64) std::atomic<std::uint32_t> registers[register_dwords];
    std::atomic<std::uint32_t> readable[register_dwords / 32]; ///< a bit for each dword
    /// A bit for each dword whose writes the stub waits for while windows are mapped: they may
    /// change where windows lead.
    std::atomic<std::uint32_t> ordered[register_dwords / 32];
};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free &&
              std::atomic<std::uint64_t>::is_always_lock_free);

/// Window pages: what is mapped is a multiple of it, at a multiple of it.
inline constexpr std::uint64_t window_page = 4096;
inline constexpr std::uint32_t max_windows = 64;

enum class window_command : std::uint32_t {
    map = 1, ///< comes with the file's descriptor; not answered
    unmap,   ///< what one `map` has mapped; not answered
    commit,  ///< what is mapped now is all; answered by `windows_done`
};

/// What the simulator sends over the control socket after its greeting.
struct window_message {
    window_command command;
    std::uint32_t serial;      ///< of `commit`
    std::uint64_t bar;         ///< of `map` and `unmap`, like offset and size
    std::uint64_t offset;      ///< in the BAR
    std::uint64_t size;        ///< bytes
    std::uint64_t file_offset; ///< of `map`
};
static_assert(sizeof(window_message) == 40);

/// The stub's first and only message.
struct hello {
    std::uint32_t magic;
    std::uint32_t version;
    std::uint32_t takes_windows; ///< 1: it obeys window messages; 0: none are sent
};

/// The simulator's answer, with two descriptors: the page's memfd and the eventfd that wakes the
/// simulator. With `refused` it has none.
struct welcome {
    std::uint32_t magic;
    std::uint32_t version;
    std::uint32_t page_size;
    std::uint32_t
        refused; ///< not 0: there is no client on the function's socket, or a stub already
};

} // namespace ntb::stub
