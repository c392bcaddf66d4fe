// SPDX-License-Identifier: Apache-2.0
// What all kinds of waveform share: which signals there are and what they are worth, and when
// pulses and texts go back to idle. It is told of changes and polls nothing: an idle signal costs
// nothing.
//
// The reversions of pulses and texts, and texts told of in advance, are merged into the stream at
// their own times; they need no kernel events. Only what really changes is passed on; a text that
// follows an equal one without a pause is shown by an empty text at the same instant, or two equal
// packets would look like one.
//
// `Format` writes: begin(declarations), the values at the beginning as bits(index, value) and
// text(index, text), initial_values_end(); then stamp(time) before the changes of each new instant;
// flush(), close(), stopped(), failed(), size(). It is a template, not an interface: a change costs
// some 15 ns, and virtual calls would be a good part of that.
//
// After the first change nothing is allocated here. Units: picoseconds. Threading: the thread of
// the model only. Errors: those of the format.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "model/trace_sink.h"
#include "traces/appearance_queue.h"
#include "traces/reversion_queue.h"
#include "traces/signal_selection.h"
#include "traces/vcd_text.h"

namespace ntb::traces {

struct recording_options {
    std::string path;
    std::uint64_t limit_bytes = 0; ///< of the file; 0 = none
    signal_selection signals{};    ///< which of the declared ones are recorded
};

/// What the owner of a recording does with it, whatever the format.
class recorder : public trace_sink {
public:
    /// Ends the declarations and writes the beginning. Without it the first change does, but cannot
    /// tell of an error. Throws trace_error.
    virtual void start() = 0;
    /// Everything told so far is in the file afterwards, as far as the format can. For idle
    /// moments.
    virtual void flush() noexcept = 0;
    /// Ends the recording at `now_ps`: due reversions, a last time stamp, flush.
    virtual void close(std::uint64_t now_ps) noexcept = 0;
    /// Value changes passed on so far (initial values are none).
    [[nodiscard]] virtual std::uint64_t changes() const noexcept = 0;
    /// Whether an error has ended the recording, so that the file is not what was asked for. Final
    /// after close().
    [[nodiscard]] virtual bool failed() const noexcept = 0;
};

/// One signal as it was declared.
struct signal_declaration {
    std::string name;   ///< dotted
    unsigned width = 0; ///< bits; 0 = text
};

template <class Format>
class change_recorder : public recorder {
public:
    ~change_recorder() override {
        change_recorder::flush();
    } ///< close() is what gives the file its last time

    signal_id declare_bits(std::string_view name, unsigned width, std::uint64_t initial) override {
        return declare(name, std::clamp(width, 1U, 64U), initial);
    }
    signal_id declare_text(std::string_view name) override { return declare(name, 0, 0); }

    void set(signal_id id, std::uint64_t now_ps, std::uint64_t value) noexcept override {
        if (ready(id))
            change_bits(id.index(), advance(now_ps), value);
    }

    void pulse(signal_id id, std::uint64_t now_ps, std::uint64_t until_ps,
               std::uint64_t value) noexcept override {
        if (!ready(id))
            return;
        const std::uint64_t now = advance(now_ps);
        change_bits(id.index(), now, value);
        if (signals_[id.index()].value != 0)
            reversions_.insert(id.index(), std::max(until_ps, now + 1));
    }

    void text(signal_id id, std::uint64_t now_ps, std::uint64_t from_ps, std::uint64_t until_ps,
              std::string_view text) noexcept override {
        if (!ready(id) || signals_[id.index()].mask != 0)
            return;
        const std::uint64_t now = advance(now_ps);
        text = text.substr(0, max_text);
        if (from_ps > now) {
            appearances_.insert(id.index(), from_ps, until_ps, text);
            return;
        }
        while (appearances_.next_due() <= now) // an earlier one, which this one replaces
            appear();
        show_text(id.index(), now, until_ps, text);
    }
    void clear_text(signal_id id, std::uint64_t now_ps) noexcept override {
        if (!ready(id) || signals_[id.index()].mask != 0)
            return;
        const std::uint64_t now = advance(now_ps);
        appearances_.forget(id.index());
        show_text(id.index(), now, now, {});
    }

    /// Everything told so far is in the file afterwards, as far as the format can. For idle
    /// moments.
    void start() override {
        if (phase_ == phase::declaring && !format_.stopped())
            begin();
    }
    void flush() noexcept override {
        if (phase_ == phase::declaring && !format_.stopped())
            begin();
        format_.flush();
    }
    void close(std::uint64_t now_ps) noexcept override {
        if (phase_ == phase::closed)
            return;
        if (phase_ == phase::declaring)
            begin();
        if (!format_.stopped()) {
            const std::uint64_t now = std::max(now_ps, stamped_ps_);
            catch_up_before(now == reversion_queue::never ? now : now + 1);
            stamp(now);
        }
        format_.close();
        phase_ = phase::closed;
    }

    /// False after close(), and after a limit or an error ended the recording.
    [[nodiscard]] bool recording() const noexcept {
        return phase_ != phase::closed && !format_.stopped();
    }
    [[nodiscard]] std::size_t signals() const noexcept { return signals_.size(); }
    [[nodiscard]] std::uint64_t changes() const noexcept override { return changes_; }
    [[nodiscard]] bool failed() const noexcept override { return format_.failed(); }
    /// Size of the file, as far as the format knows it, in bytes.
    [[nodiscard]] std::uint64_t size() const noexcept { return format_.size(); }

protected:
    template <class... Args>
    explicit change_recorder(signal_selection selection, Args&&... args)
        : format_(std::forward<Args>(args)...), selection_(std::move(selection)) {}
    [[nodiscard]] Format& format() noexcept { return format_; }
    [[nodiscard]] const Format& format() const noexcept { return format_; }

private:
    /// Of one signal, more than links usually have on their way.
    static constexpr std::size_t texts_at_once = 4;
    enum class phase : std::uint8_t { declaring, recording, closed };
    struct signal {
        std::uint64_t value = 0; ///< of a text: 1 while one is shown
        std::uint64_t mask = 0;  ///< 0 = text
        std::uint32_t shown = 0; ///< of a text: which of shown_
    };
    struct shown_text {
        std::uint8_t size = 0;
        std::array<char, max_text> bytes{};
    };

