// SPDX-License-Identifier: Apache-2.0
// One direction of the peer link: a ring of slots in shared memory, with one sender and one
// receiver. A record takes one slot, or several in a row if it has more data than one holds.
//
// Each end keeps its own position privately and takes the other end's only within the bounds that
// make sense; what does not is the end of the connection (broken()). A slot is copied once, then
// looked at. Threading: one thread per end; no end waits. Errors: broken().
#pragma once

#include <cstddef>
#include <cstdint>

#include "tlm_bridge/peer/layout.h"
#include "tlm_bridge/peer/record.h"

namespace ntb::peer {

/// Where a ring lies.
struct ring_memory {
    layout::ring* positions = nullptr;
    std::uint8_t* slots = nullptr; ///< slots_per_ring of slot_bytes
};

/// The ring that `side` sends on, in memory of layout::memory_bytes.
[[nodiscard]] ring_memory ring_of(std::uint8_t* memory, unsigned side);

class ring_sender {
public:
    /// Goes on behind what was sent before, by whomever.
    explicit ring_sender(ring_memory m);

    /// Slots that are free now.
    [[nodiscard]] std::size_t room();
    /// How many a record takes.
    [[nodiscard]] static std::size_t slots_of(const record& r);
    /// Sends it; there must be room. Its head's `bytes` and `total` are set here.
    void send(const record& r);
    /// Whether the receiver has yet to be told; true once for all records since it heard the bell.
    [[nodiscard]] bool must_ring();
    /// Another receiver has come. If this end's position is none that it could have found, it goes
    /// on where the receiver reads.
    void begin_anew();
    /// The receiver is to ring when there is more room than now. Ask room() again afterwards: what
    /// it took before it could know is not told.
    void want_room() { memory_.positions->waiting.store(1); }

    [[nodiscard]] bool broken() const { return broken_; }

private:
    ring_memory memory_;
    std::uint64_t head_;
    bool broken_ = false;
};

class ring_receiver {
public:
    /// Skips what was sent before.
    explicit ring_receiver(ring_memory m) : ring_receiver(m, m.positions->head.load()) {}
    /// Skips what was sent before position `first`.
    ring_receiver(ring_memory m, std::uint64_t first);

    /// The bell was heard: whoever sends from now on rings it again.
    void heard() { memory_.positions->rung.store(0); }
    /// Whom the next slot names as its sender (an incarnation); 0: there is no slot. It stays.
    [[nodiscard]] std::uint32_t next_sender() const;
    /// The next whole record into `out`; false: there is none yet.
    [[nodiscard]] bool receive(record& out);
    /// Another sender has come, whose records begin at `first`. If the one before broke the rules,
    /// this end goes on there.
    void begin_anew(std::uint64_t first);
    /// Whether there is room, since this was asked last, for which the sender waits: it is to be
    /// rung; once.
    [[nodiscard]] bool sender_waits();

    [[nodiscard]] bool broken() const { return broken_; }

private:
    /// Slots with something in them, as the sender says.
    [[nodiscard]] std::uint64_t filled() const {
        return memory_.positions->head.load(std::memory_order_acquire) - tail_;
    }
    /// Copies the next slot into `h` and behind the data of partial_.
    [[nodiscard]] bool take_slot(layout::slot_header& h);

    ring_memory memory_;
    std::uint64_t tail_;
    record partial_{};
    bool has_partial_ = false;
    bool freed_ = false; ///< slots, since the sender was told last
    bool broken_ = false;
};

} // namespace ntb::peer
