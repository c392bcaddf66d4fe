// SPDX-License-Identifier: Apache-2.0
// A recorder whose work is done by a writer thread: the thread of the model only puts down what it
// is told (sink_calls.h), some nanoseconds a change, and hands it over in large batches
// (batch_queue.h). The writer keeps the state of the signals, makes the lines and writes the file
// (change_stream.h). What is in the file depends on the calls alone, not on when the writer runs.
//
// The file is behind by what has not been handed over (at most a batch: some 9000 changes), by what
// the writer has not come to (three batches; then the model waits), and by what the format holds
// back. flush() and flush_soon() bring everything to the file.
//
// After start() nothing is allocated in the thread of the model. Units: picoseconds. Threading: the
// thread of the model only; the writer is an affair of its own. Errors: those of the format.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include "traces/batch_queue.h"
#include "traces/change_stream.h"
#include "traces/recorder.h"
#include "traces/sink_calls.h"

namespace ntb::traces {

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
            put(set_call{{sink_call::kind::set, 0, id.index(), now_ps}, value});
    }
    void pulse(signal_id id, std::uint64_t now_ps, std::uint64_t until_ps,
               std::uint64_t value) noexcept override {
        if (ready(id))
            put(pulse_call{{sink_call::kind::pulse, 0, id.index(), now_ps}, until_ps, value});
    }
    void text(signal_id id, std::uint64_t now_ps, std::uint64_t from_ps, std::uint64_t until_ps,
              std::string_view text) noexcept override {
        if (!ready(id))
            return;
        text = text.substr(0, max_text);
        const std::size_t size = text_call::size(text.size());
        std::byte* const at = queue_.room(size);
        new (at) text_call{
            {sink_call::kind::text, static_cast<std::uint8_t>(text.size()), id.index(), now_ps},
            from_ps,
            until_ps};
        std::memcpy(at + sizeof(text_call), text.data(), text.size());
        committed(at + size);
    }
    void tlp(signal_id id, std::uint64_t now_ps, std::uint64_t from_ps, std::uint64_t until_ps,
             const tlp_appearance& what) noexcept override {
        if (ready(id))
            put(tlp_call{{sink_call::kind::tlp, 0, id.index(), now_ps}, from_ps, until_ps, what});
    }
    void clear_text(signal_id id, std::uint64_t now_ps) noexcept override {
        if (ready(id))
            put(sink_call{sink_call::kind::clear_text, 0, id.index(), now_ps});
    }

    void start() override {
        if (phase_ == phase::declaring)
            begin();
    }
    void flush() noexcept override {
        if (phase_ == phase::closed)
            return;
        if (phase_ == phase::declaring)
            begin();
        queue_.flush();
    }
    void flush_soon() noexcept override {
        if (phase_ == phase::recording)
            queue_.flush_soon();
    }
    void close(std::uint64_t now_ps) noexcept override {
        if (phase_ == phase::closed)
            return;
        if (phase_ == phase::declaring)
            begin();
        queue_.stop();
        writing_.stream.close(now_ps);
        writing_.stopped = writing_.stream.stopped();
        phase_ = phase::closed;
    }

    /// False after close(), and soon after a limit or an error ended the recording.
    [[nodiscard]] bool recording() const noexcept {
        return phase_ != phase::closed && !writing_.stopped.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::size_t signals() const noexcept { return writing_.stream.signals(); }
    [[nodiscard]] std::uint64_t told() const noexcept override { return told_; }
    [[nodiscard]] std::uint64_t changes() const noexcept override {
        return writing_.stream.changes();
    }
    [[nodiscard]] bool failed() const noexcept override { return writing_.stream.failed(); }
    /// Size of the file, as far as the format knows it, in bytes. Right after flush() or close().
    [[nodiscard]] std::uint64_t size() const noexcept { return writing_.stream.size(); }

protected:
    template <class... Args>
    explicit change_recorder(signal_selection selection, Args&&... args)
        : writing_(std::move(selection), std::forward<Args>(args)...), queue_(writing_) {}

private:
    /// What the writer does. An object of its own, because it has to be whole while a recorder that
    /// is being destroyed waits for the writer.
    class writing final : public batch_queue::consumer {
    public:
        template <class... Args>
        explicit writing(signal_selection selection, Args&&... args)
            : stream(std::move(selection), std::forward<Args>(args)...) {}

        void take(const std::byte* at, const std::byte* end) noexcept override {
            while (at != end && !stream.stopped())
                at = carry_out(at);
            stopped.store(stream.stopped(), std::memory_order_relaxed);
        }
        void flush_written() noexcept override {
            stream.flush();
            stopped.store(stream.stopped(), std::memory_order_relaxed);
        }

        change_stream<Format> stream; ///< the writer's while queue_ runs
        /// Read at every call: not beside what the writer changes at every call.
        alignas(64) std::atomic<bool> stopped{false};

    private:
        /// Does what the call at `at` says; returns where the next one is.
        const std::byte* carry_out(const std::byte* at) noexcept {
            const auto& call = *reinterpret_cast<const sink_call*>(at);
            const bool of_text = stream.is_text(call.index);
            switch (call.what) {
            case sink_call::kind::set: {
                const auto& c = static_cast<const set_call&>(call);
                if (!of_text)
                    stream.set(c.index, c.now_ps, c.value);
                return at + sizeof c;
            }
            case sink_call::kind::pulse: {
                const auto& c = static_cast<const pulse_call&>(call);
                if (!of_text)
                    stream.pulse(c.index, c.now_ps, c.until_ps, c.value);
                return at + sizeof c;
            }
            case sink_call::kind::text: {
                const auto& c = static_cast<const text_call&>(call);
                if (of_text)
                    stream.text(c.index, c.now_ps, c.from_ps, c.until_ps,
                                std::string_view(reinterpret_cast<const char*>(at + sizeof c),
                                                 c.text_size));
                return at + text_call::size(c.text_size);
            }
            case sink_call::kind::tlp: {
                const auto& c = static_cast<const tlp_call&>(call);
                if (of_text)
                    stream.text(c.index, c.now_ps, c.from_ps, c.until_ps, c.tlp);
                return at + sizeof c;
            }
            case sink_call::kind::clear_text:
                break;
            }
            if (of_text)
                stream.clear_text(call.index, call.now_ps);
            return at + sizeof call;
        }
    };

    enum class phase : std::uint8_t { declaring, recording, closed };

    signal_id declare(std::string_view name, unsigned width, std::uint64_t initial) {
        return phase_ == phase::declaring ? writing_.stream.declare(name, width, initial)
                                          : signal_id{};
    }

    void begin() {
        phase_ = phase::closed; // if that throws
        writing_.stream.begin();
        writing_.stopped = writing_.stream.stopped();
        signals_ = writing_.stream.signals();
        queue_.start();
        phase_ = phase::recording;
    }

    [[nodiscard]] bool ready(signal_id id) noexcept {
        if (!id.traced() || writing_.stopped.load(std::memory_order_relaxed))
            return false;
        if (__builtin_expect(static_cast<int>(phase_ != phase::recording), 0) != 0) {
            if (phase_ == phase::closed)
                return false;
            begin();
        }
        return id.index() < signals_;
    }
    template <class Call>
    void put(const Call& call) noexcept {
        std::byte* const at = queue_.room(sizeof call);
        new (at) Call(call);
        committed(at + sizeof call);
    }
    void committed(std::byte* end) noexcept {
        queue_.commit(end);
        ++told_;
    }

    writing writing_;
    phase phase_ = phase::declaring;
    std::size_t signals_ = 0;
    std::uint64_t told_ = 0;
    batch_queue queue_;
};

} // namespace ntb::traces
