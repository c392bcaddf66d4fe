// SPDX-License-Identifier: Apache-2.0
// The NT mapping table: which requesters of which partition may cross. One table for the whole
// switch (B7.1); each NT function reaches it through its own NTMTBLADDR and NTMTBLDATA, whose
// layout is that of an entry (B7.2). The entries may lie in memory that somebody else writes, too
// (other_part.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "model/core_clock.h"
#include "model/regs/nt_refs.h"
#include "model/shared_word.h"
#include "model/trace_sink.h"
#include "model/types.h"
#include "model/window_ranges.h"

namespace ntb {

class mapping_table {
public:
    mapping_table() = default;
    mapping_table(const mapping_table&) = delete; // entries_ may point into it
    mapping_table& operator=(const mapping_table&) = delete;
    ~mapping_table() = default;

    /// The entries are there from now on. Elaboration only.
    void keep_in(std::array<std::uint32_t, mapping_table_size>& entries) {
        entries_ = entries.data();
    }

    [[nodiscard]] static constexpr bool in_range(unsigned i) { return i < mapping_table_size; }
    /// The entry, 0 if the index is out of range.
    [[nodiscard]] std::uint32_t read(unsigned i) const {
        return in_range(i) ? load_word(entries_[i]) : 0;
    }
    void write(unsigned i, std::uint32_t value) {
        if (in_range(i))
            put(i, value);
    }
    /// `observer` (null = nobody) is told before an entry changes.
    void set_window_observer(window_observer* observer) { observer_ = observer; }
    /// A reset of a partition makes its entries invalid (B4.3): they then read 0.
    void invalidate(partition_number partition) {
        for (unsigned i = 0; i < mapping_table_size; ++i) {
            const std::uint32_t e = read(i);
            if (nt::NTMTBLDATA_VALID.get(e) != 0 && nt::NTMTBLDATA_PART.get(e) == partition.value())
                put(i, 0);
        }
    }
    void clear() {
        for (unsigned i = 0; i < mapping_table_size; ++i)
            put(i, 0);
    }
    /// Declares each entry as "switch.ntmtbl_N". Elaboration only.
    void trace(trace_sink& sink) {
        sink_ = &sink;
        for (unsigned i = 0; i < mapping_table_size; ++i)
            signals_[i] = sink.declare_bits("switch.ntmtbl_" + std::to_string(i), 32, read(i));
    }
    /// Index of the valid entry of this requester (B7.4), or -1.
    [[nodiscard]] int find(partition_number partition, requester_id id) const {
        constexpr std::uint32_t key =
            nt::NTMTBLDATA_VALID.mask | nt::NTMTBLDATA_BDF.mask | nt::NTMTBLDATA_PART.mask;
        std::uint32_t wanted = nt::NTMTBLDATA_VALID.mask;
        wanted = nt::NTMTBLDATA_BDF.put(wanted, id.value());
        wanted = nt::NTMTBLDATA_PART.put(wanted, partition.value());
        for (unsigned i = 0; i < mapping_table_size; ++i)
            if ((read(i) & key) == wanted)
                return static_cast<int>(i);
        return -1;
    }

private:
    void put(unsigned i, std::uint32_t value) {
        if (read(i) == value)
            return;
        if (observer_ != nullptr)
            observer_->windows_change();
        store_word(entries_[i], value);
        if (signals_[i].traced())
            sink_->set(signals_[i], core_clock::now_ps(), value);
    }

    window_observer* observer_ = nullptr;
    std::array<std::uint32_t, mapping_table_size> own_{};
    std::uint32_t* entries_ = own_.data();
    std::array<signal_id, mapping_table_size> signals_{};
    trace_sink* sink_ = nullptr;
};

} // namespace ntb
