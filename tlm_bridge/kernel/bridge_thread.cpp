// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/kernel/bridge_thread.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "tlm_bridge/kernel/stepping.h"
#include "tlm_bridge/setup_error.h"

namespace ntb::bridge {

namespace {
constexpr std::size_t stack_bytes =
    std::size_t{512} * 1024; ///< of each SC_THREAD: JSON and logging need room
constexpr std::uint64_t ps_per_ns = 1000;
/// Keys of the set: those of the ports, in order; from here on what watch() was given.
constexpr std::uint64_t first_watched_key = 1U << 16U;

void must_watch(bool success) {
    if (!success)
        throw setup_error("epoll", std::strerror(errno), "close some files");
}
} // namespace

bridge_thread::bridge_thread(const options& o)
    : options_(o),
      pacing_(o.epoch ? pacing(o.time, o.start_ps, *o.epoch) : pacing(o.time, o.start_ps)),
      gate_(pacing_) {}

void bridge_thread::add(vfio_user::server& server, port_bridge& function, stub_port* stub) {
    ports_.push_back(std::make_unique<port>());
    port& p = *ports_.back();
    p.server = &server;
    p.function = &function;
    p.stub = stub;
    p.key = keys_per_port * (ports_.size() - 1);
    must_watch(set_.add(server.listener_fd(), EPOLLIN, p.key + source::listener));
    if (stub != nullptr) {
        must_watch(set_.add(stub->listener_fd(), EPOLLIN, p.key + source::stub_listener));
        // Edge-triggered: nobody reads it. It is ours, and never closed before the set.
        must_watch(set_.add(stub->wake_fd(), EPOLLIN | EPOLLET, p.key + source::stub_wake));
        stub->set_on_time([&function] { input_gate::on_time(function.source()); });
    }
    function.set_gate(&gate_);
    sc_core::sc_spawn_options thread;
    thread.set_stack_size(stack_bytes);
    sc_core::sc_spawn([this, &p] { serve(p); }, sc_core::sc_gen_unique_name("serve"), &thread);
}

void bridge_thread::watch(int fd, std::function<void()> on_input) {
    must_watch(set_.add(fd, EPOLLIN, first_watched_key + watched_.size()));
    watched_.push_back(std::move(on_input));
}

void bridge_thread::serve(port& p) {
    for (;;) {
        sc_core::wait(p.wake);
        bool more = false;
        if (p.leaving)
            p.server->disconnect();
        else
            more = serve_turn(p);
        watch_client(p, false); // before a new client can get the descriptor's number
        p.now = more ? turn::over : turn::none;
        p.lost = false;
        sc_core::sc_pause();
    }
}

bool bridge_thread::serve_turn(port& p) {
    bool more = p.stub != nullptr && p.stub->serve(accesses_per_turn);
    if (p.message) { // a look at the socket is a system call
        p.message = p.server->serve(accesses_per_turn) == vfio_user::progress::more;
        more = more || p.message;
    }
    return more;
}

void bridge_thread::run() {
    using clock = std::chrono::steady_clock;
    const auto spin = std::chrono::microseconds(options_.spin_us);
    auto last_input = clock::now();
    unsigned steps = 0;
    stepping::initialise();
    stepping::run_to(options_.start_ps);
    while (!stopping_) {
        if (stepping::now_ps() >= pacing::end_ps) {
            out_of_time_ = true;
            break;
        }
        const std::int64_t sleep_ns = advance();
        stuck_ = sleep_ns < 0 && any_busy() && stepping::next_event_ps() == stepping::never;
        if (sleep_ns == 0 && !any_busy() && ++steps < steps_per_poll)
            continue; // what the last transaction has set off
        steps = 0;
        std::int64_t timeout = 0;
        if (look_at_stubs()) {
            last_input = clock::now();
            continue;
        }
        if (sleep_ns != 0 && (options_.spin_us == 0 || clock::now() - last_input >= spin)) {
            timeout = sleep_ns;
            const int idle_ms = idle_task_ ? idle_task_() : -1;
            if (idle_ms >= 0) {
                const std::int64_t idle_ns = std::int64_t{idle_ms} * 1'000'000;
                timeout = timeout < 0 ? idle_ns : std::min(timeout, idle_ns);
            }
            ++sleeps_;
        }
        if (timeout != 0 && !stubs_let_sleep())
            continue;
        if (poll_all(timeout) && options_.spin_us != 0)
            last_input = clock::now();
    }
    shut_down();
}

bool bridge_thread::any_busy() const {
    return std::any_of(ports_.begin(), ports_.end(),
                       [](const std::unique_ptr<port>& p) { return p->now != turn::none; });
}

bool bridge_thread::any_awaits_turn() const {
    return std::any_of(ports_.begin(), ports_.end(), [](const std::unique_ptr<port>& p) {
        return p->now == turn::due || p->now == turn::over;
    });
}

void bridge_thread::give_turns() {
    std::uint64_t wait_ps = pacing_.behind_ps();
    if (std::any_of(ports_.begin(), ports_.end(),
                    [](const std::unique_ptr<port>& p) { return p->now == turn::over; }))
        // A flood of messages that take no time in the model must not stop simulated time.
        wait_ps = std::max(wait_ps, pacing_.follows_wall_clock() ? ps_per_ns : unpaced_turn_ps);
    stepping::run_to(stepping::now_ps() + wait_ps);
    for (const auto& p : ports_)
        if (p->now == turn::due || p->now == turn::over)
            give_turn(*p);
}

void bridge_thread::give_turn(port& p) {
    p.now = turn::running;
    input_gate::on_time(p.function->source());
    p.wake.notify();
}

std::int64_t bridge_thread::advance_in_turn() {
    partner_->take_input();
    stepping::settle();
    if (stopping_)
        return 0; // time must not go on
    const bool input = gate_.waiting() || any_awaits_turn();
    const std::uint64_t next = stepping::next_event_ps();
    if (!partner_->may_go_on(next, input) || (!input && next == stepping::never))
        return -1;
    stepping::run_to(input ? partner_->partner_ps() : next);
    if (!input)
        return 0;
    if (gate_.waiting()) {
        gate_.release_first();
    } else {
        const auto first =
            std::find_if(ports_.begin(), ports_.end(), [](const std::unique_ptr<port>& p) {
                return p->now == turn::due || p->now == turn::over;
            });
        give_turn(**first);
    }
    stepping::settle();
    return 0;
}

std::int64_t bridge_thread::advance() {
    if (partner_ != nullptr)
        return advance_in_turn();
    stepping::settle();
    bool acts = false;
    if (gate_.waiting()) {
        stepping::run_to(stepping::now_ps() + pacing_.behind_ps());
        gate_.release_first();
        acts = true;
    }
    if (any_awaits_turn()) {
        stepping::settle(); // one input at a time
        give_turns();
        acts = true;
    }
    if (acts) {
        // Mostly the turn ends before the look-ahead does. A port that has to wait for longer is
        // found busy at the next look.
        stepping::run_until_paused(stepping::now_ps() + pacing::lookahead_ps);
        return 0;
    }
    const std::uint64_t next = stepping::next_event_ps();
    if (next == stepping::never)
        return -1;
    std::uint64_t limit = next + pacing::lookahead_ps;
    if (pacing_.follows_wall_clock()) {
        const std::uint64_t wall = pacing_.wall_ps();
        limit = wall + pacing::lookahead_ps;
        if (next > limit)
            return static_cast<std::int64_t>((next - wall) / ps_per_ns);
    }
    if (any_busy())
        stepping::run_until_paused(limit);
    else
        stepping::run_to(next);
    return 0;
}

void bridge_thread::watch_client(port& p, bool sleeping) {
    const bool busy = sleeping && p.now != turn::none;
    const int fd = busy && (!stuck_ || p.lost) ? -1 : p.server->client_fd();
    const auto events =
        busy ? std::uint32_t{EPOLLRDHUP} : static_cast<std::uint32_t>(p.server->client_events());
    if (fd == p.watched_client) {
        if (fd >= 0 && events != p.watched_for)
            set_.change(fd, events, p.key + source::client);
    } else {
        if (p.watched_client >= 0 && p.watched_client == p.server->client_fd())
            set_.remove(p.watched_client);
        // Otherwise it is closed, and so out of the set already.
        if (fd >= 0 && !set_.add(fd, events, p.key + source::client))
            return; // the system's limit: tried again at the next turn
        p.watched_client = fd;
    }
    p.watched_for = events;
}

std::size_t bridge_thread::wait_with_shared(std::int64_t timeout_ns) {
    shared_.clear();
    for (const auto& p : ports_)
        shared_.push_back({p->function->irqs().unmask_fd(), POLLIN, 0});
    if (std::all_of(shared_.begin(), shared_.end(), [](const pollfd& f) { return f.fd < 0; }))
        return set_.wait(timeout_ns);
    shared_.push_back({set_.fd(), POLLIN, 0});
    timespec t{};
    t.tv_sec = static_cast<time_t>(timeout_ns / 1'000'000'000);
    t.tv_nsec = static_cast<long>(timeout_ns % 1'000'000'000);
    if (::ppoll(shared_.data(), shared_.size(), timeout_ns < 0 ? nullptr : &t, nullptr) <= 0)
        return 0;
    for (std::size_t i = 0; i < ports_.size(); ++i)
        if (shared_[i].revents != 0)
            ports_[i]->function->service_unmask_fd();
    return set_.wait(0);
}

bool bridge_thread::look_at_stubs() {
    bool any = false;
    for (const auto& p : ports_) {
        if (p->stub != nullptr)
            p->stub->update_windows(); // what the model has changed by itself
        if (p->stub != nullptr && p->now == turn::none && p->stub->pending()) {
            p->now = turn::due;
            any = true;
        }
    }
    return any;
}

bool bridge_thread::stubs_let_sleep() {
    // A busy port looks at its ring itself before its turn ends.
    const bool sleep =
        std::all_of(ports_.begin(), ports_.end(), [](const std::unique_ptr<port>& p) {
            return p->stub == nullptr || p->now != turn::none || p->stub->may_sleep();
        });
    if (!sleep)
        stubs_are_awake();
    return sleep;
}

void bridge_thread::stubs_are_awake() {
    for (const auto& p : ports_)
        if (p->stub != nullptr)
            p->stub->woken();
}

void bridge_thread::stub_event(port& p, std::uint64_t what) {
    switch (what) {
    case source::stub_listener:
        p.stub->accept();
        if (p.stub->control_fd() >= 0)
            (void)set_.add(p.stub->control_fd(), EPOLLIN, p.key + source::stub_control);
        break;
    case source::stub_control: // it says nothing after its greeting
        set_.remove(p.stub->control_fd());
        p.stub->hung_up();
        break;
    default:
        break; // awake: look_at_stubs() finds what is in the ring
    }
}

bool bridge_thread::poll_all(std::int64_t timeout_ns) {
    for (const auto& p : ports_)
        watch_client(*p, timeout_ns != 0);
    const std::size_t count = wait_with_shared(timeout_ns);
    if (timeout_ns != 0)
        stubs_are_awake();
    if (count == 0)
        return false; // nothing, or interrupted by a signal: the loop comes back

    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t key = set_.key(i);
        if (key >= first_watched_key) {
            watched_[key - first_watched_key]();
            continue;
        }
        port& p = *ports_[key / keys_per_port];
        switch (key - p.key) {
        case source::listener: // however busy its first client is, a second is refused
            p.server->accept_clients();
            break;
        case source::client:
            if (p.watched_for == EPOLLRDHUP) {
                lose_client(p);
                break;
            }
            p.message = true;
            if (p.now == turn::none)
                p.now = turn::due;
            break;
        default:
            stub_event(p, key - p.key);
        }
    }
    return true;
}

void bridge_thread::lose_client(port& p) {
    p.lost = true;
    if (partner_ == nullptr) // else it says when time may go on
        stepping::run_to(stepping::now_ps() + pacing_.behind_ps());
    if (p.now == turn::running && set_free_)
        set_free_(*p.function);
}

void bridge_thread::shut_down() {
    // What had arrived before the end is still done, as far as it needs no waiting.
    for (unsigned n = 0; n < last_turns && any_busy() && advance() == 0; ++n) {
    }
    for (const auto& p : ports_) {
        if (p->now != turn::none)
            continue;
        p->leaving = true;
        p->wake.notify();
        stepping::settle();
    }
    while (gate_.waiting()) {
        gate_.release_first();
        stepping::settle();
    }
    sc_core::sc_stop();
}

} // namespace ntb::bridge
