// SPDX-License-Identifier: Apache-2.0
#include "traces/batch_queue.h"

#include <csignal>
#include <system_error>

namespace ntb::traces {
namespace {

/// A thread begins with the mask of the one that makes it. Signals of the process are for others,
/// and those that a write raises (SIGXFSZ, SIGPIPE) become its error.
class without_signals {
public:
    without_signals() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    without_signals(const without_signals&) = delete;
    without_signals& operator=(const without_signals&) = delete;
    ~without_signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

} // namespace

void batch_queue::start() {
    memory_ = std::make_unique<std::byte[]>(batches * batch_bytes);
    next_ = batch(0);
    end_ = next_ + batch_bytes;
    const without_signals masked;
    try {
        writer_ = std::thread([this] { write(); });
    } catch (const std::system_error&) { // then hand_over() does its work
    }
}

void batch_queue::hand_over(bool flush) noexcept {
    const auto used = static_cast<std::size_t>(next_ - batch(handed_over_));
    if (!writer_.joinable()) {
        next_ = batch(handed_over_);
        to_.take(next_, next_ + used);
        if (flush)
            to_.flush_written();
        return;
    }
    std::unique_lock lock(mutex_);
    if (used != 0) {
        used_[handed_over_ % batches] = used;
        ++handed_over_;
    }
    flush_ = flush_ || flush;
    work_.notify_one(); // costs nothing where nobody waits
    progress_.wait(lock, [this] { return handed_over_ - taken_ < batches; });
    next_ = batch(handed_over_);
    end_ = next_ + batch_bytes;
}

void batch_queue::flush() noexcept {
    hand_over(true);
    std::unique_lock lock(mutex_);
    progress_.wait(lock, [this] { return !writer_.joinable() || !flush_; });
}

void batch_queue::stop() noexcept {
    if (!memory_)
        return;
    hand_over(false);
    if (writer_.joinable()) {
        {
            const std::lock_guard lock(mutex_);
            stop_ = true;
        }
        work_.notify_one();
        writer_.join();
    }
    memory_.reset();
    next_ = end_ = nullptr;
}

void batch_queue::write() noexcept {
    std::unique_lock lock(mutex_);
    for (;;) {
        work_.wait(lock, [this] { return taken_ != handed_over_ || flush_ || stop_; });
        if (taken_ != handed_over_) {
            const std::byte* const begin = batch(taken_);
            const std::byte* const end = begin + used_[taken_ % batches];
            lock.unlock();
            to_.take(begin, end);
            lock.lock();
            ++taken_;
        } else if (flush_) {
            lock.unlock();
            to_.flush_written();
            lock.lock();
            flush_ = taken_ != handed_over_; // what has come meanwhile is flushed, too
        } else {
            return;
        }
        progress_.notify_one();
    }
}

} // namespace ntb::traces
