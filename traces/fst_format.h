// SPDX-License-Identifier: Apache-2.0
// Writes FST, GTKWave's compressed waveform format, through GTKWave's own writer: some ten times
// smaller than VCD, and opened without reading it whole. It has no date and no path in it.
//
// The file is complete only after close(); a recording that is killed leaves none that can be read
// (VCD does). The library does not tell of write errors, so close() reads the result back.
//
// Units: picoseconds (timescale 1 ps), bytes. Threading: one at a time. Errors: trace_error if the
// file cannot be made; if it is found broken when it is closed, one line on stderr.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/tlp_appearance.h"
#include "traces/signal_declaration.h"

namespace ntb::traces {

class fst_format {
public:
    /// `limit_bytes` 0 = none; what follows is dropped, and a line on stderr says so.
    fst_format(std::string path, std::uint64_t limit_bytes);

    void begin(const std::vector<signal_declaration>& declarations);
    void initial_values_end() {}
    void stamp(std::uint64_t time_ps) noexcept;
    void bits(std::uint32_t index, std::uint64_t value) noexcept;
    void text(std::uint32_t index, std::string_view text) noexcept;
    void tlp(std::uint32_t index, const tlp_appearance& what) noexcept;

    [[nodiscard]] bool stopped() const noexcept { return stopped_; }
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    /// Of the file; 0 before it is closed.
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    void flush() noexcept {} ///< FST is written in blocks; there is nothing to gain
    void close() noexcept;

private:
    struct writer_end {
        void operator()(void* context) const noexcept;
    };
    struct variable {
        std::uint32_t handle = 0;
        std::uint32_t width = 0; ///< 0 = text
    };

    std::string path_;
    std::uint64_t limit_bytes_;
    std::unique_ptr<void, writer_end> writer_;
    std::vector<variable> variables_;
    std::uint64_t size_ = 0;
    bool stopped_ = false;
    bool failed_ = false;
};

} // namespace ntb::traces
