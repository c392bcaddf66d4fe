// SPDX-License-Identifier: Apache-2.0
// A file of text lines that stays readable whatever ends the process or the disk.
//
// Lines are built in place in one buffer, which is a picture of the file: a line never crosses a
// 4 KiB boundary of the file (blank lines fill the rest of the page; readers of VCD skip them).
// The kernel gives up a write of a killed process only between pages, so even kill -9 leaves whole
// lines. Where the padding goes depends on the lines alone, not on when the buffer was flushed, so
// equal runs give equal files.
//
// A "step" begins at each line that starts with '#' (a VCD time stamp). When a limit is reached or
// a write fails, the file is cut back to its last whole step, one line on stderr says what, why
// and what to do, and from then on everything is dropped.
//
// Units: bytes, picoseconds. Threading: one at a time. Errors: trace_error from the constructor;
// later ones as above.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "traces/unique_fd.h"

namespace ntb::traces {

class line_writer {
public:
    static constexpr std::size_t page = 4096;
    /// What a write() takes. Larger ones, which the kernel keeps in larger pieces, were cheaper in
    /// some runs and several times dearer in others (docs/performance.md).
    static constexpr std::size_t capacity = 32 * page;
    /// Bytes behind room() that may be scribbled on (wide stores of a line's last bytes).
    static constexpr std::size_t slack = 64;
    static constexpr std::uint64_t no_limit = 0;

    line_writer(std::string path, std::uint64_t limit_bytes);
    line_writer(const line_writer&) = delete;
    line_writer& operator=(const line_writer&) = delete;
    ~line_writer();

    /// Room for one line of at most `size` <= page bytes, its line end included.
    [[nodiscard]] char* room(std::size_t size) noexcept {
        if (__builtin_expect(static_cast<std::size_t>(page_end_ - next_) < size, 0))
            turn_page(size);
        return next_;
    }
    /// What is left of the page: a line of at most that size may be begun at next() instead.
    [[nodiscard]] std::size_t left() const noexcept {
        return static_cast<std::size_t>(page_end_ - next_);
    }
    [[nodiscard]] char* next() noexcept { return next_; }
    /// The line begun at room() ends before `end`.
    void commit(char* end) noexcept { next_ = end; }
    /// The next line begins the step of `time_ps`; call after room() and before commit().
    void begin_step(std::uint64_t time_ps) noexcept {
        step_ = next_;
        step_time_ps_ = time_ps;
    }

    /// Hands everything to the kernel.
    void flush() noexcept;
    /// Whether recording has ended because of the limit or an error.
    [[nodiscard]] bool stopped() const noexcept { return stopped_; }
    /// Whether it was an error.
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    /// Size of the file so far, what is still in the buffer included.
    [[nodiscard]] std::uint64_t size() const noexcept {
        return stopped_ ? final_size_ : base_ + static_cast<std::uint64_t>(next_ - buffer_.get());
    }

private:
    void turn_page(std::size_t size) noexcept;
    void open_page() noexcept;
    void cut_to(std::uint64_t offset) noexcept;
    void stop_at_limit() noexcept;
    void stop_on_error(int error) noexcept;
    void stop(const std::string& why, const char* remedy) noexcept;

    std::string path_;
    unique_fd file_;
    std::uint64_t limit_;
    std::unique_ptr<char[]> buffer_;
    char* next_ = nullptr;                 ///< where the next line goes
    char* page_end_ = nullptr;             ///< end of the file page (or of the limit) around next_
    char* written_ = nullptr;              ///< up to here the kernel has it
    char* step_ = nullptr;                 ///< begin of the current step; null = before this buffer
    std::uint64_t base_ = 0;               ///< file offset of the buffer's begin
    std::uint64_t step_before_buffer_ = 0; ///< file offset of the last step begun before it
    std::uint64_t step_time_ps_ = 0;
    std::uint64_t final_size_ = 0;
    bool stopped_ = false;
    bool failed_ = false;
};

} // namespace ntb::traces
