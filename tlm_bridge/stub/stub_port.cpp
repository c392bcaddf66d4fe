// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/stub/stub_port.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <linux/futex.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "tlm_bridge/setup_error.h"
#include "tlm_bridge/stub/window_broker.h"

namespace ntb::bridge {

namespace {

/// How long a stub may take to say hello once it has connected.
constexpr int greeting_ms = 100;

/// So many accesses that were there together enter the model without a look at the clock between
/// them, some 10 us of the wall clock.
constexpr std::uint32_t together = 64;
/// The stub is told of so many at a time where it waits for none: a shared line of the cache.
constexpr std::uint32_t publish_every = 16;

unique_fd make_eventfd() {
    unique_fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!fd)
        throw setup_error("eventfd", std::strerror(errno), "close some files");
    return fd;
}

/// Sends the answer; with two descriptors, or with none where `page` is -1.
bool send_welcome(int socket, const stub::welcome& answer, int page, int wake) {
    const std::array<int, 2> fds{page, wake};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fds)> control{};
    iovec part{const_cast<stub::welcome*>(&answer), sizeof answer};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (page >= 0) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* const c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof fds);
        std::memcpy(CMSG_DATA(c), fds.data(), sizeof fds);
    }
    return ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) ==
           static_cast<ssize_t>(sizeof answer);
}

} // namespace

stub_port::stub_port(std::string path, device& inner, port_control& control,
                     std::shared_ptr<spdlog::logger> logger, std::string name, const options& o)
    : listener_(std::move(path)), inner_(inner), control_(control),
      log_(std::move(logger), std::move(name)), options_(o), wake_(make_eventfd()) {}

stub_port::~stub_port() = default;

// --- Coming and going -------------------------------------------------------------------------

void stub_port::accept() {
    unique_fd socket = listener_.accept();
    if (!socket)
        return;
    if (!greet(socket.get()))
        return;
    control_socket_ = std::move(socket);
    log_.info("the stub inside QEMU is connected");
}

bool stub_port::greet(int socket) {
    pollfd input{socket, POLLIN, 0};
    stub::hello hello{};
    if (::poll(&input, 1, greeting_ms) != 1 ||
        ::recv(socket, &hello, sizeof hello, MSG_DONTWAIT) != static_cast<ssize_t>(sizeof hello) ||
        hello.magic != stub::page_magic) {
        log_.warn("what has connected to the stub's socket is no stub");
        return false;
    }
    stub::welcome answer{stub::page_magic, stub::page_version, sizeof(stub::page), 0};
    if (hello.version != stub::page_version || !client_ || page_) {
        log_.warn("refused a stub: {}", page_      ? "there is one already"
                                        : !client_ ? "there is no client"
                                                   : "it is of another version");
        answer.refused = 1;
        (void)send_welcome(socket, answer, -1, -1);
        return false;
    }
    try {
        page_ = std::make_unique<shared_page>();
    } catch (const setup_error& e) {
        log_.warn("refused a stub: {}", e.what());
        answer.refused = 1;
        (void)send_welcome(socket, answer, -1, -1);
        return false;
    }
    done_ = published_ = 0;
    serial_ = 0;
    takes_windows_ = hello.takes_windows == 1;
    wants_windows_ = false;
    leaving_ = false;
    (*page_)->log_reads = options_.log_reads ? 1 : 0;
    (*page_)->spin_us = options_.spin_us;
    control_.set_mirror(this);
    if (!send_welcome(socket, answer, page_->fd(), wake_.get())) {
        detach();
        return false;
    }
    return true;
}

void stub_port::detach() {
    if (!page_)
        return;
    if (broker_ != nullptr)
        broker_->take_from(*this);
    control_.set_mirror(nullptr);
    (*page_)->answers = 0;
    (*page_)->closed = stub::ring_over;
    publish_done(); // whoever waits sees that nobody will answer
    page_.reset();
    control_socket_.reset();
    leaving_ = false;
}

void stub_port::connected() {
    client_ = true;
    inner_.connected();
}

void stub_port::disconnected() {
    drain();
    detach();
    client_ = false;
    inner_.disconnected();
    if (broker_ != nullptr) // the link may stay up: a port has a DMA function, too
        broker_->take_away(*this);
    update_windows();
}

// --- The ring ---------------------------------------------------------------------------------

std::uint32_t stub_port::waiting_entries() const {
    if (!page_)
        return 0;
    return (leaving_ ? end_ : (*page_)->posted.load(std::memory_order_acquire)) - done_;
}

