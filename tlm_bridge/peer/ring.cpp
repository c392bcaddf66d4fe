// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/peer/ring.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ntb::peer {

namespace {
std::uint8_t* slot_at(const ring_memory& m, std::uint64_t position) {
    return m.slots + position % layout::slots_per_ring * layout::slot_bytes;
}
} // namespace

ring_memory ring_of(std::uint8_t* memory, unsigned side) {
    return {&reinterpret_cast<layout::header*>(memory)->sent_by[side],
            memory + layout::rings_offset + side * layout::slots_per_ring * layout::slot_bytes};
}

ring_sender::ring_sender(ring_memory m) : memory_(m), head_(m.positions->head.load()) {}

std::size_t ring_sender::room() {
    const std::uint64_t used =
        head_ - memory_.positions->tail.load(); // in one order with `waiting`
    broken_ = broken_ || used > layout::slots_per_ring;
    return broken_ ? 0 : layout::slots_per_ring - static_cast<std::size_t>(used);
}

std::size_t ring_sender::slots_of(const record& r) {
    return std::max<std::size_t>(1, (r.data.size() + layout::slot_data_bytes - 1) /
                                        layout::slot_data_bytes);
}

void ring_sender::send(const record& r) {
    layout::slot_header h = r.head;
    h.total = static_cast<std::uint32_t>(r.data.size());
    std::size_t done = 0;
    do {
        const std::size_t n = std::min(layout::slot_data_bytes, r.data.size() - done);
        h.bytes = static_cast<std::uint16_t>(n);
        std::uint8_t* const slot = slot_at(memory_, head_);
        std::memcpy(slot, &h, sizeof h);
        if (n != 0)
            std::memcpy(slot + sizeof h, r.data.data() + done, n);
        ++head_;
        done += n;
        h.kind = static_cast<std::uint16_t>(record_kind::continued);
    } while (done < r.data.size());
    // A record becomes visible as a whole, so a sender that dies leaves none in parts.
    memory_.positions->head.store(head_, std::memory_order_release);
}

bool ring_sender::must_ring() {
    return memory_.positions->rung.exchange(1) == 0;
}

void ring_sender::begin_anew() {
    const std::uint64_t tail = memory_.positions->tail.load();
    if (head_ - tail > layout::slots_per_ring)
        head_ = tail;
    memory_.positions->head.store(head_);
    broken_ = false;
}

ring_receiver::ring_receiver(ring_memory m, std::uint64_t first) : memory_(m), tail_(first) {
    memory_.positions->tail.store(tail_, std::memory_order_release);
    memory_.positions->rung.store(0);
}

std::uint32_t ring_receiver::next_sender() const {
    if (broken_ || filled() == 0)
        return 0;
    layout::slot_header h{};
    std::memcpy(&h, slot_at(memory_, tail_), sizeof h);
    return h.from;
}

bool ring_receiver::take_slot(layout::slot_header& h) {
    const std::uint64_t there = filled();
    if (there > layout::slots_per_ring)
        broken_ = true;
    if (broken_ || there == 0)
        return false;
    const std::uint8_t* const slot = slot_at(memory_, tail_);
    std::memcpy(&h, slot, sizeof h);
    // What is checked from here on is the copy: the compiler must not look at the slot again.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (!well_formed(h, !has_partial_) ||
        (has_partial_ && partial_.data.size() + h.bytes > partial_.head.total)) {
        broken_ = true;
        return false;
    }
    if (!has_partial_)
        partial_.data.clear();
    partial_.data.insert(partial_.data.end(), slot + sizeof h, slot + sizeof h + h.bytes);
    memory_.positions->tail.store(++tail_); // in one order with `waiting`
    freed_ = true;
    return true;
}

bool ring_receiver::receive(record& out) {
    layout::slot_header h{};
    while (take_slot(h)) {
        if (!has_partial_)
            partial_.head = h;
        has_partial_ = partial_.data.size() < partial_.head.total;
        if (has_partial_)
            continue;
        out = std::exchange(partial_, record{});
        return true;
    }
    return false;
}

void ring_receiver::begin_anew(std::uint64_t first) {
    if (!broken_ && !has_partial_)
        return;
    partial_ = record{};
    has_partial_ = false;
    broken_ = false;
    tail_ = first;
    memory_.positions->tail.store(tail_);
}

bool ring_receiver::sender_waits() {
    // Without room the sender could but ask again, and the two would ring each other for ever.
    return std::exchange(freed_, false) && memory_.positions->waiting.load() != 0 &&
           memory_.positions->waiting.exchange(0) != 0;
}

} // namespace ntb::peer
