// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/peer/window_line.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include "model/shared_word.h"
#include "tlm_bridge/setup_error.h"

namespace ntb::peer {

namespace {

using clock_type = std::chrono::steady_clock;
using what = window_word::what;

constexpr std::uint64_t listener_key = 0;
constexpr std::uint64_t timer_key = 1;
constexpr std::uint64_t socket_key = 2;
constexpr std::uint64_t stranger_key = 3;
/// How long a write that is under way over there is waited for.
constexpr std::uint64_t settle_ps = 100'000'000'000;

/// A name that has no file, so nothing is left behind by who dies.
struct nameless_path {
    sockaddr_un address{};
    socklen_t size = 0;
    nameless_path(dev_t device, ino_t inode, std::uint32_t listener) {
        address.sun_family = AF_UNIX;
        const int n =
            std::snprintf(address.sun_path + 1, sizeof address.sun_path - 1,
                          "ntbsim-windows-%llx-%llx-%u", static_cast<unsigned long long>(device),
                          static_cast<unsigned long long>(inode), listener);
        size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1U +
                                      static_cast<std::size_t>(n));
    }
    [[nodiscard]] const sockaddr* get() const {
        return reinterpret_cast<const sockaddr*>(&address);
    }
};

bridge::unique_fd packet_socket() {
    return bridge::unique_fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

/// Whether nobody can take pages away from under a mapping.
bool cannot_shrink(int file) {
    const int seals = ::fcntl(file, F_GET_SEALS);
    return seals >= 0 && (static_cast<unsigned>(seals) & F_SEAL_SHRINK) != 0;
}

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
    return (hash ^ value) * 0x100000001B3ULL; // FNV-1a, by words
}

} // namespace

/// A port over there, as the broker asks for it.
class window_line::elsewhere final : public bridge::port_control {
public:
    elsewhere(window_line& line, port_number number)
        : line_(line), port(number),
          memory(line.logger_, "port " + std::to_string(number.value()) + " over there") {}
    void set_link(bool) override {}
    void hot_reset() override {}
    [[nodiscard]] std::uint64_t bar_size(unsigned) const override { return 0; }
    [[nodiscard]] bool accepts_requests() const override {
        return line_.usable() && (line_.granted_ >> port.value() & 1U) != 0;
    }
    [[nodiscard]] bool writes_under_way() const override { return line_.link_.writes_under_way(); }
    [[nodiscard]] bool await_writes(std::uint64_t) override {
        return line_.link_.await_writes(settle_ps);
    }

private:
    window_line& line_;

public:
    port_number port;
    bridge::host_memory memory; ///< as it was told
};

window_line::window_line(attachment& place, int memory_fd, peer_link& link,
                         bridge::window_broker& broker, std::shared_ptr<spdlog::logger> logger)
    : place_(place), link_(link), broker_(broker), logger_(std::move(logger)),
      log_(logger_, "windows"),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
    struct stat s {};
    if (!timer_ || ::fstat(memory_fd, &s) != 0 || !set_.add(timer_.get(), EPOLLIN, timer_key))
        throw bridge::setup_error("timer", std::strerror(errno), "close some files");
    device_ = s.st_dev;
    inode_ = s.st_ino;
    if (place_.side() == 0)
        listen(); // before the other side can know that this one is here
    broker_.set_partner(*this);
    link_.on_change([this] { other_changed(); });
    link_.on_settled([this] { broker_.refresh(); });
}

window_line::~window_line() = default;

void window_line::add_here(port_number port, bridge::port_control& control,
                           const bridge::host_memory& memory) {
    here_.push_back({port, &control, &memory, {}, ~std::uint64_t{0}});
}

void window_line::add_elsewhere(port_number port) {
    elsewhere_.push_back(std::make_unique<elsewhere>(*this, port));
    elsewhere& e = *elsewhere_.back();
    broker_.add(port, nullptr, e, e.memory);
}

void window_line::begin(bridge::bridge_thread& thread) {
    thread.watch(set_.fd(), [this] { service(); });
    other_changed();
}

// --- Coming and going -------------------------------------------------------------------------

void window_line::listen() {
    const nameless_path name(device_, inode_, place_.incarnation());
    listener_ = packet_socket();
    if (!listener_ || ::bind(listener_.get(), name.get(), name.size) != 0 ||
        ::listen(listener_.get(), 4) != 0 || !set_.add(listener_.get(), EPOLLIN, listener_key)) {
        log_.warn("those that lead to the other simulator stay trapped: no socket for it ({})",
                  std::strerror(errno));
        listener_.reset();
    }
}

