// SPDX-License-Identifier: Apache-2.0
#include "testbench/ntbsim/control_socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include "testbench/stimulus/control.h"
#include "testbench/stimulus/stimulus_error.h"
#include "tlm_bridge/kernel/stepping.h"
#include "tlm_bridge/setup_error.h"

namespace ntb::cli {

namespace {
constexpr std::size_t stack_bytes = std::size_t{256} * 1024;
constexpr std::uint64_t listener_key = 0;

/// Of "windows trap" (true) and "windows map".
std::optional<bool> window_statement(const std::string& text) {
    std::istringstream words(text);
    std::string first;
    std::string second;
    std::string more;
    words >> first >> second;
    if (first != "windows" || (words >> more))
        return std::nullopt;
    return second == "trap"  ? std::optional<bool>(true)
           : second == "map" ? std::optional<bool>(false)
                             : std::nullopt;
}
} // namespace

control_socket::control_socket(std::string path, switch_controls& controls,
                               bridge::input_gate& gate, bridge::window_broker* windows,
                               std::function<void(const std::string&)> on_act)
    : listener_(std::move(path)), controls_(controls), gate_(gate), windows_(windows),
      on_act_(std::move(on_act)) {
    if (!set_.add(listener_.fd(), EPOLLIN, listener_key))
        throw bridge::setup_error("epoll", std::strerror(errno), "close some files");
    sc_core::sc_spawn_options thread;
    thread.set_stack_size(stack_bytes);
    sc_core::sc_spawn([this] { run(); }, "control", &thread);
}

void control_socket::service() {
    const std::size_t count = set_.wait(0);
    std::vector<std::uint64_t> ready;
    for (std::size_t i = 0; i < count; ++i)
        ready.push_back(set_.key(i));
    for (const std::uint64_t key : ready) {
        if (key != listener_key) {
            receive(key);
            continue;
        }
        accept();
    }
}

void control_socket::accept() {
    constexpr int most_at_once = 16;
    for (int i = 0; i < most_at_once; ++i) {
        bridge::unique_fd socket = listener_.accept();
        if (!socket)
            return;
        if (clients_.size() >= max_clients)
            continue; // it is closed: no answer
        const std::uint64_t id = next_id_++;
        if (set_.add(socket.get(), EPOLLIN, id))
            clients_[id].socket = std::move(socket);
    }
}

void control_socket::receive(std::uint64_t id) {
    const auto found = clients_.find(id);
    if (found == clients_.end())
        return;
    client& c = found->second;
    std::array<char, max_line_bytes> bytes{};
    const ssize_t got = ::recv(c.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        drop(id);
        return;
    }
    c.unread.append(bytes.data(), static_cast<std::size_t>(got));
    obey(id);
}

void control_socket::obey(std::uint64_t id) {
    for (;;) {
        const auto found = clients_.find(id);
        if (found == clients_.end() || found->second.waits)
            return;
        client& c = found->second;
        const std::size_t end = c.unread.find('\n');
        if (end == std::string::npos) {
            if (c.unread.size() > max_line_bytes) {
                answer(id, "error: a line is longer than 4096 bytes (send statements, one a line)");
                drop(id);
            }
            return;
        }
        std::string text = c.unread.substr(0, end);
        c.unread.erase(0, end + 1);
        order o;
        try {
            o = parse(id, std::move(text));
        } catch (const stimulus::stimulus_error& error) {
            answer(id, std::string("error: ") + error.what());
            continue;
        }
        c.waits = true;
        set_.remove(c.socket.get()); // it is not read until it has its answer
        orders_.push_back(std::move(o));
        ordered_.notify();
    }
}

control_socket::order control_socket::parse(std::uint64_t from, std::string text) const {
    order o;
    o.from = from;
    o.trap = window_statement(text);
    if (!o.trap)
        o.what = stimulus::parse_control(text, controls_);
    else if (!*o.trap && windows_ == nullptr)
        throw stimulus::stimulus_error("control", {}, "windows are never mapped here",
                                       "serve with --stub and without --capture");
    o.text = std::move(text);
    return o;
}

void control_socket::run() {
    for (;;) {
        while (orders_.empty())
            sc_core::wait(ordered_);
        const order o = std::move(orders_.front());
        orders_.pop_front();
        execute(o);
    }
}

void control_socket::execute(const order& o) {
    if (o.trap) {
        if (windows_ != nullptr)
            windows_->keep_trapped(*o.trap);
    } else {
        gate_.enter(source_);
        on_act_(o.text);
        stimulus::apply(o.what, controls_);
    }
    if (windows_ != nullptr)
        windows_->update_now(); // who is told "ok" finds no window that should have gone
    const auto found = clients_.find(o.from);
    if (found == clients_.end())
        return;
    found->second.waits = false;
    if (!set_.add(found->second.socket.get(), EPOLLIN, o.from)) {
        drop(o.from);
        return;
    }
    answer(o.from, "ok at " + std::to_string(bridge::stepping::now_ps()) + "ps");
    obey(o.from);
}

void control_socket::answer(std::uint64_t id, const std::string& text) {
    const auto found = clients_.find(id);
    if (found == clients_.end())
        return;
    const std::string line = text + "\n";
    const ssize_t sent =
        ::send(found->second.socket.get(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(line.size()))
        drop(id);
}

void control_socket::drop(std::uint64_t id) {
    const auto found = clients_.find(id);
    if (found != clients_.end())
        clients_.erase(found);
}

} // namespace ntb::cli
