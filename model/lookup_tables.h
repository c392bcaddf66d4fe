// SPDX-License-Identifier: Apache-2.0
// The lookup tables of an NT function's BAR2 and BAR4: target base, partition and valid bit of
// each entry, reached one dword at a time by LUTOFFSET and LUT[LMU]DATA (B9.6, B9.7). Each part
// writes through at once (not confirmed: the hardware might commit all three with LUTUDATA).
#pragma once

#include <array>
#include <cstdint>

namespace ntb {

class lookup_tables {
public:
    static constexpr unsigned entries_per_table = 24;
    struct entry {
        std::uint32_t low = 0;   ///< LUTLDATA: target base bits 31:2
        std::uint32_t high = 0;  ///< LUTMDATA: target base bits 63:32
        std::uint32_t upper = 0; ///< LUTUDATA: VALID, PART
    };

    /// The entry that BAR (2 or 4) and index select, or null: no such entry.
    [[nodiscard]] entry* at(unsigned bar, unsigned index) {
        return exists(bar, index) ? &tables_[bar == 2 ? 0 : 1][index] : nullptr;
    }
    [[nodiscard]] const entry* at(unsigned bar, unsigned index) const {
        return exists(bar, index) ? &tables_[bar == 2 ? 0 : 1][index] : nullptr;
    }
    void clear() { tables_ = {}; }

private:
    [[nodiscard]] static constexpr bool exists(unsigned bar, unsigned index) {
        return (bar == 2 || bar == 4) && index < entries_per_table;
    }

    std::array<std::array<entry, entries_per_table>, 2> tables_{};
};

} // namespace ntb