    signal_id declare(std::string_view name, unsigned width, std::uint64_t initial) {
        if (phase_ != phase::declaring || !selection_.selects(name))
            return {};
        const auto index = static_cast<std::uint32_t>(signals_.size());
        signal s;
        s.mask = width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
        s.value = initial & s.mask;
        if (width == 0) {
            s.shown = static_cast<std::uint32_t>(shown_.size());
            shown_.emplace_back();
        }
        signals_.push_back(s);
        declarations_.push_back({std::string(name), width});
        return signal_id(index);
    }

    /// Ends the declarations: header and initial values. Everything is allocated here.
    void begin() {
        phase_ = phase::recording;
        for (const std::string& pattern : selection_.unmatched())
            std::fprintf(stderr,
                         "ntbsim: signal pattern %s: matches no signal (the header of any waveform "
                         "lists the names)\n",
                         pattern.c_str());
        reversions_.reserve_for(signals_.size());
        appearances_.reserve(texts_at_once * shown_.size());
        format_.begin(declarations_);
        declarations_ = {};
        for (std::uint32_t i = 0; i < signals_.size(); ++i) {
            if (signals_[i].mask == 0)
                format_.text(i, {});
            else
                format_.bits(i, signals_[i].value);
        }
        format_.initial_values_end();
    }

    [[nodiscard]] bool ready(signal_id id) noexcept {
        if (!id.traced() || format_.stopped())
            return false;
        if (__builtin_expect(static_cast<int>(phase_ != phase::recording), 0) != 0) {
            if (phase_ == phase::closed)
                return false;
            begin();
        }
        return id.index() < signals_.size();
    }

    void stamp(std::uint64_t time_ps) noexcept {
        if (time_ps == stamped_ps_)
            return;
        stamped_ps_ = time_ps;
        format_.stamp(time_ps);
    }

    void put_bits(std::uint32_t index) noexcept {
        ++changes_;
        format_.bits(index, signals_[index].value);
    }

    void put_text(std::uint32_t index, std::string_view text) noexcept {
        ++changes_;
        format_.text(index, text);
    }

    void show_text(std::uint32_t index, std::uint64_t now, std::uint64_t until_ps,
                   std::string_view text) noexcept {
        signal& s = signals_[index];
        if (reversions_.due(index) != reversion_queue::never)
            reversions_.remove(index);
        if (text.empty() && s.value == 0)
            return;
        stamp(now);
        shown_text& shown = shown_[s.shown];
        if (s.value != 0 && text == std::string_view(shown.bytes.data(), shown.size))
            put_text(index, {});
        put_text(index, text);
        s.value = text.empty() ? 0 : 1;
        shown.size = static_cast<std::uint8_t>(text.size());
        std::copy(text.begin(), text.end(), shown.bytes.begin());
        if (!text.empty())
            reversions_.insert(index, std::max(until_ps, now + 1));
    }

    /// The earliest of the texts to be shown is.
    void appear() noexcept {
        const appearance_queue::entry& e = appearances_.front();
        show_text(e.signal, std::max(e.from_ps, stamped_ps_), e.until_ps, e.text());
        appearances_.pop();
    }

    void revert() noexcept {
        const std::uint32_t index = reversions_.front();
        const std::uint64_t due = reversions_.next_due();
        reversions_.remove(index);
        signal& s = signals_[index];
        if (s.value == 0)
            return;
        s.value = 0;
        stamp(due);
        if (s.mask == 0)
            put_text(index, {});
        else
            put_bits(index);
    }

    /// Lets everything that is due before `time_ps` happen, each at its own time. A text replaces
    /// one that ends at that very time.
    void catch_up_before(std::uint64_t time_ps) noexcept {
        for (;;) {
            const std::uint64_t shows = appearances_.next_due();
            const std::uint64_t goes = reversions_.next_due();
            if (std::min(shows, goes) >= time_ps)
                return;
            if (shows <= goes)
                appear();
            else
                revert();
        }
    }

    /// Brings the stream to `now_ps`; what is due at that very time may still be overtaken.
    std::uint64_t advance(std::uint64_t now_ps) noexcept {
        const std::uint64_t now = std::max(now_ps, stamped_ps_);
        if (reversions_.next_due() < now || appearances_.next_due() < now)
            catch_up_before(now);
        return now;
    }

    void change_bits(std::uint32_t index, std::uint64_t now_ps, std::uint64_t value) noexcept {
        if (reversions_.due(index) != reversion_queue::never)
            reversions_.remove(index);
        signal& s = signals_[index];
        value &= s.mask;
        if (s.value == value)
            return;
        s.value = value;
        stamp(now_ps);
        put_bits(index);
    }

    Format format_;
    signal_selection selection_;
    std::vector<signal> signals_;
    std::vector<signal_declaration> declarations_; ///< parallel to signals_, until begin()
    std::vector<shown_text> shown_;
    reversion_queue reversions_;
    appearance_queue appearances_;
    std::uint64_t stamped_ps_ = 0;
    std::uint64_t changes_ = 0;
    phase phase_ = phase::declaring;
};

} // namespace ntb::traces
