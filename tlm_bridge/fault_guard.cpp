// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/fault_guard.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ntb::bridge::fault_guard {
namespace {

struct range {
    std::atomic<std::uintptr_t> begin{0};
    std::atomic<std::uintptr_t> end{0}; ///< 0 = slot is free
    std::atomic<int> protection{0};
    std::atomic<std::uint32_t> faults{0};
};

// Plain static storage: the handler may run at any time.
std::array<range, max_ranges> ranges; // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<std::size_t> used{0};     // slots from here on were never used
struct sigaction previous {};
std::atomic<bool> forwarding{false};

/// Puts anonymous memory over the page of `address`. The page of the mapping may be a huge one,
/// of which no part can be replaced.
bool cover(std::uintptr_t address, const range& r) noexcept {
    static constexpr std::array<std::uintptr_t, 3> page_sizes{
        std::uintptr_t{4} << 10, std::uintptr_t{2} << 20, std::uintptr_t{1} << 30};
    const std::uintptr_t begin = r.begin.load(std::memory_order_relaxed);
    const std::uintptr_t end = r.end.load(std::memory_order_relaxed);
    for (const std::uintptr_t page : page_sizes) {
        const std::uintptr_t at = address & ~(page - 1);
        if (at < begin || page > end - at) {
            return false;
        }
        // The system call itself, because sanitizers wrap mmap() with code that may not run here.
        const long result =
            ::syscall(SYS_mmap, at, page, r.protection.load(std::memory_order_relaxed),
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0L);
        if (result == static_cast<long>(at)) {
            return true;
        }
    }
    return false;
}

void on_sigbus(int signal, siginfo_t* info, void* context) {
    const int saved_errno = errno;
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    const std::size_t n = used.load(std::memory_order_acquire);
    for (std::size_t i = 0; info->si_code > 0 && i < n; ++i) { // > 0: from the kernel
        range& r = ranges[i];
        const std::uintptr_t end = r.end.load(std::memory_order_acquire);
        if (end != 0 && address >= r.begin.load(std::memory_order_relaxed) && address < end) {
            if (!cover(address, r)) {
                break;
            }
            r.faults.fetch_add(1, std::memory_order_relaxed);
            errno = saved_errno;
            return;
        }
    }
    errno = saved_errno;
    // If the previous handler hands on to us again, nobody wants the signal.
    const bool wanted = !forwarding.exchange(true);
    if (wanted && (previous.sa_flags & SA_SIGINFO) != 0) {
        previous.sa_sigaction(signal, info, context);
    } else if (wanted && previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal);
    } else {
        // Faults again on return, and then as if we had never been here.
        ::signal(SIGBUS, SIG_DFL);
        if (info->si_code <= 0) {
            ::raise(signal);
        }
    }
    forwarding.store(false);
}

/// Puts the handler in place if it is not there: a library may have taken the signal meanwhile.
bool install() noexcept {
    struct sigaction current {};
    if (::sigaction(SIGBUS, nullptr, &current) != 0) {
        return false;
    }
    if ((current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == on_sigbus) {
        return true;
    }
    previous = current;
    struct sigaction action {};
    action.sa_sigaction = on_sigbus;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    return ::sigaction(SIGBUS, &action, nullptr) == 0;
}

} // namespace

int add(void* begin, std::size_t size, int protection) noexcept {
    if (!install()) {
        return -1;
    }
    const std::size_t n = used.load(std::memory_order_relaxed);
    std::size_t slot = 0;
    while (slot < n && ranges[slot].end.load(std::memory_order_relaxed) != 0) {
        ++slot;
    }
    if (slot == max_ranges) {
        return -1;
    }
    range& r = ranges[slot];
    const auto address = reinterpret_cast<std::uintptr_t>(begin);
    r.begin.store(address, std::memory_order_relaxed);
    r.protection.store(protection, std::memory_order_relaxed);
    r.faults.store(0, std::memory_order_relaxed);
    r.end.store(address + size, std::memory_order_release);
    if (slot == n) {
        used.store(n + 1, std::memory_order_release);
    }
    return static_cast<int>(slot);
}

void remove(int slot) noexcept {
    if (slot >= 0) {
        ranges[static_cast<std::size_t>(slot)].end.store(0, std::memory_order_release);
    }
}

std::uint32_t faults(int slot) noexcept {
    return slot < 0 ? 0
                    : ranges[static_cast<std::size_t>(slot)].faults.load(std::memory_order_relaxed);
}

} // namespace ntb::bridge::fault_guard
