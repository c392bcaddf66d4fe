// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu_glue/stub/channel.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace ntb::stub {

namespace {

/// As long as QEMU's vfio-user client waits for an answer.
constexpr std::int64_t longest_wait_ns = 5'000'000'000;
/// How often a waiting stub looks whether the simulator is still there.
constexpr long look_ns = 50'000'000;
constexpr time_t greeting_seconds = 5;

std::int64_t now_ns() {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

bool reached(std::uint32_t done, std::uint32_t count) {
    return static_cast<std::int32_t>(done - count) >= 0;
}

/// Takes the answer and its two descriptors.
bool receive(int socket, welcome& answer, int& page, int& wake) {
    int fds[2] = {-1, -1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds)] = {};
    iovec part{&answer, sizeof answer};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
            c->cmsg_len == CMSG_LEN(sizeof fds))
            std::memcpy(fds, CMSG_DATA(c), sizeof fds);
    page = fds[0];
    wake = fds[1];
    return n == static_cast<ssize_t>(sizeof answer);
}

/// Whether nobody can take pages away from the file under our mapping.
bool is_sealed(int file) {
    struct stat status {};
    const int seals = ::fcntl(file, F_GET_SEALS);
    return seals >= 0 && (seals & F_SEAL_SHRINK) != 0 && ::fstat(file, &status) == 0 &&
           status.st_size == static_cast<off_t>(sizeof(page));
}

} // namespace

const char* channel::open(const char* path, bool takes_windows) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (std::strlen(path) >= sizeof address.sun_path)
        return "the path of the control socket is too long";
    std::strcpy(address.sun_path, path);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{greeting_seconds, 0};
    if (socket < 0 || ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0)
        return "no socket";
    const char* problem = nullptr;
    const hello greeting{page_magic, page_version, takes_windows ? 1U : 0U};
    welcome answer{};
    int file = -1;
    int wake = -1;
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        problem = "nobody listens at the control socket";
    else if (::send(socket, &greeting, sizeof greeting, MSG_NOSIGNAL) !=
                 static_cast<ssize_t>(sizeof greeting) ||
             !receive(socket, answer, file, wake))
        problem = "the simulator does not answer";
    else if (answer.magic != page_magic || answer.version != page_version)
        problem = "the simulator is of another version";
    else if (answer.refused != 0 || file < 0 || wake < 0)
        problem = "the simulator refuses";
    else if (answer.page_size != sizeof(page) || !is_sealed(file))
        problem = "the simulator's page is not what it should be";
    if (problem == nullptr) {
        void* const base =
            ::mmap(nullptr, sizeof(page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (base == MAP_FAILED)
            problem = "the simulator's page cannot be mapped";
        else
            page_ = static_cast<page*>(base);
    }
    if (file >= 0)
        ::close(file);
    if (problem != nullptr) {
        if (wake >= 0)
            ::close(wake);
        ::close(socket);
        return problem;
    }
    socket_ = socket;
    wake_ = wake;
    heard_page_ = page_;
    return nullptr;
}

// --- Windows ----------------------------------------------------------------------------------

const char* channel::hear_of(windows& w, void (*changed)()) {
    windows_ = &w;
    windows_changed_ = changed;
    const timeval for_ever{};
    pthread_t thread{};
    const auto run = [](void* self) -> void* {
        static_cast<channel*>(self)->hear();
        return nullptr;
    };
    // QEMU's signals are for QEMU's threads.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    const bool good =
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &for_ever, sizeof for_ever) == 0 &&
        ::pthread_create(&thread, nullptr, run, this) == 0;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (!good) {
        (void)give_up("there is no thread for windows");
        return "there is no thread for them";
    }
    ::pthread_detach(thread);
    return nullptr;
}

