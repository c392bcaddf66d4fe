// SPDX-License-Identifier: Apache-2.0
// The descriptors that the bridge sleeps on, kept in the kernel: a register access costs one wait
// on the whole set, and poll() with its list to copy and to hook up each time was measured to
// cost a third more for the round trip.
//
// A descriptor that another process holds too must not be in it: closing ours would leave it in
// the set. Units: nanoseconds. Threading: one thread. Errors: setup_error on construction; a
// descriptor that cannot be watched (system limit) is not, and add() says so.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <sys/epoll.h>

#include "tlm_bridge/unique_fd.h"

namespace ntb::bridge {

class epoll_set {
public:
    epoll_set();

    /// Reports `key` whenever one of `events` (EPOLLIN, EPOLLOUT) holds. Closing `fd` removes it.
    [[nodiscard]] bool add(int fd, std::uint32_t events, std::uint64_t key) noexcept;
    void change(int fd, std::uint32_t events, std::uint64_t key) noexcept;
    void remove(int fd) noexcept;

    /// Waits at most so long (-1 = for ever, 0 = not at all); how many keys there are to take.
    /// 0 also when a signal interrupts.
    [[nodiscard]] std::size_t wait(std::int64_t timeout_ns) noexcept;
    [[nodiscard]] std::uint64_t key(std::size_t i) const noexcept { return ready_[i].data.u64; }
    /// To poll for input: something in the set is ready.
    [[nodiscard]] int fd() const noexcept { return set_.get(); }

private:
    unique_fd set_;
    std::array<epoll_event, 32> ready_{}; ///< what does not fit is reported next time
    bool has_nanoseconds_ = true;         ///< kernels before 5.11 know milliseconds only
};

} // namespace ntb::bridge
