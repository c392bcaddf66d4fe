// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/kernel/epoll_set.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <limits>

#include "tlm_bridge/setup_error.h"

namespace ntb::bridge {

namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;
constexpr std::int64_t ns_per_ms = 1'000'000;

epoll_event event_of(std::uint32_t events, std::uint64_t key) {
    epoll_event e{};
    e.events = events;
    e.data.u64 = key;
    return e;
}

int milliseconds(std::int64_t ns) {
    const std::int64_t ms = ns / ns_per_ms + (ns % ns_per_ms != 0 ? 1 : 0);
    return static_cast<int>(std::min<std::int64_t>(ms, std::numeric_limits<int>::max()));
}

} // namespace

epoll_set::epoll_set() : set_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!set_)
        throw setup_error("epoll", std::strerror(errno), "close some files");
}

bool epoll_set::add(int fd, std::uint32_t events, std::uint64_t key) noexcept {
    epoll_event e = event_of(events, key);
    return ::epoll_ctl(set_.get(), EPOLL_CTL_ADD, fd, &e) == 0;
}

void epoll_set::change(int fd, std::uint32_t events, std::uint64_t key) noexcept {
    epoll_event e = event_of(events, key);
    (void)::epoll_ctl(set_.get(), EPOLL_CTL_MOD, fd, &e);
}

void epoll_set::remove(int fd) noexcept {
    (void)::epoll_ctl(set_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::size_t epoll_set::wait(std::int64_t timeout_ns) noexcept {
    const int room = static_cast<int>(ready_.size());
    int n = -1;
    if (timeout_ns > 0 && has_nanoseconds_) {
        timespec t{};
        t.tv_sec = static_cast<time_t>(timeout_ns / ns_per_s);
        t.tv_nsec = static_cast<long>(timeout_ns % ns_per_s);
        n = ::epoll_pwait2(set_.get(), ready_.data(), room, &t, nullptr);
        has_nanoseconds_ = n >= 0 || errno == EINTR; // containers may forbid what they don't know
        if (!has_nanoseconds_)
            return wait(timeout_ns);
    } else {
        n = ::epoll_wait(set_.get(), ready_.data(), room,
                         timeout_ns <= 0 ? static_cast<int>(timeout_ns) : milliseconds(timeout_ns));
    }
    return n > 0 ? static_cast<std::size_t>(n) : 0;
}

} // namespace ntb::bridge
