// SPDX-License-Identifier: Apache-2.0
// Reads a VCD file as a stream: its signals first, then one change after the other, in one pass
// and in memory that does not grow with the length of the recording.
//
// It takes our own files and those of other tools: any white space between tokens, any timescale,
// aliases, $dumpoff and $comment sections, escaped strings. A file whose writer was killed ends in
// the middle: what is not followed by white space is left out and truncated() says so. Everything
// else that is no VCD is an error, never undefined behaviour.
//
// Units: picoseconds. Threading: none. Errors: trace_error, naming file and line.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "traces/unique_fd.h"

namespace ntb::traces {

enum class vcd_kind : std::uint8_t { bits, text, real };

struct vcd_signal {
    std::string name;    ///< full dotted name without a bit range
    std::uint32_t width; ///< bits; 1 for texts
    vcd_kind kind;
    std::uint32_t channel; ///< which changes are its own; aliases share one
};

struct vcd_change {
    std::uint64_t time_ps = 0;
    std::uint32_t channel = 0;
    std::uint64_t value = 0; ///< of bits: the low 64; unknown and floating bits read as 0
    bool unknown = false;    ///< of bits: some are x or z
    std::string_view text{}; ///< of a text, unescaped; valid until the next call
};

class vcd_reader {
public:
    /// Opens the file and reads its header.
    explicit vcd_reader(const std::string& path);

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const std::vector<vcd_signal>& signals() const { return signals_; }
    /// Number of channels: every vcd_signal::channel is below.
    [[nodiscard]] std::size_t channels() const { return kinds_.size(); }
    /// The signal of that full name, null if there is none.
    [[nodiscard]] const vcd_signal* find(std::string_view name) const;

    /// The next change; false at the end of the file.
    bool next(vcd_change& change);
    /// Latest time stamp so far.
    [[nodiscard]] std::uint64_t time_ps() const { return time_ps_; }
    /// After next() gave false: whether the file ends in the middle of a line.
    [[nodiscard]] bool truncated() const { return truncated_; }

private:
    [[noreturn]] void fail(const std::string& why) const;
    bool fill();
    bool token(std::string_view& out);
    std::string_view header_token(const char* in);
    void skip_section();
    void read_header();
    void read_timescale();
    void read_variable(const std::string& scope);
    [[nodiscard]] std::uint32_t channel_of(std::string_view code) const;
    std::uint32_t declare_code(std::string_view code, vcd_kind kind);
    void read_time(std::string_view digits);
    void read_bits(std::string_view digits, vcd_change& change) const;

    std::string path_;
    unique_fd file_;
    std::vector<char> buffer_;
    std::size_t at_ = 0;  ///< next byte in buffer_
    std::size_t end_ = 0; ///< end of the bytes in buffer_
    std::uint64_t line_ = 1;
    bool truncated_ = false;
    std::vector<vcd_signal> signals_;
    std::unordered_map<std::string, std::size_t> by_name_;
    std::vector<vcd_kind> kinds_;            ///< by channel
    std::vector<std::uint32_t> short_codes_; ///< channel + 1 of codes of one or two characters
    std::unordered_map<std::string, std::uint32_t> long_codes_;
    std::uint64_t ps_per_tick_ = 1;
    std::uint64_t ticks_per_ps_ = 1; ///< where the timescale is below a picosecond
    std::uint64_t time_ps_ = 0;
    std::string text_;
    std::string value_; ///< copy of a value while its identifier is read
};

} // namespace ntb::traces
