// SPDX-License-Identifier: Apache-2.0
// The control socket of a running `serve`: who may open it sends statements of the stimulus
// language that act on the switch (testbench/stimulus/control.h), one a line, and gets one line of
// answer each: "ok at 123ps", when it has completed, or "error: WHY (WHAT TO DO)". docs/control.md.
//
// A statement is an input like any other: it takes its turn at the gate and is told to `on_act` at
// the instant at which it acts. Statements execute one at a time, in the order in which they came.
// "windows trap" and "windows map" are for the way to the model and not for the switch
// (tlm_bridge/stub/window_broker.h): no input, and in no capture.
// What a client sends that is none does nothing; one that sends endless lines, or does not read its
// answers, is thrown out.
//
// Threading: the SystemC thread; service() outside processes. Errors: setup_error from the
// constructor, none later.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <systemc>

#include "testbench/root_complex/switch_controls.h"
#include "testbench/stimulus/program.h"
#include "tlm_bridge/kernel/epoll_set.h"
#include "tlm_bridge/kernel/input_gate.h"
#include "tlm_bridge/stub/window_broker.h"
#include "tlm_bridge/unix_socket.h"

namespace ntb::cli {

class control_socket {
public:
    static constexpr std::size_t max_clients = 8;
    static constexpr std::size_t max_line_bytes = 4096;

    /// Switch, gate and `windows` outlive it; null: no window is ever mapped. Elaboration only.
    control_socket(std::string path, switch_controls& controls, bridge::input_gate& gate,
                   bridge::window_broker* windows, std::function<void(const std::string&)> on_act);

    /// Readable when service() has something to do.
    [[nodiscard]] int fd() const { return set_.fd(); }
    /// Takes what has arrived.
    void service();

private:
    struct client {
        bridge::unique_fd socket;
        std::string unread; ///< received, and not yet obeyed
        bool waits = false; ///< for the answer to its last statement
    };
    struct order {
        std::uint64_t from = 0;
        std::string text;
        stimulus::action what{};
        std::optional<bool> trap{}; ///< of a "windows" statement; then there is no `what`
    };

    /// Throws stimulus_error.
    [[nodiscard]] order parse(std::uint64_t from, std::string text) const;
    void run();
    void execute(const order& o);
    void accept();
    void receive(std::uint64_t id);
    /// Obeys what has been received whole, up to a statement that has to be waited for.
    void obey(std::uint64_t id);
    void answer(std::uint64_t id, const std::string& text);
    void drop(std::uint64_t id);

    bridge::unix_listener listener_;
    bridge::epoll_set set_;
    switch_controls& controls_;
    bridge::input_gate& gate_;
    bridge::input_gate::source source_;
    bridge::window_broker* windows_;
    std::function<void(const std::string&)> on_act_;
    std::map<std::uint64_t, client> clients_{};
    std::uint64_t next_id_ = 1; ///< 0 is the listener's key
    std::deque<order> orders_{};
    sc_core::sc_event ordered_;
};

} // namespace ntb::cli