void channel::hear() {
    for (;;) {
        window_message m{};
        int file = -1;
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof file)] = {};
        iovec part{&m, sizeof m};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        const ssize_t n = ::recvmsg(socket_, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
        if (n < 0 && errno == EINTR)
            continue;
        const cmsghdr* const c = n > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
        if (c != nullptr && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
            std::memcpy(&file, CMSG_DATA(c), sizeof file);
        const std::uint32_t before = windows_->generation();
        const bool whole = n == static_cast<ssize_t>(sizeof m);
        if (!whole) {
            windows_->revoke();
            windows_->commit();
        } else if (m.command == window_command::map) {
            windows_->map(m, file);
        } else if (m.command == window_command::unmap) {
            windows_->unmap(m);
        } else if (m.command == window_command::commit) {
            windows_->commit();
            heard_page_->windows_done.store(m.serial, std::memory_order_release);
            ::syscall(SYS_futex, &heard_page_->windows_done, FUTEX_WAKE, 1, nullptr, nullptr, 0);
        }
        if (file >= 0)
            ::close(file);
        if (windows_->generation() != before)
            windows_changed_();
        if (!whole) { // the simulator has gone
            unheard_.store(true, std::memory_order_relaxed);
            return;
        }
    }
}

bool channel::may_be_overtaken(std::uint8_t region, std::uint64_t offset, std::uint8_t size) const {
    const bool any = windows_ != nullptr && windows_->any();
    if (region != 0) // data that belongs before what this guest, or another one, does by itself
        return region < bar_regions &&
               ((any && !windows_->has_area(region)) ||
                (page_->mixed_bars.load(std::memory_order_seq_cst) >> region & 1U) != 0);
    if (!any)
        return false;
    for (std::uint64_t d = offset / 4; d <= (offset + size - 1) / 4 && d < register_dwords; ++d)
        if ((page_->ordered[d / 32].load(std::memory_order_relaxed) >> (d % 32) & 1U) != 0)
            return true;
    return false;
}

bool channel::give_up(const char* why) {
    // The mapping stays: a simulator that is alive may still write there. The descriptors stay,
    // too: another thread may be at the socket.
    const page& last = *page_;
    close();
    std::fprintf(stderr, "ntb-stub: registers: %s (accesses go over vfio-user from now on)\n", why);
    // A simulator that has not said that it is over carries out what is posted when it comes to it,
    // or has died.
    if (last.closed.load(std::memory_order_acquire) == ring_over)
        hand_over(last);
    return false;
}

void channel::hand_over(const page& p) const {
    const std::uint32_t done = p.done.load(std::memory_order_acquire);
    if (elsewhere_ == nullptr || posted_ - done > ring_entries)
        return;
    for (std::uint32_t at = done; at != posted_; ++at) {
        entry e{};
        std::memcpy(&e, &p.ring[at % ring_entries], sizeof e);
        if (e.kind == entry_kind::write)
            elsewhere_(e.region, e.offset, e.size, e.value);
    }
}

void channel::close() {
    page_ = nullptr;
    if (windows_ != nullptr)
        windows_->leave(); // before the simulator can see that we have gone
    if (socket_ >= 0)
        ::shutdown(socket_, SHUT_RDWR);
}

bool channel::simulator_has_gone() const {
    pollfd p{socket_, POLLRDHUP, 0};
    return ::poll(&p, 1, 0) != 0 || page_->closed.load(std::memory_order_acquire) == ring_over;
}