void window_line::other_changed() {
    if (!link_.connected() || (met_ != 0 && met_ != link_.other_incarnation()))
        hang_up();
    const bool awaited = link_.connected()
                             ? met_ == 0 && given_up_ != link_.other_incarnation()
                             : place_.other_alive(); // one that leaves, or that broke the rules
    looks_left_ = awaited ? looks : 0;
    set_timer(awaited);
    begin_to_wait();
    adopt_stranger();
    broker_.refresh();
    broker_.update_now();
}

void window_line::set_timer(bool runs) {
    itimerspec every{};
    if (runs) {
        every.it_interval.tv_nsec = look_every_ms * 1'000'000;
        every.it_value.tv_nsec = 1'000'000;
    }
    (void)::timerfd_settime(timer_.get(), 0, &every, nullptr);
}

void window_line::look() {
    std::uint64_t times = 0;
    (void)!::read(timer_.get(), &times, sizeof times);
    if (!link_.connected() && looks_left_ != 0 && place_.other_alive()) {
        --looks_left_;
        return;
    }
    if (usable() || !link_.connected() || looks_left_ == 0) {
        broker_.refresh();
        set_timer(false);
        return;
    }
    if (--looks_left_ == 0) {
        set_timer(false);
        say_trapped("it is not reached over a socket of this machine's (is it in another "
                    "container, or without --stub?)");
        return;
    }
    if (place_.side() == 1 && !socket_)
        connect();
}

void window_line::connect() {
    const nameless_path name(device_, inode_, link_.other_incarnation());
    bridge::unique_fd socket = packet_socket();
    if (!socket || ::connect(socket.get(), name.get(), name.size) != 0)
        return;
    if (!is_ours(socket.get())) {
        looks_left_ = 0;
        say_trapped("it belongs to another user");
        return;
    }
    if (!set_.add(socket.get(), EPOLLIN, socket_key))
        return;
    socket_ = std::move(socket);
    (void)send_hello();
}

void window_line::accept() {
    bridge::unique_fd socket(
        ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket || !is_ours(socket.get()) || !set_.add(socket.get(), EPOLLIN, stranger_key))
        return;
    stranger_ = std::move(socket); // one who says nothing gives way to the next
    stranger_number_ = 0;
}

void window_line::hear_stranger() {
    window_word w{};
    const ssize_t n = ::recv(stranger_.get(), &w, sizeof w, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (stranger_number_ != 0 || n != static_cast<ssize_t>(sizeof w) || w.kind != what::hello ||
        w.port != version || w.serial == 0) {
        stranger_.reset(); // he has gone, or is no simulator
        return;
    }
    stranger_number_ = w.serial;
    adopt_stranger();
}

void window_line::adopt_stranger() {
    // Who is not known yet may be by what comes over the ring next.
    if (!stranger_ || !link_.connected() || stranger_number_ != link_.other_incarnation())
        return;
    bridge::unique_fd socket = std::move(stranger_);
    if (usable() || stranger_number_ == given_up_)
        return; // it is closed
    hang_up();
    set_.change(socket.get(), EPOLLIN, socket_key);
    socket_ = std::move(socket);
    meet(stranger_number_);
    if (send_hello())
        broker_.refresh();
}

bool window_line::send_hello() {
    window_word hello{};
    hello.kind = what::hello;
    hello.port = version;
    hello.serial = place_.incarnation();
    return send(hello);
}

bool window_line::is_ours(int socket) {
    ucred other{};
    socklen_t size = sizeof other;
    return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &other, &size) == 0 &&
           other.uid == ::geteuid();
}

void window_line::meet(std::uint32_t number) {
    met_ = number;
    if (std::exchange(said_trapped_, false))
        log_.info("the other simulator is reached now");
}

bool window_line::usable() const {
    return socket_ && met_ != 0 && link_.connected() && met_ == link_.other_incarnation();
}

bool window_line::tells_changes() const {
    return link_.connected() ? usable() && is_told_ : !place_.other_alive();
}

