// SPDX-License-Identifier: Apache-2.0
// Writes VCD (IEEE 1364, plus string variables as GTKWave and Surfer read them): each change one
// line of text in a buffer. The header has no date and no path, so the waveforms of two equal runs
// are equal bytes. Full disk, limit, kill -9: see line_writer.h.
//
// Units: picoseconds (timescale 1 ps), bytes. Threading: one at a time. Errors: trace_error if the
// file cannot be made; afterwards one line on stderr.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "model/tlp_appearance.h"
#include "traces/line_writer.h"
#include "traces/signal_declaration.h"
#include "traces/vcd_text.h"

namespace ntb::traces {

class vcd_format {
public:
    vcd_format(std::string path, std::uint64_t limit_bytes)
        : writer_(std::move(path), limit_bytes) {}

    /// Header, then the values that follow are those of `start_ps`.
    void begin(const std::vector<signal_declaration>& declarations, std::uint64_t start_ps = 0);
    void initial_values_end() { put("$end\n"); }

    void stamp(std::uint64_t time_ps) noexcept {
        constexpr std::size_t size = 22; // '#', 20 digits, line end
        char* out = writer_.room(size);
        writer_.begin_step(time_ps);
        char* end = put_time(out + 1, time_ps);
        *out = '#';
        *end++ = '\n';
        writer_.commit(end);
    }

    void bits(std::uint32_t index, std::uint64_t value) noexcept {
        const tail& t = tails_[index];
        if (!t.vector) {
            char* out = writer_.room(1U + t.size);
            *out = static_cast<char>('0' + value);
            std::memcpy(out + 1, t.text.data(), t.text.size());
            writer_.commit(out + 1 + t.size);
            return;
        }
        const auto digits = static_cast<unsigned>(64 - __builtin_clzll(value | 1));
        char* out = writer_.room(1U + digits + t.size);
        *out++ = 'b';
        out = put_binary(out, value, digits);
        std::memcpy(out, t.text.data(), t.text.size());
        writer_.commit(out + t.size);
    }

    void text(std::uint32_t index, std::string_view text) noexcept;
    void tlp(std::uint32_t index, const tlp_appearance& what) noexcept;

    [[nodiscard]] bool stopped() const noexcept { return writer_.stopped(); }
    [[nodiscard]] bool failed() const noexcept { return writer_.failed(); }
    [[nodiscard]] std::uint64_t size() const noexcept { return writer_.size(); }
    /// Everything told so far is in the file afterwards, as whole lines.
    void flush() noexcept { writer_.flush(); }
    void close() noexcept { writer_.flush(); }

private:
    /// What follows the value in a line: identifier, line end.
    struct tail {
        std::array<char, 8> text{};
        std::uint8_t size = 0;
        bool vector = false; ///< more than one bit
    };
    void put(std::string_view line) noexcept;
    void put_escaped(std::string_view escaped, const tail& t) noexcept;
    /// Time mostly goes on by less than the lower eight digits hold, so the upper ones are kept.
    char* put_time(char* out, std::uint64_t time_ps) noexcept {
        const std::uint64_t upper = time_ps / low_digits;
        if (upper == 0)
            return std::to_chars(out, out + 20, time_ps).ptr;
        if (upper != upper_) {
            upper_ = upper;
            upper_size_ = static_cast<std::size_t>(
                std::to_chars(upper_text_.data(), upper_text_.data() + upper_text_.size(), upper)
                    .ptr -
                upper_text_.data());
        }
        std::memcpy(out, upper_text_.data(), upper_text_.size());
        return put_eight_digits(out + upper_size_,
                                static_cast<std::uint32_t>(time_ps % low_digits));
    }
    static constexpr std::uint64_t low_digits = 100'000'000;

    line_writer writer_;
    std::uint64_t upper_ = 0;
    std::array<char, 12> upper_text_{}; ///< 2^64 has twenty digits
    std::size_t upper_size_ = 0;
    std::vector<tail> tails_;
};

} // namespace ntb::traces
