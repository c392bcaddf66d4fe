// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/eventfd.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc before 2.38 has the member, but not the name that the manual gives it.
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace ntb::bridge {
namespace {

/// A client shares the descriptor: it decides whether it blocks, and can fill or empty the counter
/// between our look and our access. A timer of this thread then interrupts the access, again and
/// again in case it fires just before the access begins.
class rescue_timer {
public:
    rescue_timer() noexcept {
        struct sigaction interrupt {};
        interrupt.sa_handler = [](int) {}; // without SA_RESTART: the access ends with EINTR
        ::sigaction(signal_number(), &interrupt, nullptr);
        sigevent event{};
        event.sigev_notify = SIGEV_THREAD_ID;
        event.sigev_signo = signal_number();
        event.sigev_notify_thread_id = static_cast<int>(::syscall(SYS_gettid));
        made_ = ::timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
    }
    rescue_timer(const rescue_timer&) = delete;
    rescue_timer& operator=(const rescue_timer&) = delete;
    ~rescue_timer() {
        if (made_) {
            ::timer_delete(timer_);
        }
    }

    /// False if there is no timer, and so no rescue.
    [[nodiscard]] bool arm() noexcept { return made_ && set(period_ns); }
    void disarm() noexcept { (void)set(0); }

private:
    static constexpr long period_ns = 2'000'000;

    static int signal_number() { return SIGRTMIN; }
    bool set(long ns) noexcept {
        itimerspec t{};
        t.it_value.tv_nsec = t.it_interval.tv_nsec = ns;
        return ::timer_settime(timer_, 0, &t, nullptr) == 0;
    }

    timer_t timer_{};
    bool made_ = false;
};

/// Runs one read or write that must not block, and keeps its errno.
template <class Access>
ssize_t without_blocking(Access access) noexcept {
    thread_local rescue_timer timer;
    if (!timer.arm()) {
        errno = EAGAIN;
        return -1;
    }
    const ssize_t n = access();
    const int error = errno;
    timer.disarm();
    errno = error;
    return n;
}

bool ready_for(int fd, short events) noexcept {
    pollfd p{fd, events, 0};
    int n = 0;
    do {
        n = ::poll(&p, 1, 0);
    } while (n < 0 && errno == EINTR);
    return n == 1 && (p.revents & events) != 0;
}

} // namespace

bool is_eventfd(int fd) noexcept {
    // The only place where the kernel says what kind of anonymous file this is.
    char link[32];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    char target[64];
    const ssize_t n = ::readlink(link, target, sizeof target);
    static constexpr char expected[] = "anon_inode:[eventfd]";
    return n == static_cast<ssize_t>(sizeof expected - 1) &&
           std::memcmp(target, expected, sizeof expected - 1) == 0;
}

bool eventfd_readable(int fd) noexcept {
    return ready_for(fd, POLLIN);
}

signal_result signal_eventfd(int fd) noexcept {
    if (!ready_for(fd, POLLOUT)) {
        return signal_result::full;
    }
    const std::uint64_t one = 1;
    const ssize_t n = without_blocking([&] { return ::write(fd, &one, sizeof one); });
    if (n == static_cast<ssize_t>(sizeof one)) {
        return signal_result::delivered;
    }
    return errno == EAGAIN || errno == EINTR ? signal_result::full : signal_result::failed;
}

bool drain_eventfd(int fd) noexcept {
    if (!ready_for(fd, POLLIN)) {
        return false;
    }
    std::uint64_t count = 0;
    const ssize_t n = without_blocking([&] { return ::read(fd, &count, sizeof count); });
    return n == static_cast<ssize_t>(sizeof count);
}

} // namespace ntb::bridge
