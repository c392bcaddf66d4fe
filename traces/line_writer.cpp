// SPDX-License-Identifier: Apache-2.0
#include "traces/line_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "traces/time_text.h"
#include "traces/trace_error.h"

namespace ntb::traces {

line_writer::line_writer(std::string path, std::uint64_t limit_bytes)
    : path_(std::move(path)),
      file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)),
      limit_(limit_bytes), buffer_(new char[capacity + slack]) {
    if (file_.get() < 0)
        throw trace_error("waveform " + path_, std::strerror(errno),
                          "give a file that can be written");
    next_ = written_ = page_end_ = buffer_.get();
    open_page();
}

line_writer::~line_writer() {
    flush();
}

/// Moves page_end_ from the end of one page to that of the next, or to the limit before it.
void line_writer::open_page() noexcept {
    page_end_ += page;
    if (limit_ == no_limit)
        return;
    const std::uint64_t end = base_ + static_cast<std::uint64_t>(page_end_ - buffer_.get());
    if (end > limit_)
        page_end_ -= end - limit_ < page ? end - limit_ : page;
}

void line_writer::turn_page(std::size_t size) noexcept {
    if (!stopped_) {
        const auto used = static_cast<std::uint64_t>(page_end_ - buffer_.get());
        if (limit_ != no_limit && base_ + used >= limit_) {
            stop_at_limit();
        } else {
            std::memset(next_, '\n', static_cast<std::size_t>(page_end_ - next_));
            next_ = page_end_;
            if (used == capacity) {
                flush();
                if (step_ != nullptr)
                    step_before_buffer_ = base_ + static_cast<std::uint64_t>(step_ - buffer_.get());
                step_ = nullptr;
                base_ += capacity;
                next_ = written_ = page_end_ = buffer_.get();
            }
            open_page();
            if (!stopped_ && static_cast<std::size_t>(page_end_ - next_) < size)
                stop_at_limit();
        }
    }
    if (stopped_) { // whatever still comes is written over and over the same page
        next_ = written_ = buffer_.get();
        page_end_ = next_ + page;
    }
}

void line_writer::flush() noexcept {
    while (!stopped_ && written_ != next_) {
        const ssize_t n =
            ::write(file_.get(), written_, static_cast<std::size_t>(next_ - written_));
        if (n >= 0)
            written_ += n;
        else if (errno != EINTR)
            stop_on_error(errno);
    }
}

/// Makes the file `offset` bytes long. What is no regular file (a pipe) keeps what it got.
void line_writer::cut_to(std::uint64_t offset) noexcept {
    const std::uint64_t in_file = base_ + static_cast<std::uint64_t>(written_ - buffer_.get());
    if (offset >= in_file) {
        next_ = buffer_.get() + (offset - base_);
        flush();
        if (stopped_) // that write failed, and has settled where the file ends
            return;
    } else if (::ftruncate(file_.get(), static_cast<off_t>(offset)) != 0) {
        offset = in_file;
    }
    final_size_ = offset;
}

void line_writer::stop_at_limit() noexcept {
    cut_to(step_ == nullptr ? step_before_buffer_
                            : base_ + static_cast<std::uint64_t>(step_ - buffer_.get()));
    if (!stopped_)
        stop("its limit of " + std::to_string(limit_) + " bytes is reached",
             "raise the limit to record more; the simulation goes on");
}

void line_writer::stop_on_error(int error) noexcept {
    // A short write may have ended anywhere: look for the last step that has begun in the file.
    std::uint64_t last_step = step_before_buffer_;
    for (const char* at = written_; at != buffer_.get(); --at) {
        if (at != written_ && *at == '#' && at[-1] == '\n') {
            last_step = base_ + static_cast<std::uint64_t>(at - buffer_.get());
            break;
        }
    }
    if (last_step == step_before_buffer_ && written_ != buffer_.get() && buffer_[0] == '#')
        last_step = base_;
    cut_to(last_step);
    failed_ = true;
    stop(std::strerror(error),
         "make room or choose another file; what was recorded is readable, the simulation goes on");
}

void line_writer::stop(const std::string& why, const char* remedy) noexcept {
    stopped_ = true;
    const std::string time = format_time(step_time_ps_);
    std::fprintf(stderr, "ntbsim: waveform %s stopped at simulated time %s: %s (%s)\n",
                 path_.c_str(), time.c_str(), why.c_str(), remedy);
}

} // namespace ntb::traces
