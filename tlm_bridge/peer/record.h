// SPDX-License-Identifier: Apache-2.0
// One thing on its way from one simulator to the other, as it is in this process: checked, and out
// of reach of who wrote it.
//
// Threading: none of its own. Errors: what cannot be a record is refused by well_formed().
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/other_part.h"
#include "tlm_bridge/peer/layout.h"

namespace ntb::peer {

enum class record_kind : std::uint16_t {
    crossing = 1,   ///< index = crossing::what, needs no answer
    register_read,  ///< of the global space: address, mask, requester; is completed
    register_write, ///< with value; is completed
    memory_read,    ///< into the host of `port`: address, value = bytes; is completed
    memory_write,   ///< data, then as many byte enables if flags say so
    completion,     ///< of `tag`: index = status, value, data
    continued,      ///< more data of the record before
    word,           ///< value, of the companion there for the one here; needs no answer
    writes_settle,  ///< is completed when the memory writes before it are in memory
};
inline constexpr std::uint16_t last_record_kind = 9;

/// Bits of slot_header::flags.
inline constexpr std::uint8_t flag_set = 1;          ///< crossing::flag
inline constexpr std::uint8_t flag_poisoned = 2;     ///< EP bit
inline constexpr std::uint8_t flag_byte_enables = 4; ///< the data have byte enables behind them
inline constexpr std::uint8_t flag_completed = 8;    ///< a memory write that is to be completed

/// Bytes of one request; longer ones cross in several. With byte enables it has to fit into the
/// ring.
inline constexpr std::uint32_t max_request_bytes = 128U << 10U;
static_assert(std::size_t{2} * max_request_bytes <
              layout::slots_per_ring * layout::slot_data_bytes);

struct record {
    layout::slot_header head{};
    std::vector<std::uint8_t> data{};
    std::uint64_t number = 0; ///< of what this side sends, in order; does not cross

    [[nodiscard]] record_kind kind() const { return static_cast<record_kind>(head.kind); }
};

/// Whether the head can be that of a record's first slot (`first`) or of a further one.
[[nodiscard]] bool well_formed(const layout::slot_header& h, bool first);

[[nodiscard]] layout::slot_header encode(const crossing& c);
/// Of a well-formed record of that kind.
[[nodiscard]] crossing decode_crossing(const layout::slot_header& h);

} // namespace ntb::peer
