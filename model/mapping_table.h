// SPDX-License-Identifier: Apache-2.0
// The NT mapping table: which requesters of which partition may cross. One table for the whole
// switch (B7.1); each NT function reaches it through its own NTMTBLADDR and NTMTBLDATA, whose
// layout is that of an entry (B7.2).
#pragma once

#include <array>
#include <cstdint>

#include "model/regs/nt_refs.h"
#include "model/types.h"

namespace ntb {

class mapping_table {
public:
    [[nodiscard]] static constexpr bool in_range(unsigned i) { return i < mapping_table_size; }
    /// The entry, 0 if the index is out of range.
    [[nodiscard]] std::uint32_t read(unsigned i) const { return in_range(i) ? entries_[i] : 0; }
    void write(unsigned i, std::uint32_t value) {
        if (in_range(i))
            entries_[i] = value;
    }
    /// A reset of a partition makes its entries invalid (B4.3): they then read 0.
    void invalidate(partition_number partition) {
        for (std::uint32_t& e : entries_)
            if (nt::NTMTBLDATA_VALID.get(e) != 0 && nt::NTMTBLDATA_PART.get(e) == partition.value())
                e = 0;
    }
    void clear() { entries_ = {}; }
    /// Index of the valid entry of this requester (B7.4), or -1.
    [[nodiscard]] int find(partition_number partition, requester_id id) const {
        constexpr std::uint32_t key =
            nt::NTMTBLDATA_VALID.mask | nt::NTMTBLDATA_BDF.mask | nt::NTMTBLDATA_PART.mask;
        std::uint32_t wanted = nt::NTMTBLDATA_VALID.mask;
        wanted = nt::NTMTBLDATA_BDF.put(wanted, id.value());
        wanted = nt::NTMTBLDATA_PART.put(wanted, partition.value());
        for (unsigned i = 0; i < mapping_table_size; ++i)
            if ((entries_[i] & key) == wanted)
                return static_cast<int>(i);
        return -1;
    }

private:
    std::array<std::uint32_t, mapping_table_size> entries_{};
};

} // namespace ntb
