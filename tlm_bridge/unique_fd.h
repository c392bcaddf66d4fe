// SPDX-License-Identifier: Apache-2.0
// Owners of file descriptors: one, and a small fixed batch of them as one socket message carries.
//
// Threading: none of its own. Errors: closing cannot fail usefully and is not reported.
#pragma once

#include <array>
#include <cstddef>
#include <unistd.h>
#include <utility>

namespace ntb::bridge {

/// Closes its descriptor at the end of its life.
class unique_fd {
public:
    unique_fd() = default;
    explicit unique_fd(int fd) noexcept : fd_(fd) {}
    unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
    unique_fd& operator=(unique_fd&& other) noexcept {
        if (this != &other) {
            reset(other.release());
        }
        return *this;
    }
    unique_fd(const unique_fd&) = delete;
    unique_fd& operator=(const unique_fd&) = delete;
    ~unique_fd() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    void reset(int fd = -1) noexcept {
        if (fd_ >= 0) {
            ::close(fd_);
        }
        fd_ = fd;
    }

private:
    int fd_ = -1;
};

/// Descriptors that arrived together. Fixed room, so that a message costs no allocation and a
/// client cannot make it grow: what does not fit is closed and counted.
class fd_batch {
public:
    static constexpr std::size_t capacity = 16;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0 && refused_ == 0; }
    /// How many were closed for want of room.
    [[nodiscard]] std::size_t refused() const noexcept { return refused_; }
    /// Counts descriptors that were lost before they got here (the kernel cut them off).
    void note_refused(std::size_t n) noexcept { refused_ += n; }

    void add(unique_fd fd) noexcept {
        if (size_ == capacity) {
            ++refused_;
            return; // fd closes
        }
        fds_[size_++] = std::move(fd);
    }
    /// Moves everything of `other` to the end of this batch.
    void take(fd_batch& other) noexcept {
        for (std::size_t i = 0; i < other.size_; ++i) {
            add(std::move(other.fds_[i]));
        }
        refused_ += other.refused_;
        other.size_ = 0;
        other.refused_ = 0;
    }
    [[nodiscard]] unique_fd& operator[](std::size_t i) noexcept { return fds_[i]; }
    [[nodiscard]] unique_fd* data() noexcept { return fds_.data(); }
    /// Closes all that nobody took.
    void clear() noexcept {
        for (std::size_t i = 0; i < size_; ++i) {
            fds_[i].reset();
        }
        size_ = 0;
        refused_ = 0;
    }

private:
    std::array<unique_fd, capacity> fds_{};
    std::size_t size_ = 0;
    std::size_t refused_ = 0;
};

} // namespace ntb::bridge
