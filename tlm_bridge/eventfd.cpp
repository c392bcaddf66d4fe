// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/eventfd.h"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace ntb::bridge {
namespace {

/// The descriptor is shared with the client, who decides whether it blocks; so ask before each
/// access instead of setting O_NONBLOCK under the client's feet.
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

signal_result signal_eventfd(int fd) noexcept {
    if (!ready_for(fd, POLLOUT)) {
        return signal_result::full;
    }
    const std::uint64_t one = 1;
    ssize_t n = 0;
    do {
        n = ::write(fd, &one, sizeof one);
    } while (n < 0 && errno == EINTR);
    if (n == static_cast<ssize_t>(sizeof one)) {
        return signal_result::delivered;
    }
    return errno == EAGAIN ? signal_result::full : signal_result::failed;
}

bool drain_eventfd(int fd) noexcept {
    if (!ready_for(fd, POLLIN)) {
        return false;
    }
    std::uint64_t count = 0;
    ssize_t n = 0;
    do {
        n = ::read(fd, &count, sizeof count);
    } while (n < 0 && errno == EINTR);
    return n == static_cast<ssize_t>(sizeof count);
}

} // namespace ntb::bridge