bool stub_port::pending() const {
    return leaving_ || waiting_entries() != 0;
}

bool stub_port::may_sleep() {
    if (!page_)
        return true;
    (*page_)->sleeping.store(1, std::memory_order_seq_cst);
    if ((*page_)->posted.load(std::memory_order_seq_cst) == done_)
        return true;
    (*page_)->sleeping.store(0, std::memory_order_relaxed);
    return false;
}

void stub_port::woken() {
    if (page_)
        (*page_)->sleeping.store(0, std::memory_order_relaxed);
}

bool stub_port::serve(unsigned budget) {
    bool keep = true;
    const std::uint32_t begin = done_;
    std::uint32_t left = waiting_entries(); // the stub changes it all the time: not every time
    const std::uint32_t on_time = std::min(left, together);
    for (; budget != 0 && keep; --budget, --left) {
        if (left == 0)
            left = waiting_entries();
        if (left == 0)
            break;
        if (left > stub::ring_entries) {
            log_.warn("the stub's count of accesses is impossible; cutting it off");
            keep = false;
            break;
        }
        stub::entry e{};
        std::memcpy(&e, &(*page_)->ring[done_ % stub::ring_entries], sizeof e);
        if (on_time_ && done_ != begin && done_ - begin < on_time)
            on_time_();
        if (e.kind != stub::entry_kind::write && done_ != published_)
            publish_done(); // it may take long
        keep = carry_out(e);
        if (!keep)
            log_.warn("the stub has put an impossible access into the ring; cutting it off");
        if (!page_)
            break;
        settle_windows(e);
        ++done_;
        if (left == 1 || done_ - published_ == publish_every || awaited())
            publish_done();
    }
    if (page_ && done_ != published_)
        publish_done();
    if (!keep || (leaving_ && waiting_entries() == 0))
        detach();
    return pending();
}

void stub_port::drain() {
    if (!page_)
        return;
    // What is posted meanwhile came after the message that this is for.
    serve(std::min(waiting_entries(), stub::ring_entries));
}

bool stub_port::carry_out(const stub::entry& e) {
    const std::uint32_t size = e.size;
    if (e.region >= stub::bar_regions || (size != 1 && size != 2 && size != 4 && size != 8))
        return false;
    const region_description& region = inner_.description().regions[e.region];
    if (e.offset >= region.size || size > region.size - e.offset)
        return false;
    if (e.region != 0 && takes_windows_ && !wants_windows_ && broker_ != nullptr) {
        wants_windows_ = true;
        broker_->refresh();
    }
    std::array<std::uint8_t, sizeof e.value> bytes{};
    std::memcpy(bytes.data(), &e.value, sizeof e.value);
    switch (e.kind) {
    case stub::entry_kind::write:
        (void)inner_.region_write(e.region, e.offset, {bytes.data(), size});
        return true;
    case stub::entry_kind::answered:
        (void)inner_.region_read(e.region, e.offset, {bytes.data(), size});
        return true;
    case stub::entry_kind::read: {
        bytes.fill(0);
        (void)inner_.region_read(e.region, e.offset, {bytes.data(), size});
        std::uint64_t value = 0;
        std::memcpy(&value, bytes.data(), sizeof value);
        if (page_)
            (*page_)->reply.store(value, std::memory_order_relaxed);
        return true;
    }
    }
    return false;
}

void stub_port::settle_windows(const stub::entry& e) {
    if (broker_ == nullptr)
        return;
    // What the guest does next it may do without the model, or another one by what it finds in
    // memory.
    if (((wants_windows() && broker_->stale()) ||
         (e.region != 0 && broker_->may_be_overtaken(*this, e.region))) &&
        !broker_->await_writes())
        broker_->take_from(*this);
    broker_->update_now(); // what the access has changed is so before the stub goes on
}

void stub_port::publish_done() {
    stub::page& p = **page_;
    published_ = done_;
    p.done.store(done_, std::memory_order_seq_cst);
    if (p.waiting.load(std::memory_order_seq_cst) == 0)
        return;
    const std::uint32_t target = p.wait_for.load(std::memory_order_relaxed);
    constexpr std::uint32_t past = 1U << 31U;
    if (done_ - target >= past && p.closed.load(std::memory_order_relaxed) != stub::ring_over)
        return; // not there yet
    p.waiting.store(0, std::memory_order_relaxed);
    (void)::syscall(SYS_futex, &p.done, FUTEX_WAKE, std::numeric_limits<int>::max(), nullptr,
                    nullptr, 0);
}

