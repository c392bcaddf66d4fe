// SPDX-License-Identifier: Apache-2.0
// Where the outside world and the SystemC kernel meet: polls the sockets, lets the ports' sessions
// run, keeps simulated time to the wall clock, and sleeps when nothing happens.
//
// There is one operating-system thread: the SystemC kernel's. Measured, a hand-over between
// threads costs more than all the rest of a register access, so the poll loop is an SC_THREAD of
// the kernel (its sleep is the kernel's), and each port's session is another, so that one port's
// waiting read holds up no other.
//
// Time (pacing.h): a transaction from outside starts at max(simulated now, wall clock). Events up
// to the look-ahead beyond the wall clock run at once; for later ones the poll waits, and input
// interrupts that wait. Units: picoseconds; spin in microseconds. Errors: none; what clients do
// wrong ends with them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <poll.h>
#include <systemc>
#include <vector>

#include "tlm_bridge/interrupts.h"
#include "tlm_bridge/kernel/pacing.h"
#include "tlm_bridge/vfio_user/server.h"

namespace ntb::bridge {

class bridge_thread : public sc_core::sc_module {
public:
    struct options {
        pace time = pace::wallclock;
        unsigned spin_us = 0; ///< how long to poll without sleeping after something happened
    };

    bridge_thread(const sc_core::sc_module_name& name, const options& o);

    /// Adds a served function. Elaboration only; both outlive the simulation.
    void add(vfio_user::server& server, interrupts& irqs);
    /// Calls `on_input` when `fd` has input. Elaboration only.
    void watch(int fd, std::function<void()> on_input);
    /// Called before the thread sleeps; returns in how many milliseconds it wants to be called
    /// again although nothing happened, -1 = no need. Elaboration only.
    void set_idle_task(std::function<int()> task) { idle_task_ = std::move(task); }
    /// Ends the simulation: clients are thrown out, then sc_stop().
    void stop() { stopping_ = true; }

    /// Transactions and wake-ups so far, for the measure "wakes per transaction".
    [[nodiscard]] std::uint64_t sleeps() const { return sleeps_; }

private:
    /// One served function with its SC_THREAD.
    struct port {
        vfio_user::server* server = nullptr;
        interrupts* irqs = nullptr;
        sc_core::sc_event wake;
        bool busy = false; ///< its SC_THREAD is in serve()
    };
    struct watched {
        int fd = -1;
        std::function<void()> on_input;
    };

    void run();
    void serve(port& p);
    /// Polls all descriptors, at most `timeout_ns` (-1 = until something happens), and wakes the
    /// ports concerned. Returns whether anything was there.
    bool poll_all(std::int64_t timeout_ns);
    /// Lets the model act up to what is due now. Returns the time to sleep in ns, -1 = no event
    /// is pending, 0 = something was done.
    std::int64_t advance();
    void follow_wall_clock();
    void shut_down();

    static constexpr unsigned messages_per_turn = 64;

    options options_;
    pacing pacing_;
    std::vector<std::unique_ptr<port>> ports_;
    std::vector<watched> watched_;
    std::vector<pollfd> polled_;
    std::function<int()> idle_task_;
    bool stopping_ = false;
    std::uint64_t sleeps_ = 0;
};

} // namespace ntb::bridge
