// SPDX-License-Identifier: Apache-2.0
#include "testbench/ntbsim/joint_play.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <spdlog/sinks/stdout_sinks.h>

#include "testbench/ntbsim/commands.h"
#include "testbench/stimulus/player.h"

namespace ntb::cli {

namespace {

/// Words of the other one that are kept; it never says more than two before it is answered.
constexpr std::size_t most_words = 16;

bool has_host(const port_config& p) {
    return has_nt_function(p.mode) || p.host;
}

std::uint32_t port_bits(const joint_play::options& o, const config::topology_file& t) {
    std::uint32_t bits = 0;
    for (const unsigned port : o.ports) {
        if (port >= max_ports || !has_host(t.topology.ports[port]))
            throw user_error("--port " + std::to_string(port),
                             "topology " + t.name + " has no host on that port",
                             "see ntbsim topology show " + t.name);
        bits |= 1U << port;
    }
    if (bits == 0)
        throw user_error("--peer " + o.peer, "there is no port that is played here",
                         "add --port P");
    return bits;
}

/// FNV-1a of all that both processes must play alike.
std::uint64_t hash_of(const joint_play::options& o) {
    std::uint64_t hash = 0xCBF29CE484222325;
    const auto add = [&hash](unsigned char byte) { hash = (hash ^ byte) * 0x100000001B3; };
    for (const std::string& file : o.files) {
        std::ifstream in(file, std::ios::binary);
        for (std::istreambuf_iterator<char> at(in), end; at != end; ++at)
            add(static_cast<unsigned char>(*at));
        add(0);
    }
    for (unsigned i = 0; i < sizeof o.seed; ++i)
        add(static_cast<unsigned char>(o.seed >> (8 * i)));
    return hash;
}

/// Of the link only what is wrong is news here.
std::shared_ptr<spdlog::logger> quiet_logger() {
    auto logger = spdlog::stderr_logger_st("ntbsim");
    logger->set_pattern("ntbsim: %v");
    logger->set_level(spdlog::level::warn);
    return logger;
}

bridge::bridge_thread::options without_wall_clock() {
    bridge::bridge_thread::options o;
    o.time = bridge::pace::none;
    return o;
}

} // namespace

joint_play::joint_play(const options& o, const config::topology_file& topology,
                       const timing_config& timing)
    : topology_(topology), name_(o.peer), ports_(port_bits(o, topology)),
      peer_({o.peer, ports_, true, hash_of(o)}, topology, timing, quiet_logger()),
      thread_(without_wall_clock()) {
    peer_.link().set_companion(*this);
}

void joint_play::simulate(platform& bench) {
    if (peer_.link().connected())
        check_ports();
    peer_.begin(bench.device(), thread_);
    thread_.run();
}

void joint_play::begin(platform& bench) {
    if (!peer_.link().connected() && !left_)
        std::fprintf(stderr, "ntbsim: waiting for the process with the other ports at %s\n",
                     name_.c_str());
    while (!peer_.link().connected() && !left_)
        sc_core::wait(changed_);
    if (left_)
        throw left_early();
    check_ports();
    bench.power_on();
    say(word::ready);
    while (next_word() != word::ready) {
    }
}

void joint_play::check_ports() {
    const std::uint32_t both = ports_ | peer_.link().other_ports();
    for (unsigned p = 0; p < max_ports; ++p)
        if (has_host(topology_.topology.ports[p]) && (both >> p & 1U) == 0)
            throw user_error("--peer " + name_,
                             "port " + std::to_string(p) + " has a host and no process plays it",
                             "give it to one of the two with --port " + std::to_string(p));
}

bool joint_play::begins() const {
    unsigned first = 0;
    while (first < max_ports && !has_host(topology_.topology.ports[first]))
        ++first;
    return has(first);
}

bool joint_play::plays(const stimulus::action& what) const {
    if (const port_number* const port = stimulus::port_of(what))
        return has(port->value());
    if (const auto* const r = std::get_if<stimulus::reset_step>(&what);
        r != nullptr && r->of_partition)
        for (unsigned p = 0; p < max_ports; ++p)
            if (has_host(topology_.topology.ports[p]) &&
                topology_.topology.ports[p].partition == r->partition)
                return has(p);
    return begins();
}

void joint_play::pass() {
    say(word::yours);
}

bool joint_play::await() {
    return next_word() == word::yours;
}

void joint_play::end() {
    if (left_)
        throw left_early();
    say(word::over);
    peer_.link().drain();
    peer_.link().leave();
}

joint_play::word joint_play::next_word() {
    while (words_.empty()) {
        if (left_)
            throw left_early();
        sc_core::wait(changed_);
    }
    const word w = words_.front();
    words_.pop_front();
    return w;
}

user_error joint_play::left_early() const {
    return {"--peer " + name_, "the other process has left before the end", "start both again"};
}

void joint_play::other_is(bool present) {
    left_ = left_ || !present;
    changed_.notify();
}

void joint_play::heard(std::uint32_t said) {
    if (words_.size() < most_words)
        words_.push_back(static_cast<word>(said));
    if (static_cast<word>(said) == word::over)
        peer_.link().leave(); // that it goes now is no event for this part
    changed_.notify();
}

} // namespace ntb::cli
