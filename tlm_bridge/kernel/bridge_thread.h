// SPDX-License-Identifier: Apache-2.0
// Where the outside world and the SystemC kernel meet: polls the sockets, lets the ports' sessions
// run, keeps simulated time to the wall clock, and sleeps when nothing happens.
//
// There is one operating-system thread: the SystemC kernel's. Measured, a hand-over between
// threads costs more than all the rest of a register access, so between two steps of the kernel
// (stepping.h) that thread polls the sockets. Each port's session is an SC_THREAD, so that one
// port's waiting read holds up no other; what it does to the model goes through a gate that gives
// all input one order (input_gate.h).
//
// While a port's session is in the model, the kernel runs until the end of that port's turn instead
// of stopping at each event, and system calls are made once a turn: they, not the model, are what
// a register access costs. A turn is bounded in accesses and, by the look-ahead, in simulated
// time, so a flood on one port delays the others by microseconds.
//
// Time (pacing.h): a transaction from outside starts at max(simulated now, wall clock). Events up
// to the look-ahead beyond the wall clock run at once; for later ones the poll waits, and input
// interrupts that wait. Units: picoseconds; spin in microseconds. Errors: none; what clients do
// wrong ends with them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <poll.h>
#include <systemc>
#include <vector>

#include "tlm_bridge/kernel/epoll_set.h"
#include "tlm_bridge/kernel/input_gate.h"
#include "tlm_bridge/kernel/pacing.h"
#include "tlm_bridge/kernel/port_bridge.h"
#include "tlm_bridge/kernel/time_partner.h"
#include "tlm_bridge/stub/stub_port.h"
#include "tlm_bridge/vfio_user/server.h"

namespace ntb::bridge {

class bridge_thread {
public:
    struct options {
        pace time = pace::wallclock;
        unsigned spin_us = 0;       ///< how long to poll without sleeping after something happened
        std::uint64_t start_ps = 0; ///< simulated time before which nothing happens
        /// When simulated time was 0, if that is not to be `start_ps` before construction.
        std::optional<std::chrono::steady_clock::time_point> epoch{};
    };

    explicit bridge_thread(const options& o);

    /// Adds a served function. Elaboration only; all outlive the simulation. `stub` is what stands
    /// between server and function, null = nothing. Throws setup_error.
    void add(vfio_user::server& server, port_bridge& function, stub_port* stub = nullptr);
    /// Calls `on_input` when `fd` has input. Elaboration only.
    /// Throws setup_error.
    void watch(int fd, std::function<void()> on_input);
    /// Called before the thread sleeps; returns in how many milliseconds it wants to be called
    /// again although nothing happened, -1 = no need. Elaboration only.
    void set_idle_task(std::function<int()> task) { idle_task_ = std::move(task); }
    /// Called when the client of a function has gone whose access waits in the model for something
    /// that only the outside can bring: it is to be set free, for nobody reads its socket before.
    /// Everything of the instant has happened. Elaboration only.
    void on_lost_client(std::function<void(port_bridge&)> set_free) {
        set_free_ = std::move(set_free);
    }
    /// Runs the simulation until stop() or the end of time; then clients are thrown out. Outside
    /// processes (it starts the kernel), once.
    void run();
    /// Ends the simulation. From within run(): what is watched may call it.
    void stop() { stopping_ = true; }
    /// Simulated time is shared with `partner`, which outlives the simulation. Elaboration only.
    void share_time_with(time_partner& partner) {
        partner_ = &partner;
        gate_.let_none_settle(); // the partner says when
    }
    /// For whoever else acts on the model from outside.
    [[nodiscard]] input_gate& gate() { return gate_; }

    /// Whether the simulation has ended because simulated time has (pacing::end_ps).
    [[nodiscard]] bool out_of_time() const { return out_of_time_; }
    /// Times that it went to sleep so far, for the measure "wakes per transaction".
    [[nodiscard]] std::uint64_t sleeps() const { return sleeps_; }

private:
    enum class turn : std::uint8_t {
        none,    ///< nothing to do
        due,     ///< something has arrived
        running, ///< its SC_THREAD is on it
        over,    ///< there was more than fits in a turn
    };
    /// One served function with its SC_THREAD.
    struct port {
        vfio_user::server* server = nullptr;
        port_bridge* function = nullptr;
        stub_port* stub = nullptr;
        std::uint64_t key = 0; ///< the first of its keys, in the order of `source`
        sc_core::sc_event wake;
        turn now = turn::none;
        bool message = false;          ///< the client's socket has input or takes output again
        bool leaving = false;          ///< its client is to be thrown out
        bool lost = false;             ///< its client has gone while it was stuck
        int watched_client = -1;       ///< the client's descriptor that is in the set
        std::uint32_t watched_for = 0; ///< with these events
    };
    /// What the set reports of a port.
    enum source : std::uint64_t { listener, client, stub_listener, stub_control, stub_wake };
    static constexpr std::uint64_t keys_per_port = 8;

    void serve(port& p);
    /// One turn of a port: what its stub has put into the ring, then its messages. Returns whether
    /// there was more than fits.
    [[nodiscard]] bool serve_turn(port& p);
    /// Finds the ports due whose stub has work. Returns whether there was one.
    bool look_at_stubs();
    /// Whether no stub has anything to do; they are told that this thread sleeps.
    [[nodiscard]] bool stubs_let_sleep();
    void stubs_are_awake();
    void stub_event(port& p, std::uint64_t what);
    /// Waits for input, at most `timeout_ns` (-1 = until something happens), and finds the ports
    /// concerned due. Returns whether anything was there.
    bool poll_all(std::int64_t timeout_ns);
    /// Keeps the set true to what the port's client is and wants. `sleeping`: a busy port reads
    /// its socket itself, so its input must not keep the thread awake. Of a stuck one that its
    /// client goes is all there is to know.
    void watch_client(port& p, bool sleeping);
    /// Waits with the descriptors that clients share with us, which must not be in the set.
    std::size_t wait_with_shared(std::int64_t timeout_ns);
    /// Lets the model act up to what is due now. Returns the time to sleep in ns, -1 = no event
    /// is pending (a busy port then waits for the outside), 0 = something was done.
    std::int64_t advance();
    /// The same where simulated time is shared: one event or input at a time.
    std::int64_t advance_in_turn();
    void give_turn(port& p);
    /// Gives the ports that are due, or whose turn was over, a turn: they go on at the next step.
    void give_turns();
    [[nodiscard]] bool any_awaits_turn() const;
    [[nodiscard]] bool any_busy() const;
    /// The client of a stuck port has gone.
    void lose_client(port& p);
    void shut_down();

    static constexpr unsigned accesses_per_turn = 64;
    /// Without pacing nothing but these moves simulated time past a flood that takes none.
    static constexpr std::uint64_t unpaced_turn_ps = 1'000'000;
    /// Events of the model without a look at the sockets (some 0.2 us each).
    static constexpr unsigned steps_per_poll = 64;
    static constexpr unsigned last_turns = 64;

    options options_;
    pacing pacing_;
    input_gate gate_;
    std::vector<std::unique_ptr<port>> ports_;
    std::vector<std::function<void()>> watched_;
    epoll_set set_;
    std::vector<pollfd> shared_; ///< of the ports, then the set itself
    std::function<int()> idle_task_;
    std::function<void(port_bridge&)> set_free_;
    time_partner* partner_ = nullptr;
    bool stopping_ = false;
    bool out_of_time_ = false;
    bool stuck_ = false; ///< ports are busy, and no event is pending
    std::uint64_t sleeps_ = 0;
};

} // namespace ntb::bridge