bool channel::wait_until_done(std::uint32_t count) {
    if (reached(page_->done.load(std::memory_order_acquire), count))
        return true;
    const std::int64_t begin = now_ns();
    const std::int64_t spin = std::int64_t{page_->spin_us.load(std::memory_order_relaxed)} * 1000;
    while (spin != 0 && now_ns() - begin < spin) {
        for (unsigned i = 0; i < 32; ++i) {
            if (reached(page_->done.load(std::memory_order_acquire), count))
                return true;
            __builtin_ia32_pause();
        }
    }
    page_->wait_for.store(count, std::memory_order_relaxed);
    const timespec look{0, look_ns};
    for (;;) {
        page_->waiting.store(1, std::memory_order_seq_cst);
        const std::uint32_t done = page_->done.load(std::memory_order_seq_cst);
        if (reached(done, count)) {
            page_->waiting.store(0, std::memory_order_relaxed);
            return true;
        }
        const long r = ::syscall(SYS_futex, &page_->done, FUTEX_WAIT, done, &look, nullptr, 0);
        if (reached(page_->done.load(std::memory_order_acquire), count))
            return true;
        if ((r == 0 || errno == EAGAIN || errno == EINTR) && !ends())
            continue;
        if (simulator_has_gone()) // which may have been the last that it did
            return reached(page_->done.load(std::memory_order_acquire), count) ||
                   give_up("the simulator has gone");
        if (now_ns() - begin > longest_wait_ns)
            return give_up("the simulator does not answer");
    }
}

bool channel::post(const entry& e) {
    // The simulator's count changes all the time: it is looked at where it may matter.
    if (posted_ - seen_done_ >= ring_entries) {
        seen_done_ = page_->done.load(std::memory_order_acquire);
        if (posted_ - seen_done_ > ring_entries)
            return give_up("the simulator's count is impossible");
        // Half of it, so that not every further write waits anew.
        if (posted_ - seen_done_ == ring_entries && !wait_until_done(posted_ - ring_entries / 2))
            return false;
    }
    page_->ring[posted_ % ring_entries] = e;
    page_->posted.store(++posted_, std::memory_order_seq_cst);
    if (page_->sleeping.load(std::memory_order_seq_cst) != 0 &&
        page_->sleeping.exchange(0, std::memory_order_seq_cst) != 0) {
        const std::uint64_t one = 1;
        if (::write(wake_, &one, sizeof one) < 0 && errno != EAGAIN)
            (void)give_up("the simulator cannot be woken"); // it sees that we leave
    }
    return true;
}

bool channel::answered_from_page(std::uint64_t offset, std::uint32_t& value) const {
    const std::uint64_t dword = offset / 4;
    if (dword >= register_dwords || page_->done.load(std::memory_order_acquire) != posted_ ||
        page_->answers.load(std::memory_order_acquire) == 0 ||
        (page_->readable[dword / 32].load(std::memory_order_acquire) >> (dword % 32) & 1U) == 0)
        return false;
    value = page_->registers[dword].load(std::memory_order_acquire);
    return true;
}

bool channel::read(std::uint8_t region, std::uint64_t offset, std::uint8_t size,
                   std::uint64_t& value) {
    if (page_ == nullptr)
        return false;
    std::uint32_t dword = 0;
    if (region == 0 && size == 4 && offset % 4 == 0) {
        // Most reads that follow a write want no more than its end.
        if (page_->done.load(std::memory_order_acquire) != posted_ && !wait_until_done(posted_))
            return false;
        if (answered_from_page(offset, dword)) {
            value = dword;
            ++answered_;
            if (page_->log_reads.load(std::memory_order_relaxed) != 0)
                (void)post({value, offset, region, size, entry_kind::answered, {}});
            return true;
        }
    }
    if (!post({0, offset, region, size, entry_kind::read, {}}) || page_ == nullptr ||
        !wait_until_done(posted_))
        return false;
    value = page_->reply.load(std::memory_order_acquire) & (~0ULL >> (64U - 8U * size));
    return true;
}

bool channel::write(std::uint8_t region, std::uint64_t offset, std::uint8_t size,
                    std::uint64_t value) {
    if (page_ == nullptr || !post({value, offset, region, size, entry_kind::write, {}}))
        return false;
    // The guest's next access may be one of a window, which nobody holds up. If the simulator does
    // not carry the write out, it has gone the other way when the wait ends.
    if (page_ != nullptr && (ends() || may_be_overtaken(region, offset, size)))
        (void)wait_until_done(posted_);
    return true;
}

} // namespace ntb::stub
