// SPDX-License-Identifier: Apache-2.0
#include "model/doorbell_router.h"

#include "model/nt_function.h"
#include "model/switch_core.h"

namespace ntb {

namespace {

void transpose(std::array<std::uint32_t, max_partitions>& allowed, unsigned doorbell,
               std::uint32_t masked_partitions) {
    const std::uint32_t bit = 1U << doorbell;
    for (unsigned p = 0; p < max_partitions; ++p) {
        const bool masked = ((masked_partitions >> p) & 1U) != 0;
        allowed[p] = masked ? allowed[p] & ~bit : allowed[p] | bit;
    }
}

} // namespace

void doorbell_router::set_outbound_mask(unsigned doorbell, std::uint32_t partitions) {
    transpose(may_ring_, doorbell, partitions);
}

void doorbell_router::set_inbound_mask(unsigned doorbell, std::uint32_t partitions) {
    transpose(reaches_, doorbell, partitions);
}

void doorbell_router::ring(partition_number from, std::uint32_t bits) {
    if (core_.other() != nullptr)
        core_.load_doorbell_masks(); // the other part may have changed them
    const std::uint32_t requested = bits & may_ring_[from.value()];
    if (requested == 0)
        return;
    bits_per_partition arriving{};
    for (unsigned p = 0; p < max_partitions; ++p)
        arriving[p] = requested & reaches_[p];
    if (delay_ == 0) {
        arrive(arriving);
        return;
    }
    const std::uint64_t at = core_.clock().after(delay_);
    if (bits_per_partition* same_cycle = line_.youngest_due_at(at)) {
        for (unsigned p = 0; p < max_partitions; ++p)
            (*same_cycle)[p] |= arriving[p];
        return;
    }
    const bool stored = line_.push(at, arriving);
    sc_assert(stored); // one place per cycle: max_timing_cycles
    (void)stored;
}

void doorbell_router::deliver() {
    bits_per_partition bits{};
    while (line_.pop_due(bits))
        arrive(bits);
}

void doorbell_router::arrive(const bits_per_partition& bits) {
    // Loop-back included (B5.4): the sender's own partition is one of them.
    for (nt_function* f : core_.functions()) {
        const std::uint32_t b = bits[f->partition().value()];
        if (b == 0 || !f->in_active_partition())
            continue;
        if (core_.executes(f->port())) {
            f->doorbells_arrived(b);
        } else {
            crossing c{};
            c.kind = crossing::what::doorbells;
            c.port = f->port();
            c.value = b;
            core_.tell(c);
        }
    }
}

} // namespace ntb
