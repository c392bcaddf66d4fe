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
// text(index, text), initial_values_end(); then tlp(index, appearance), too, and stamp(time) before
// the changes of each new instant; flush(), close(), stopped(), failed(), size(). It is a template,
// not an interface: a change costs some 10 ns, and virtual calls would be a good part of that.
//
// After begin() nothing is allocated here unless more texts wait than links have on their way.
// Units: picoseconds. Threading: one thread at a time (change_recorder.h says which). Errors: those
// of the format.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/trace_sink.h"
#include "traces/appearance_queue.h"
#include "traces/reversion_queue.h"
#include "traces/signal_declaration.h"
#include "traces/signal_selection.h"
#include "traces/text_content.h"

namespace ntb::traces {

template <class Format>
class change_stream {
public:
    template <class... Args>
    explicit change_stream(signal_selection selection, Args&&... args)
        : format_(std::forward<Args>(args)...), selection_(std::move(selection)) {}

    /// As trace_sink has it; `width` 0 = text. Before begin().
    signal_id declare(std::string_view name, unsigned width, std::uint64_t initial) {
        if (!selection_.selects(name))
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
            if (is_text(i))
                format_.text(i, {});
            else
                format_.bits(i, signals_[i].value);
        }
        format_.initial_values_end();
    }

    /// What trace_sink has, of declared signals of the right kind.
    void set(std::uint32_t index, std::uint64_t now_ps, std::uint64_t value) noexcept {
        change_bits(index, advance(now_ps), value);
    }
    void pulse(std::uint32_t index, std::uint64_t now_ps, std::uint64_t until_ps,
               std::uint64_t value) noexcept {
        const std::uint64_t now = advance(now_ps);
        change_bits(index, now, value);
        if (signals_[index].value != 0)
            reversions_.insert(index, std::max(until_ps, now + 1));
    }
    /// `what`: a tlp_appearance, or a text that is at most max_text long.
    template <class What>
    void text(std::uint32_t index, std::uint64_t now_ps, std::uint64_t from_ps,
              std::uint64_t until_ps, const What& what) noexcept {
        const std::uint64_t now = advance(now_ps);
        if (from_ps > now) {
            appearances_.insert(index, from_ps, until_ps, what);
            return;
        }
        while (appearances_.next_due() <= now) // an earlier one, which this one replaces
            appear();
        show(index, now, until_ps, what);
    }
    void clear_text(std::uint32_t index, std::uint64_t now_ps) noexcept {
        const std::uint64_t now = advance(now_ps);
        appearances_.forget(index);
        show(index, now, now, std::string_view{});
    }

    void flush() noexcept { format_.flush(); }
    /// Due reversions, a last time stamp.
    void close(std::uint64_t now_ps) noexcept {
        if (!format_.stopped()) {
            const std::uint64_t now = std::max(now_ps, stamped_ps_);
            catch_up_before(now == reversion_queue::never ? now : now + 1);
            stamp(now);
        }
        format_.close();
    }

    [[nodiscard]] std::size_t signals() const noexcept { return signals_.size(); }
    [[nodiscard]] bool is_text(std::uint32_t index) const noexcept {
        return signals_[index].mask == 0;
    }
    [[nodiscard]] std::uint64_t changes() const noexcept { return changes_; }
    [[nodiscard]] bool stopped() const noexcept { return format_.stopped(); }
    [[nodiscard]] bool failed() const noexcept { return format_.failed(); }
    [[nodiscard]] std::uint64_t size() const noexcept { return format_.size(); }

private:
    /// Of one signal, more than links usually have on their way.
    static constexpr std::size_t texts_at_once = 4;
    struct signal {
        std::uint64_t value = 0; ///< of a text: 1 while one is shown
        std::uint64_t mask = 0;  ///< 0 = text
        std::uint32_t shown = 0; ///< of a text: which of shown_
    };
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

    void put(std::uint32_t index, std::string_view text) noexcept {
        ++changes_;
        format_.text(index, text);
    }
    void put(std::uint32_t index, const tlp_appearance& what) noexcept {
        ++changes_;
        format_.tlp(index, what);
    }
    [[nodiscard]] static bool is_empty(std::string_view text) noexcept { return text.empty(); }
    [[nodiscard]] static bool is_empty(const tlp_appearance&) noexcept { return false; }

    template <class What>
    void show(std::uint32_t index, std::uint64_t now, std::uint64_t until_ps,
              const What& what) noexcept {
        signal& s = signals_[index];
        if (reversions_.due(index) != reversion_queue::never)
            reversions_.remove(index);
        if (is_empty(what) && s.value == 0)
            return;
        stamp(now);
        text_content& shown = shown_[s.shown];
        if (s.value != 0 && shown.shows(what))
            put(index, std::string_view{});
        put(index, what);
        s.value = is_empty(what) ? 0 : 1;
        shown.set(what);
        if (!is_empty(what))
            reversions_.insert(index, std::max(until_ps, now + 1));
    }

    /// The earliest of the texts to be shown is.
    void appear() noexcept {
        const appearance_queue::entry& e = appearances_.front();
        const std::uint64_t from = std::max(e.from_ps, stamped_ps_);
        if (e.content.is_tlp())
            show(e.signal, from, e.until_ps, e.content.tlp());
        else
            show(e.signal, from, e.until_ps, e.content.text());
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
            put(index, std::string_view{});
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
    std::vector<text_content> shown_;
    reversion_queue reversions_;
    appearance_queue appearances_;
    std::uint64_t stamped_ps_ = 0;
    std::uint64_t changes_ = 0;
};

} // namespace ntb::traces