void window_line::service() {
    begin_to_wait();
    const std::size_t count = set_.wait(0);
    std::array<std::uint64_t, 4> keys{};
    for (std::size_t i = 0; i < count && i < keys.size(); ++i)
        keys[i] = set_.key(i);
    for (std::size_t i = 0; i < count && i < keys.size(); ++i) {
        if (keys[i] == timer_key) {
            look();
        } else if (keys[i] == socket_key) {
            receive();
        } else if (keys[i] == stranger_key) {
            hear_stranger();
        } else {
            accept();
        }
    }
    answer();
    broker_.update_now();
}

void window_line::hang_up() {
    if (!socket_)
        return;
    socket_.reset();
    met_ = granted_ = 0;
    wants_ = tells_ = told_ = is_told_ = owes_ = false;
    for (here& h : here_) {
        h.told.clear();
        h.told_changes = ~std::uint64_t{0};
    }
    for (const auto& e : elsewhere_)
        withdraw_elsewhere(*e);
    broker_.take_away_stale(); // nobody tells what else depends on the other one
}

void window_line::give_up(const std::string& why) {
    given_up_ = met_ != 0 ? met_ : given_up_;
    looks_left_ = 0;
    hang_up();
    log_.warn("the other simulator {}: those between the two stay trapped until another one comes",
              why);
}

void window_line::say_trapped(const char* why) {
    said_trapped_ = true;
    log_.info("those that lead to the other simulator stay trapped: {}", why);
}

void window_line::withdraw_elsewhere(elsewhere& e) {
    broker_.take_away_here(e.port);
    e.memory.unmap_all();
}

// --- What comes -------------------------------------------------------------------------------

void window_line::receive() {
    for (unsigned n_words = 0; n_words < words_at_once && socket_; ++n_words) {
        window_word w{};
        int file = -1;
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof file)> control{};
        iovec part{&w, sizeof w};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = CMSG_LEN(sizeof file); // CMSG_SPACE has room for two
        const ssize_t n = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        // There is room for one descriptor: the system closes what does not fit.
        const cmsghdr* const c = n > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
        if (c != nullptr && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
            std::memcpy(&file, CMSG_DATA(c), sizeof file);
        bridge::unique_fd owned(file);
        if (n <= 0) { // it has ended, or given up this one
            given_up_ = met_ != 0 ? met_ : given_up_;
            looks_left_ = 0;
            hang_up();
            return;
        }
        // Where this process has no descriptor left there is none, and that is not the other's
        // fault.
        const bool too_many = owned && (message.msg_flags & MSG_CTRUNC) != 0;
        if (n != static_cast<ssize_t>(sizeof w) || (message.msg_flags & MSG_TRUNC) != 0 ||
            too_many || !obey(w, std::move(owned))) {
            give_up("says what cannot be");
            return;
        }
    }
}

bool window_line::obey(const window_word& w, bridge::unique_fd file) {
    const auto e = std::find_if(elsewhere_.begin(), elsewhere_.end(),
                                [&w](const auto& x) { return x->port.value() == w.port; });
    if ((w.kind == what::hello) != (met_ == 0))
        return false;
    switch (w.kind) {
    case what::hello:
        if (w.port != version || w.serial == 0)
            return false;
        if (w.serial == given_up_) {
            hang_up();
            return true;
        }
        meet(w.serial);
        broker_.refresh();
        return true;
    case what::want:
        tells_ = true;
        broker_.refresh();
        return true;
    case what::map:
        return e != elsewhere_.end() && map(w, std::move(file));
    case what::withdraw:
        if (e == elsewhere_.end())
            return false;
        withdraw_elsewhere(**e);
        return true;
    case what::follow:
        granted_ = w.ports;
        asked_ = w.serial;
        is_told_ = owes_ = true; // answered by who waits for nothing else
        return true;
    case what::followed:
        followed_ = w.serial;
        return true;
    }
    return false;
}

bool window_line::map(const window_word& w, bridge::unique_fd file) {
    if (file && !cannot_shrink(file.get()))
        file.reset(); // is known to be there, but not mapped
    bridge::dma_mapping m{};
    m.iova = w.address;
    m.size = w.size;
    m.offset = w.offset;
    m.readable = m.writable = true;
    const auto e = std::find_if(elsewhere_.begin(), elsewhere_.end(),
                                [&w](const auto& x) { return x->port.value() == w.port; });
    int error = (*e)->memory.map(m, std::move(file));
    if (error != 0 && error != EINVAL && error != EEXIST) {
        // What its client gave it cannot be mapped here, which the other one cannot help.
        error = (*e)->memory.map(m, {});
    }
    return error == 0;
}

