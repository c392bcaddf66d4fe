// SPDX-License-Identifier: Apache-2.0
#include "testbench/ntbsim/peer_side.h"

#include <utility>

#include "testbench/config/switch_hash.h"
#include "testbench/ntbsim/commands.h"

namespace ntb::cli {

namespace {

std::string socket_of(const std::string& argument) {
    const std::string scheme = "ivshmem:";
    if (argument.rfind(scheme, 0) != 0 || argument.size() == scheme.size())
        throw user_error("--peer " + argument, "not of the form ivshmem:SOCKET",
                         "give the socket of an ivshmem server (ntbsim ivshmem-server)");
    return argument.substr(scheme.size());
}

} // namespace

peer_side::peer_side(const options& given, const config::topology_file& topology,
                     const timing_config& timing, std::shared_ptr<spdlog::logger> logger)
    : exact_(given.exact), logger_(logger) {
    const std::string path = socket_of(given.argument);
    if (topology.topology.eeprom.present)
        throw user_error("--peer " + given.argument,
                         "a switch that starts from an EEPROM cannot be in two simulators",
                         "give a topology that sets up the ports itself");
    line_ = std::make_unique<peer::ivshmem_line>(path, logger);
    peer::attachment::options a;
    a.name = "--peer " + given.argument;
    a.memory_fd = line_->memory_fd();
    a.ports = given.ports;
    a.topology_hash = config::switch_hash(topology.topology, timing);
    if (given.play_hash) {
        a.topology_hash ^= *given.play_hash;
        a.hashed = "topology, timing, stimulus or seed";
        a.fresh = true;
    }
    a.exact = given.exact;
    a.ivshmem_id = line_->id();
    place_ = std::make_unique<peer::attachment>(a);
    peer::peer_link::options o;
    o.ring = [this](std::uint32_t id) { line_->ring(id); };
    o.exact = given.exact;
    link_ = std::make_unique<peer::peer_link>("peer", *place_, std::move(o), std::move(logger));
}

std::unique_ptr<peer::window_line>
peer_side::make_window_line(bridge::window_broker& broker) const {
    return std::make_unique<peer::window_line>(*place_, line_->memory_fd(), *link_, broker,
                                               logger_);
}

void peer_side::begin(ntb_switch& s, bridge::bridge_thread& thread) {
    line_->watch_from(thread, [this] { link_->look(); });
    if (exact_)
        thread.share_time_with(*link_);
    link_->bind(s);
}

std::chrono::steady_clock::time_point peer_side::epoch() const {
    return std::chrono::steady_clock::time_point(
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(
            std::chrono::nanoseconds(place_->epoch_ns())));
}

std::uint64_t peer_side::now_ps() const {
    return (peer::monotonic_ns() - place_->epoch_ns()) * 1000U;
}

} // namespace ntb::cli
