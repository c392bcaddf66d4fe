// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/kernel/bridge_thread.h"

#include <algorithm>
#include <ctime>

namespace ntb::bridge {

namespace {
constexpr std::size_t stack_bytes = 512 * 1024; ///< of each SC_THREAD: JSON and logging need room
constexpr std::uint64_t ps_per_ns = 1000;

[[nodiscard]] std::uint64_t now_ps() { return sc_core::sc_time_stamp().value(); }
} // namespace

bridge_thread::bridge_thread(const sc_core::sc_module_name& name, const options& o)
    : sc_module(name), options_(o), pacing_(o.time) {
    sc_core::sc_spawn_options thread;
    thread.set_stack_size(stack_bytes);
    sc_core::sc_spawn([this] { run(); }, "run", &thread);
}

void bridge_thread::add(vfio_user::server& server, interrupts& irqs) {
    ports_.push_back(std::make_unique<port>());
    port& p = *ports_.back();
    p.server = &server;
    p.irqs = &irqs;
    sc_core::sc_spawn_options thread;
    thread.set_stack_size(stack_bytes);
    sc_core::sc_spawn([this, &p] { serve(p); }, sc_core::sc_gen_unique_name("serve"), &thread);
}

void bridge_thread::watch(int fd, std::function<void()> on_input) {
    watched_.push_back(watched{fd, std::move(on_input)});
}

void bridge_thread::serve(port& p) {
    for (;;) {
        sc_core::wait(p.wake);
        p.busy = true;
        p.server->accept_clients();
        while (p.server->serve(messages_per_turn) == vfio_user::progress::more)
            sc_core::wait(sc_core::SC_ZERO_TIME); // the others' turn
        p.busy = false;
    }
}

void bridge_thread::run() {
    using clock = std::chrono::steady_clock;
    auto last_input = clock::now();
    while (!stopping_) {
        const std::int64_t sleep_ns = advance();
        const bool spinning =
            options_.spin_us != 0 &&
            clock::now() - last_input < std::chrono::microseconds(options_.spin_us);
        if (sleep_ns == 0 || spinning) {
            if (poll_all(0))
                last_input = clock::now();
            continue;
        }
        if (poll_all(0)) { // before the idle task: it may write files
            last_input = clock::now();
            continue;
        }
        std::int64_t timeout = sleep_ns;
        const int idle_ms = idle_task_ ? idle_task_() : -1;
        if (idle_ms >= 0) {
            const std::int64_t idle_ns = std::int64_t{idle_ms} * 1'000'000;
            timeout = timeout < 0 ? idle_ns : std::min(timeout, idle_ns);
        }
        ++sleeps_;
        if (poll_all(timeout))
            last_input = clock::now();
    }
    shut_down();
}

std::int64_t bridge_thread::advance() {
    if (sc_core::sc_pending_activity_at_current_time()) {
        sc_core::wait(sc_core::SC_ZERO_TIME);
        return 0;
    }
    if (!sc_core::sc_pending_activity_at_future_time())
        return -1;
    const std::uint64_t next = now_ps() + sc_core::sc_time_to_pending_activity().value();
    if (pacing_.follows_wall_clock()) {
        const std::uint64_t wall = pacing_.wall_ps();
        if (next > wall + pacing::lookahead_ps)
            return static_cast<std::int64_t>((next - wall) / ps_per_ns);
    }
    sc_core::wait(sc_core::sc_time::from_value(next - now_ps()));
    return 0;
}

void bridge_thread::follow_wall_clock() {
    if (!pacing_.follows_wall_clock())
        return;
    const std::uint64_t wall = pacing_.wall_ps();
    if (wall > now_ps())
        sc_core::wait(sc_core::sc_time::from_value(wall - now_ps()));
}

bool bridge_thread::poll_all(std::int64_t timeout_ns) {
    polled_.clear();
    for (const auto& p : ports_) {
        // A busy port reads its own socket; watching it would keep this loop awake.
        polled_.push_back({p->busy ? -1 : p->server->client_fd(), p->server->client_events(), 0});
        polled_.push_back({p->busy ? -1 : p->server->listener_fd(), POLLIN, 0});
        polled_.push_back({p->irqs->unmask_fd(), POLLIN, 0});
    }
    for (const watched& w : watched_)
        polled_.push_back({w.fd, POLLIN, 0});

    timespec t{};
    t.tv_sec = static_cast<time_t>(timeout_ns / 1'000'000'000);
    t.tv_nsec = static_cast<long>(timeout_ns % 1'000'000'000);
    if (::ppoll(polled_.data(), polled_.size(), timeout_ns < 0 ? nullptr : &t, nullptr) <= 0)
        return false; // nothing, or interrupted by a signal: the loop comes back

    follow_wall_clock();
    std::size_t i = 0;
    for (const auto& p : ports_) {
        const bool client = polled_[i].revents != 0 || polled_[i + 1].revents != 0;
        if (polled_[i + 2].revents != 0)
            p->irqs->service_unmask_fd();
        if (client && !p->busy)
            p->wake.notify();
        i += 3;
    }
    for (const watched& w : watched_)
        if (polled_[i++].revents != 0)
            w.on_input();
    return true;
}

void bridge_thread::shut_down() {
    for (const auto& p : ports_)
        if (!p->busy)
            p->server->disconnect();
    sc_core::sc_stop();
}

} // namespace ntb::bridge