void window_line::answer() {
    for (unsigned n = 0; n < words_at_once && owes_; ++n) {
        owes_ = false;
        window_word w{};
        w.kind = what::followed;
        w.serial = asked_;
        broker_.take_away_stale();
        send(w); // which may take the next one
    }
    if (owes_)
        set_timer(true);
}

// --- What is told -----------------------------------------------------------------------------

void window_line::begin_to_wait() {
    deadline_ = clock_type::now() + answer_limit;
    late_ = 0;
}

bool window_line::await(short events) {
    // Who was stopped himself finds it late, and the answer there.
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - clock_type::now())
            .count();
    if (left <= 0 && ++late_ > late_rounds)
        return false;
    pollfd p{socket_.get(), events, 0};
    const int ready = ::poll(&p, 1, static_cast<int>(std::max<long>(left, 0)));
    return ready > 0 || (ready < 0 && errno == EINTR);
}

bool window_line::send(const window_word& w, int file) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof file)> control{};
    iovec part{const_cast<window_word*>(&w), sizeof w};
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
    while (socket_) {
        if (::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) ==
            static_cast<ssize_t>(sizeof w))
            return true;
        if (errno == EPIPE || errno == ECONNRESET) {
            receive(); // what it has said before it went, and that it has
            hang_up();
            return false;
        }
        if (errno != EAGAIN && errno != EINTR) {
            give_up("is not reached any more (" + std::string(std::strerror(errno)) + ")");
            return false;
        }
        if (!await(POLLIN | POLLOUT))
            give_up("takes no messages");
        else
            receive(); // it may be waiting in the same way
    }
    return false;
}

std::uint32_t window_line::accepting() const {
    std::uint32_t ports = 0;
    for (const here& h : here_)
        if (h.control->accepts_requests())
            ports |= 1U << h.port.value();
    return ports;
}

std::uint64_t window_line::state_hash() {
    // What the windows of the other side depend on and either side may write.
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (const std::uint32_t& word : place_.state().mapping)
        hash = mix(hash, load_word(word));
    for (const std::uint32_t& word : place_.state().registers)
        hash = mix(hash, load_word(word));
    return hash;
}

void window_line::tell_maps(here& h) {
    if (h.told_changes == h.memory->changes())
        return;
    const auto maps = h.memory->shared_maps();
    const auto has = [](const auto& all, const auto& one) {
        return std::find(all.begin(), all.end(), one) != all.end();
    };
    window_word w{};
    w.port = h.port.value();
    if (!std::all_of(h.told.begin(), h.told.end(),
                     [&](const auto& one) { return has(maps, one); })) {
        w.kind = what::withdraw;
        send(w);
        h.told.clear();
    }
    w.kind = what::map;
    for (const auto& m : maps) {
        if (has(h.told, m))
            continue;
        w.address = m.iova;
        w.size = m.size;
        w.offset = m.file_offset;
        if (!send(w, m.file))
            return;
    }
    h.told = maps;
    h.told_changes = h.memory->changes();
    told_ = false;
}

void window_line::follow() {
    if (!usable())
        return;
    begin_to_wait();
    if (!wants_ && broker_.wants_windows()) {
        window_word w{};
        w.kind = what::want;
        wants_ = send(w);
    }
    if (tells_) {
        for (here& h : here_)
            tell_maps(h);
        if (!told_ || told_ports_ != accepting() || told_state_ != state_hash())
            tell_and_wait();
    }
    answer();
}

void window_line::take_away(port_number port) {
    if (!usable() || !tells_)
        return;
    begin_to_wait();
    for (here& h : here_) {
        if (!(h.port == port) || h.told.empty())
            continue;
        h.told.clear();
        h.told_changes = ~std::uint64_t{0};
        window_word w{};
        w.kind = what::withdraw;
        w.port = port.value();
        send(w);
        tell_and_wait();
    }
    answer();
}

void window_line::tell_and_wait() {
    begin_to_wait();
    window_word w{};
    w.kind = what::follow;
    w.serial = ++serial_;
    w.ports = told_ports_ = accepting();
    told_state_ = state_hash();
    told_ = true;
    send(w);
    const std::uint32_t awaited = serial_;
    for (;;) {
        answer(); // the other one may be waiting in the same way
        if (!socket_ || followed_ == awaited)
            return;
        if (!await(POLLIN))
            give_up("does not let go of windows in time");
        else
            receive();
    }
}

} // namespace ntb::peer