// --- Windows ----------------------------------------------------------------------------------

bool stub_port::send(const stub::window_message& m, int file) {
    if (!page_ || leaving_)
        return false;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof file)> control{};
    iovec part{const_cast<stub::window_message*>(&m), sizeof m};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (file >= 0) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* const c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof file);
        std::memcpy(CMSG_DATA(c), &file, sizeof file);
    }
    if (::sendmsg(control_socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) ==
        static_cast<ssize_t>(sizeof m))
        return true;
    if (errno == EPIPE || errno == ECONNRESET)
        leave(); // its process has ended
    else
        cut_off("does not take its messages");
    return false;
}

void stub_port::await_windows(std::chrono::steady_clock::time_point deadline) {
    using clock = std::chrono::steady_clock;
    while (page_ && !leaving_) {
        const std::uint32_t seen = (*page_)->windows_done.load(std::memory_order_acquire);
        if (seen == serial_)
            return;
        if (clock::now() >= deadline)
            return cut_off("does not let go of its windows in time");
        const timespec look{0, 10'000'000};
        (void)::syscall(SYS_futex, &(*page_)->windows_done, FUTEX_WAIT, seen, &look, nullptr, 0);
        pollfd p{control_socket_.get(), POLLRDHUP, 0};
        if ((*page_)->windows_done.load(std::memory_order_acquire) == seen &&
            ::poll(&p, 1, 0) != 0) {
            return leave(); // with its process the mappings have gone, or go
        }
    }
}

void stub_port::cut_off(const char* why) {
    log_.warn("the stub {}; cutting it off", why);
    leave();
}

void stub_port::leave() {
    if (!page_ || leaving_)
        return;
    leaving_ = true;
    if (broker_ != nullptr)
        broker_->refresh();
    // A stub that has not seen the one has posted before the other.
    (*page_)->closed.store(stub::ring_ending, std::memory_order_seq_cst);
    end_ = (*page_)->posted.load(std::memory_order_seq_cst);
}

void stub_port::update_windows() {
    if (broker_ != nullptr)
        broker_->update_now();
}

// --- The mirror -------------------------------------------------------------------------------

void stub_port::changed(std::uint32_t offset, std::uint32_t value) noexcept {
    (*page_)->registers[offset / 4].store(value, std::memory_order_release);
}

void stub_port::plain(std::uint32_t offset, bool is) noexcept {
    const std::uint32_t dword = offset / 4;
    const std::uint32_t bit = 1U << (dword % 32);
    if (is)
        (*page_)->readable[dword / 32].fetch_or(bit, std::memory_order_release);
    else
        (*page_)->readable[dword / 32].fetch_and(~bit, std::memory_order_release);
}

void stub_port::decides_windows(std::uint32_t offset) noexcept {
    const std::uint32_t dword = offset / 4;
    (*page_)->ordered[dword / 32].fetch_or(1U << (dword % 32), std::memory_order_release);
}

void stub_port::answers(bool does) noexcept {
    (*page_)->answers.store(does ? 1 : 0, std::memory_order_release);
}

// --- What comes over vfio-user ----------------------------------------------------------------

int stub_port::region_read(std::uint32_t region, std::uint64_t offset, mutable_bytes data) {
    drain();
    const int error = inner_.region_read(region, offset, data);
    update_windows();
    return error;
}

int stub_port::region_write(std::uint32_t region, std::uint64_t offset, const_bytes data) {
    drain();
    const int error = inner_.region_write(region, offset, data);
    update_windows();
    return error;
}

int stub_port::dma_map(const dma_mapping& mapping, unique_fd file) {
    drain();
    const int error = inner_.dma_map(mapping, std::move(file));
    if (broker_ != nullptr)
        broker_->refresh(); // windows may lead there
    update_windows();
    return error;
}

int stub_port::dma_unmap(const dma_range& range) {
    drain();
    if (broker_ != nullptr)
        broker_->take_away(*this);
    const int error = inner_.dma_unmap(range);
    update_windows();
    return error;
}

int stub_port::reset() {
    drain();
    const int error = inner_.reset();
    update_windows();
    return error;
}

int stub_port::set_irqs(const irq_request& request) {
    drain();
    return inner_.set_irqs(request);
}

} // namespace ntb::bridge
