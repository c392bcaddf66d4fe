// SPDX-License-Identifier: Apache-2.0
// The lookup tables of an NT function's BAR2 and BAR4: target base, partition and valid bit of
// each entry, reached one dword at a time by LUTOFFSET and LUT[LMU]DATA (B9.6, B9.7). Each part
// writes through at once (not confirmed: the hardware might commit all three with LUTUDATA).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/core_clock.h"
#include "model/trace_sink.h"

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
    void clear() {
        tables_ = {};
        for (unsigned bar : {2U, 4U})
            for (unsigned i = 0; i < entries_per_table; ++i)
                changed(bar, i);
    }

    /// Declares the parts of each entry below `scope`: "lut2_3_base" (64 bits of target base) and
    /// "lut2_3_upper". Elaboration only.
    void trace(trace_sink& sink, std::string_view scope) {
        sink_ = &sink;
        for (unsigned bar : {2U, 4U})
            for (unsigned i = 0; i < entries_per_table; ++i) {
                const std::string name = std::string(scope) + "lut" + std::to_string(bar) + '_' +
                                         std::to_string(i) + '_';
                signals_[bar == 2 ? 0 : 1][i] = {sink.declare_bits(name + "base", 64, 0),
                                                 sink.declare_bits(name + "upper", 32, 0)};
            }
    }
    /// An entry has been written.
    void changed(unsigned bar, unsigned index) const {
        if (sink_ == nullptr || !exists(bar, index))
            return;
        const entry& e = tables_[bar == 2 ? 0 : 1][index];
        const entry_signals& s = signals_[bar == 2 ? 0 : 1][index];
        if (s.base.traced())
            sink_->set(s.base, core_clock::now_ps(),
                       static_cast<std::uint64_t>(e.high) << 32U | e.low);
        if (s.upper.traced())
            sink_->set(s.upper, core_clock::now_ps(), e.upper);
    }

private:
    struct entry_signals {
        signal_id base{};
        signal_id upper{};
    };
    [[nodiscard]] static constexpr bool exists(unsigned bar, unsigned index) {
        return (bar == 2 || bar == 4) && index < entries_per_table;
    }

    std::array<std::array<entry, entries_per_table>, 2> tables_{};
    std::array<std::array<entry_signals, entries_per_table>, 2> signals_{};
    trace_sink* sink_ = nullptr;
};

} // namespace ntb
