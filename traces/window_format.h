// SPDX-License-Identifier: Apache-2.0
// Keeps the last part of a run in memory, and writes it as VCD when a trigger fires: for runs too
// long to record whole. The file begins `window_ps` before the trigger and ends `after_ps` behind
// it; where the trigger never fires, it holds the end of the run. One line on stderr says which.
//
// Nothing is in the file before that, and the memory grows with the changes of one window, up to
// `limit_bytes`: beyond, the window gets shorter and the line says so. Units: picoseconds, bytes.
// Threading: one at a time. Errors: trace_error for a bad file or a trigger on a signal that is not
// recorded; later ones as line_writer's.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/tlp_appearance.h"
#include "traces/signal_declaration.h"
#include "traces/trigger.h"
#include "traces/vcd_format.h"

namespace ntb::traces {

struct window_options {
    std::uint64_t window_ps = 0;
    std::uint64_t after_ps = 0;
    std::string trigger; ///< empty = the end of the run
};

class window_format {
public:
    window_format(std::string path, std::uint64_t limit_bytes, const window_options& options);

    void begin(const std::vector<signal_declaration>& declarations);
    void initial_values_end() { initial_ = false; }
    void stamp(std::uint64_t time_ps);
    void bits(std::uint32_t index, std::uint64_t value);
    void text(std::uint32_t index, std::string_view text);
    void tlp(std::uint32_t index, const tlp_appearance& what);

    [[nodiscard]] bool stopped() const noexcept { return stopped_; }
    [[nodiscard]] bool failed() const noexcept { return out_.failed(); }
    [[nodiscard]] std::uint64_t size() const noexcept { return out_.size(); }
    void flush() noexcept {}
    void close();

private:
    /// A change, or a value at the begin of the window; `text` says which kind it is.
    struct change {
        std::uint64_t time_ps = 0;
        std::uint64_t value = 0;
        std::uint32_t index = 0;
        bool is_text = false;
    };
    void fired(std::optional<std::uint64_t> when);
    void keep(const change& c, std::string_view text);
    void forget_before(std::uint64_t time_ps);
    void forget_oldest();
    void write();

    /// What a change takes in memory, roughly.
    static constexpr std::uint64_t bytes_of_change = 64;

    vcd_format out_;
    std::string path_;
    window_options options_;
    std::size_t most_changes_;
    std::optional<trigger> trigger_;
    std::vector<signal_declaration> declarations_;
    std::vector<std::uint64_t> values_; ///< at the begin of the window
    std::vector<std::string> shown_;    ///< texts then
    std::deque<change> changes_;
    std::deque<std::string> texts_; ///< of the changes that are texts
    std::uint64_t now_ps_ = 0;
    std::uint64_t begin_ps_ = 0;
    std::optional<std::uint64_t> fired_ps_;
    bool initial_ = true;
    bool shortened_ = false;
    bool stopped_ = false;
};

} // namespace ntb::traces
