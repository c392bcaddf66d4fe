// SPDX-License-Identifier: Apache-2.0
// What two simulators that make one switch share in memory (docs/peer-link.md has the same as
// tables): a header, the switch-global registers, and a ring of slots per direction.
//
// Whoever can reach the memory may write anything at any time. So every field is an atomic that is
// loaded once and then checked, positions in rings are kept privately as well, and whether a side
// is alive is a record lock of the system on the file, which nobody can fake for another process.
//
// Units: bytes; picoseconds; native byte order (both sides run on one machine).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "model/other_part.h"
#include "model/types.h"

namespace ntb::peer::layout {

inline constexpr std::uint64_t magic = 0x4B4E4C5245455042; ///< "BPEERLNK"
inline constexpr std::uint32_t version = 4;
inline constexpr std::size_t page_bytes = 4096;
inline constexpr unsigned sides = 2;

using word32 = std::atomic<std::uint32_t>;
using word64 = std::atomic<std::uint64_t>;
static_assert(word32::is_always_lock_free && word64::is_always_lock_free);

/// What the other side sees of a port.
struct port_view {
    word32 accepts_requests; ///< 1: requests may be emitted into its host
    word32 doorbells;        ///< INDBELLSTS
};

/// Written by the simulator of that side only.
struct alignas(64) side {
    word32 incarnation; ///< counts the simulators that took a side; 0: it has been left in order
    word32 ivshmem_id;  ///< whom to ring
    word32 ports;       ///< bit p = port p is executed there
    word32 reserved;
    word64 next_ps;    ///< with --pace none: when it wants to do something next
    word64 now_ps;     ///< and its simulated time
    word64 first_slot; ///< of the ring that it sends on: what lies before is of predecessors
    std::array<port_view, max_ports> views;
};

/// Positions count slots and never run back.
struct ring {
    alignas(64) word64 head; ///< written by who sends
    alignas(64) word64 tail; ///< written by who receives
    alignas(64) word32 rung; ///< the bell was rung and not yet heard
    word32 waiting;          ///< who sends waits for room
};

struct header {
    word64 magic;
    word32 version;
    word32 header_bytes;
    word64 topology_hash; ///< of topology and timing
    word64 memory_bytes;  ///< that the layout needs
    word64 epoch_ns;      ///< of the system's monotonic clock, at simulated time 0
    word32 pace;          ///< 0 wall clock, 1 none
    word32 incarnations;  ///< how many simulators have taken a side
    word32 powered;       ///< 1: the switch-global state is complete
    word32 core_side;     ///< who executes the switch-global registers
    word32 core_generation;
    word32 turn; ///< with --pace none: the side whose time moves
    word32 wish; ///< and a bit per side that wants to
    std::array<side, sides> by_side;
    std::array<ring, sides> sent_by; ///< the ring that this side sends on
};
static_assert(sizeof(header) <= page_bytes && std::is_standard_layout_v<header>);

inline constexpr std::size_t slots_per_ring = 256;
inline constexpr std::size_t slot_bytes = 4096;
inline constexpr std::size_t state_offset = page_bytes;
inline constexpr std::size_t rings_offset = 4 * page_bytes;
static_assert(state_offset + sizeof(global_state) <= rings_offset);
static_assert(std::is_trivially_copyable_v<global_state>);
inline constexpr std::size_t memory_bytes = rings_offset + sides * slots_per_ring * slot_bytes;

/// Bytes of the file that are record locks: held while attaching, and by the simulator of a side.
inline constexpr std::int64_t attach_lock = 0;
inline constexpr std::int64_t side_lock = 1;

/// What a slot begins with; the data follow.
struct slot_header {
    std::uint16_t kind = 0;  ///< record_kind
    std::uint16_t bytes = 0; ///< of data in this slot
    std::uint32_t from = 0;  ///< incarnation of the sender
    std::uint32_t to = 0;    ///< incarnation that it is meant for
    std::uint32_t tag = 0;   ///< of a request and its completion, a message and its outcome
    std::uint64_t sent_ps = 0;
    std::uint64_t due_ps = 0; ///< acts at this time, or at once when it comes later
    std::uint64_t address = 0;
    std::uint32_t total = 0; ///< bytes of data of the record, over all its slots
    std::uint32_t value = 0;
    std::uint32_t mask = 0; ///< byte mask of a register access
    std::uint16_t requester = 0;
    std::uint8_t port = 0;
    std::uint8_t index = 0;
    std::uint8_t from_port = 0;
    std::uint8_t from_index = 0;
    std::uint8_t partition = 0;
    std::uint8_t flags = 0;
};
static_assert(sizeof(slot_header) == 64 && std::is_trivially_copyable_v<slot_header>);
inline constexpr std::size_t slot_data_bytes = slot_bytes - sizeof(slot_header);

} // namespace ntb::peer::layout
