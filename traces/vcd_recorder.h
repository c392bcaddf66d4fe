// SPDX-License-Identifier: Apache-2.0
// Records a model's state changes as a VCD file (IEEE 1364, plus string variables as GTKWave and
// Surfer read them). It is told of changes and polls nothing: an idle signal costs nothing, a
// change one line of text in a buffer.
//
// The header has no date and no path, so the waveforms of two equal runs are equal bytes. The
// reversions of pulses and texts are merged into the stream at their own times; they need no
// kernel events. Only what really changes is written; a text that follows an equal one without a
// pause is shown by an empty text at the same instant, or two equal packets would look like one.
//
// After the first change nothing is allocated. Full disk, limit, kill -9: see line_writer.h.
// Units: picoseconds (timescale 1 ps). Threading: the thread of the model only. Errors:
// trace_error if the file cannot be made; afterwards one line on stderr.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/trace_sink.h"
#include "traces/line_writer.h"
#include "traces/reversion_queue.h"
#include "traces/signal_selection.h"
#include "traces/vcd_text.h"

namespace ntb::traces {

struct vcd_options {
    std::string path;
    std::uint64_t limit_bytes = line_writer::no_limit;
    signal_selection signals{}; ///< which of the declared ones are recorded
};

class vcd_recorder final : public trace_sink {
public:
    explicit vcd_recorder(vcd_options options);
    ~vcd_recorder() override; ///< as flush(); close() is what gives the file its last time

    signal_id declare_bits(std::string_view name, unsigned width, std::uint64_t initial) override;
    signal_id declare_text(std::string_view name) override;
    void set(signal_id id, std::uint64_t now_ps, std::uint64_t value) noexcept override;
    void pulse(signal_id id, std::uint64_t now_ps, std::uint64_t until_ps,
               std::uint64_t value) noexcept override;
    void text(signal_id id, std::uint64_t now_ps, std::uint64_t until_ps,
              std::string_view text) noexcept override;

    /// Everything told so far is in the file afterwards, as whole lines. For idle moments.
    void flush() noexcept;
    /// Ends the recording at `now_ps`: due reversions, a last time stamp, flush.
    void close(std::uint64_t now_ps) noexcept;

    /// False after close(), and after a limit or an error ended the recording.
    [[nodiscard]] bool recording() const noexcept {
        return phase_ != phase::closed && !writer_.stopped();
    }
    [[nodiscard]] std::size_t signals() const noexcept { return signals_.size(); }
    /// Value changes written so far (initial values are none).
    [[nodiscard]] std::uint64_t changes() const noexcept { return changes_; }
    /// Size of the file, buffered lines included, in bytes.
    [[nodiscard]] std::uint64_t size() const noexcept { return writer_.size(); }

private:
    enum class phase : std::uint8_t { declaring, recording, closed };
    struct signal {
        std::uint64_t value = 0; ///< of a text: 1 while one is shown
        std::uint64_t mask = 0;
        std::array<char, 8> tail{}; ///< what follows the value in a line: identifier, line end
        std::uint8_t tail_size = 0;
        bool vector = false;     ///< more than one bit
        std::uint32_t shown = 0; ///< of a text: which of shown_
    };
    struct shown_text {
        std::uint8_t size = 0;
        std::array<char, max_text> bytes{};
    };
    struct declaration {
        std::string name;
        unsigned width; ///< 0 = text
    };

    signal_id declare(std::string_view name, unsigned width, std::uint64_t initial);
    bool ready(signal_id id) noexcept;
    void begin() noexcept;
    void write_header();
    void put(std::string_view line) noexcept;
    std::uint64_t advance(std::uint64_t now_ps) noexcept;
    void revert_before(std::uint64_t time_ps) noexcept;
    void stamp(std::uint64_t time_ps) noexcept;
    void put_bits(const signal& s) noexcept;
    void put_text(const signal& s, std::string_view text) noexcept;
    void change_bits(std::uint32_t index, std::uint64_t now_ps, std::uint64_t value) noexcept;

    line_writer writer_;
    signal_selection selection_;
    std::vector<signal> signals_;
    std::vector<declaration> declarations_; ///< parallel to signals_, until begin()
    std::vector<shown_text> shown_;
    reversion_queue reversions_;
    std::uint64_t stamped_ps_ = 0;
    std::uint64_t changes_ = 0;
    phase phase_ = phase::declaring;
};

} // namespace ntb::traces
