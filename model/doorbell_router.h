// SPDX-License-Identifier: Apache-2.0
// The 32 global doorbells: who may ring (GODBELLMSKn), whom they reach (GIDBELLMSKn), and the way
// from an OUTDBELLSET write to the INDBELLSTS of each partition (B5.1 to B5.4).
//
// Units: core-clock cycles. The masks are applied when the doorbell is requested; which of the two
// moments the hardware takes is not confirmed.
#pragma once

#include <array>
#include <cstdint>

#include "model/core_clock.h"
#include "model/delay_line.h"
#include "model/types.h"

namespace ntb {

class switch_core;

class doorbell_router {
public:
    doorbell_router(switch_core& core, std::uint32_t delay_cycles)
        : core_(core), delay_(delay_cycles) {}

    /// GODBELLMSKn / GIDBELLMSKn have a new value: bit p = partition p is masked.
    void set_outbound_mask(unsigned doorbell, std::uint32_t partitions);
    void set_inbound_mask(unsigned doorbell, std::uint32_t partitions);

    /// A function of `from` requests the doorbells in `bits`.
    void ring(partition_number from, std::uint32_t bits);

    /// Forgets what is on its way.
    void reset() { line_.clear(); }

    [[nodiscard]] sc_core::sc_event& due() { return line_.event(); }
    void deliver();

private:
    using bits_per_partition = std::array<std::uint32_t, max_partitions>;

    void arrive(const bits_per_partition& bits);

    switch_core& core_;
    std::uint32_t delay_;
    bits_per_partition may_ring_ = all_ones(); ///< transposed ~GODBELLMSKn
    bits_per_partition reaches_ = all_ones();  ///< transposed ~GIDBELLMSKn
    delay_line<bits_per_partition, 256> line_; ///< one place per cycle of the longest delay

    static constexpr bits_per_partition all_ones() {
        bits_per_partition b{};
        for (std::uint32_t& x : b)
            x = 0xFFFFFFFFU;
        return b;
    }
};

} // namespace ntb
