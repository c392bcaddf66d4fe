// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/kernel/bridge_thread.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "tlm_bridge/setup_error.h"

namespace ntb::bridge {

namespace {
constexpr std::size_t stack_bytes =
    std::size_t{512} * 1024; ///< of each SC_THREAD: JSON and logging need room
constexpr std::uint64_t ps_per_ns = 1000;
/// Keys of the set: two for each port, in order; from here on what watch() was given.
constexpr std::uint64_t first_watched_key = 1U << 16U;

void must_watch(bool success) {
    if (!success)
        throw setup_error("epoll", std::strerror(errno), "close some files");
}

[[nodiscard]] std::uint64_t now_ps() {
    return sc_core::sc_time_stamp().value();
}
} // namespace

bridge_thread::bridge_thread(const sc_core::sc_module_name& name, const options& o)
    : sc_module(name), options_(o), pacing_(o.time, o.start_ps) {
    sc_core::sc_spawn_options thread;
    thread.set_stack_size(stack_bytes);
    sc_core::sc_spawn([this] { run(); }, "run", &thread);
}

void bridge_thread::add(vfio_user::server& server, port_bridge& function) {
    ports_.push_back(std::make_unique<port>());
    port& p = *ports_.back();
    p.server = &server;
    p.irqs = &function.irqs();
    p.key = 2 * (ports_.size() - 1);
    must_watch(set_.add(server.listener_fd(), EPOLLIN, p.key));
    function.set_pacing(&pacing_);
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
        while (p.server->serve(accesses_per_turn) == vfio_user::progress::more) {
            watch_client(p, false);
            turn_over_.notify();
            // The others' turn, and what is due by now: a flood of messages that take no time in
            // the model must not hold simulated time where it is.
            const std::uint64_t least = pacing_.follows_wall_clock() ? ps_per_ns : unpaced_turn_ps;
            sc_core::wait(sc_core::sc_time::from_value(std::max(pacing_.behind_ps(), least)));
        }
        watch_client(p, false); // before a new client can get the descriptor's number
        p.busy = false;
        turn_over_.notify();
    }
}

void bridge_thread::run() {
    using clock = std::chrono::steady_clock;
    const auto spin = std::chrono::microseconds(options_.spin_us);
    auto last_input = clock::now();
    unsigned steps = 0;
    if (options_.start_ps != 0)
        sc_core::wait(sc_core::sc_time::from_value(options_.start_ps));
    while (!stopping_) {
        if (now_ps() >= pacing::end_ps) {
            out_of_time_ = true;
            break;
        }
        const std::int64_t sleep_ns = advance();
        if (sleep_ns == 0 && !any_busy() && ++steps < steps_per_poll)
            continue; // what the last transaction has set off
        steps = 0;
        std::int64_t timeout = 0;
        if (sleep_ns != 0 && (options_.spin_us == 0 || clock::now() - last_input >= spin)) {
            timeout = sleep_ns;
            const int idle_ms = idle_task_ ? idle_task_() : -1;
            if (idle_ms >= 0) {
                const std::int64_t idle_ns = std::int64_t{idle_ms} * 1'000'000;
                timeout = timeout < 0 ? idle_ns : std::min(timeout, idle_ns);
            }
            ++sleeps_;
        }
        if (poll_all(timeout) && options_.spin_us != 0)
            last_input = clock::now();
    }
    shut_down();
}

bool bridge_thread::any_busy() const {
    return std::any_of(ports_.begin(), ports_.end(),
                       [](const std::unique_ptr<port>& p) { return p->busy; });
}

std::int64_t bridge_thread::advance() {
    if (woken_ps_ != 0) {
        // Mostly the turn ends before the look-ahead does. A port that has to wait for longer is
        // found busy at the next look.
        sc_core::wait(sc_core::sc_time::from_value(std::exchange(woken_ps_, 0)), turn_over_);
        return 0;
    }
    if (sc_core::sc_pending_activity_at_current_time()) {
        sc_core::wait(sc_core::SC_ZERO_TIME); // sessions get as far as their first wait
        if (sc_core::sc_pending_activity_at_current_time())
            return 0;
    }
    if (!sc_core::sc_pending_activity_at_future_time())
        return any_busy() ? 0 : -1;
    const std::uint64_t now = now_ps();
    const std::uint64_t next = now + sc_core::sc_time_to_pending_activity().value();
    std::uint64_t limit = next + pacing::lookahead_ps;
    if (pacing_.follows_wall_clock()) {
        const std::uint64_t wall = pacing_.wall_ps();
        limit = wall + pacing::lookahead_ps;
        if (next > limit)
            return static_cast<std::int64_t>((next - wall) / ps_per_ns);
    }
    if (any_busy())
        sc_core::wait(sc_core::sc_time::from_value(limit - now), turn_over_);
    else
        sc_core::wait(sc_core::sc_time::from_value(next - now));
    return 0;
}

void bridge_thread::watch_client(port& p, bool sleeping) {
    const int fd = sleeping && p.busy ? -1 : p.server->client_fd();
    const auto events = static_cast<std::uint32_t>(p.server->client_events());
    if (fd == p.watched_client) {
        if (fd >= 0 && events != p.watched_for)
            set_.change(fd, events, p.key + 1);
    } else {
        if (p.watched_client >= 0 && p.watched_client == p.server->client_fd())
            set_.remove(p.watched_client);
        // Otherwise it is closed, and so out of the set already.
        if (fd >= 0 && !set_.add(fd, events, p.key + 1))
            return; // the system's limit: tried again at the next turn
        p.watched_client = fd;
    }
    p.watched_for = events;
}

std::size_t bridge_thread::wait_with_shared(std::int64_t timeout_ns) {
    shared_.clear();
    for (const auto& p : ports_)
        shared_.push_back({p->irqs->unmask_fd(), POLLIN, 0});
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
            ports_[i]->irqs->service_unmask_fd();
    return set_.wait(0);
}

bool bridge_thread::poll_all(std::int64_t timeout_ns) {
    for (const auto& p : ports_)
        watch_client(*p, timeout_ns != 0);
    const std::size_t count = wait_with_shared(timeout_ns);
    if (count == 0)
        return false; // nothing, or interrupted by a signal: the loop comes back

    const std::uint64_t behind = pacing_.behind_ps();
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t key = set_.key(i);
        if (key >= first_watched_key) {
            watched_[key - first_watched_key]();
            continue;
        }
        port& p = *ports_[key / 2];
        if (key == p.key) { // however busy its first client is, a second is refused
            p.server->accept_clients();
        } else if (!p.busy) {
            p.busy = true;
            p.wake.notify(sc_core::sc_time::from_value(behind));
            woken_ps_ = behind + pacing::lookahead_ps;
        }
    }
    return true;
}

void bridge_thread::shut_down() {
    // What had arrived before the end is still done, as far as it needs no waiting.
    for (unsigned turn = 0; turn < last_turns && any_busy() && advance() == 0; ++turn) {
    }
    for (const auto& p : ports_)
        if (!p->busy)
            p->server->disconnect();
    sc_core::sc_stop();
}

} // namespace ntb::bridge
