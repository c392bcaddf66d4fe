// SPDX-License-Identifier: Apache-2.0
// A waveform read instant by instant: all changes of one time at once, and the values before
// anything happened. What merging and comparing have in common.
//
// Units: picoseconds. Threading: none. Errors: trace_error of vcd_reader.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "traces/vcd_reader.h"

namespace ntb::traces {

/// A change that outlives the reader's next call.
struct kept_change {
    std::uint32_t channel = 0;
    std::uint64_t value = 0;
    std::string text{};
};

class wave_copy {
public:
    explicit wave_copy(const std::string& path) : reader_(path) {
        more_ = reader_.next(pending_);
        keep();
    }

    [[nodiscard]] const vcd_reader& reader() const { return reader_; }
    /// Whether there is another instant, and its time.
    [[nodiscard]] bool more() const { return more_; }
    [[nodiscard]] std::uint64_t time_ps() const { return pending_.time_ps; }

    /// Takes the changes of that instant, in the order of the file.
    void take(std::vector<kept_change>& changes) {
        changes.clear();
        const std::uint64_t now = pending_.time_ps;
        while (more_ && pending_.time_ps == now) {
            changes.push_back({pending_.channel, pending_.value, std::move(text_)});
            more_ = reader_.next(pending_);
            keep();
        }
    }

private:
    /// The reader's text lives only until its next call.
    void keep() { text_ = more_ ? std::string(pending_.text) : std::string(); }

    vcd_reader reader_;
    vcd_change pending_{};
    std::string text_{};
    bool more_ = false;
};

} // namespace ntb::traces
