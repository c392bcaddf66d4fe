// SPDX-License-Identifier: Apache-2.0
// From the thread that simulates to the one that writes a waveform: bytes in large batches.
//
// The producer fills a batch and hands it over when it is full, or when it is asked to; handing
// over wakes the writer if it sleeps, so a wake comes once in some thousand changes. While the
// writer is at work, the producer fills another; when all are full it waits, so memory is bounded.
// A writer with nothing to do sleeps and has no timer.
//
// Where there can be no thread (the system refuses one), the producer does the writer's work when
// it hands over.
//
// Units: bytes. Threading: one producer; the consumer is called in the writer's thread only, from
// start() to stop(). The writer takes no signals. Errors: none.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

namespace ntb::traces {

class batch_queue {
public:
    class consumer {
    public:
        consumer() = default;
        consumer(const consumer&) = delete;
        consumer& operator=(const consumer&) = delete;
        virtual ~consumer() = default;
        virtual void take(const std::byte* begin, const std::byte* end) noexcept = 0;
        /// What has been taken is to be where it belongs.
        virtual void flush_written() noexcept = 0;
    };

    /// Some 9000 changes: a hand-over costs some microseconds, both threads together.
    static constexpr std::size_t batch_bytes = std::size_t{256} << 10U;
    static constexpr std::size_t batches = 4;

    explicit batch_queue(consumer& to) : to_(to) {}
    batch_queue(const batch_queue&) = delete;
    batch_queue& operator=(const batch_queue&) = delete;
    ~batch_queue() { stop(); }

    /// Allocates the batches and starts the writer.
    void start();

    // The producer's, from start() to stop().

    /// Room for `size` bytes, aligned to 8 where all sizes are.
    [[nodiscard]] std::byte* room(std::size_t size) noexcept {
        if (__builtin_expect(static_cast<std::size_t>(end_ - next_) < size, 0))
            hand_over(false);
        return next_;
    }
    void commit(std::byte* end) noexcept { next_ = end; }
    /// The consumer takes everything and is flushed, soon.
    void flush_soon() noexcept { hand_over(true); }
    /// The same, and it is done afterwards: the consumer is idle until the next hand_over().
    void flush() noexcept;
    /// The consumer takes everything; the writer ends.
    void stop() noexcept;

private:
    void hand_over(bool flush) noexcept;
    void write() noexcept;
    [[nodiscard]] std::byte* batch(std::uint64_t number) const noexcept {
        return memory_.get() + number % batches * batch_bytes;
    }

    consumer& to_;
    std::unique_ptr<std::byte[]> memory_{};
    std::byte* next_ = nullptr;
    std::byte* end_ = nullptr;
    std::thread writer_{};

    std::mutex mutex_{};
    std::condition_variable work_{};
    std::condition_variable progress_{};
    // Below mutex_:
    std::array<std::size_t, batches> used_{}; ///< bytes in each batch handed over
    std::uint64_t handed_over_ = 0;           ///< batches; the next of them is being filled
    std::uint64_t taken_ = 0;
    bool flush_ = false;
    bool stop_ = false;
};

} // namespace ntb::traces
