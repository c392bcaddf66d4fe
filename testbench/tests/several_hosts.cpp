// SPDX-License-Identifier: Apache-2.0
#include "testbench/tests/several_hosts.h"

#include "testbench/root_complex/enumeration.h"
#include "testbench/stimulus/parser.h"

namespace ntb::test {
namespace {

stimulus::register_place place_of(std::string_view name) {
    const auto place = stimulus::model_register(name);
    BOOST_TEST_REQUIRE(place.has_value(), "no register " + std::string(name));
    return *place;
}

} // namespace

topology_config topology_of(const std::vector<placed_port>& ports) {
    topology_config t;
    for (const placed_port& p : ports) {
        if (!can_carry_nt(t.device, port_number(p.port)))
            t.device = device_id::hpes32nt24ag2; // every port that any member has
        if (t.partitions.at(p.partition) == partition_state::active)
            t.compat = compatibility::seed; // two ports in one partition
        t.partitions.at(p.partition) = partition_state::active;
        port_config& port = t.ports.at(p.port);
        port.mode = port_mode::nt;
        port.partition = partition_number(p.partition);
        port.host_requester = requester_id(0);
        bar_config& bar0 = port.bars.at(0);
        bar0.enabled = true;
        bar0.config_space = true;
        bar0.size_log2 = 12;
    }
    return t;
}

topology_config four_partitions() {
    return topology_of({{0, 0}, {2, 1}, {4, 2}, {6, 3}});
}

several_hosts::several_hosts(const topology_config& topology, const timing_config& timing)
    : bench("bench", topology, timing, &signals) {}

void several_hosts::run(std::function<void()> body, const sc_core::sc_time& limit) {
    test_.run(
        [this, &body] {
            bench.power_on();
            for (unsigned p = 0; p < max_ports; ++p)
                if (bench.has_host(port_number(p)))
                    BOOST_TEST_REQUIRE(enumerate(host(p)).present);
            body();
        },
        limit);
}

std::uint32_t several_hosts::read(unsigned port, std::string_view name) {
    const auto place = place_of(name);
    const completion done = host(port).bar_read(bar_number(0), place.offset, place.size);
    BOOST_TEST(done.ok(), "read of " + std::string(name) + " failed");
    return static_cast<std::uint32_t>(done.data);
}

void several_hosts::write(unsigned port, std::string_view name, std::uint32_t value) {
    const auto place = place_of(name);
    const completion done = host(port).bar_write(bar_number(0), place.offset, value, place.size);
    BOOST_TEST(done.ok(), "write of " + std::string(name) + " failed");
}

std::uint32_t several_hosts::global_read(unsigned port, std::string_view name, unsigned of_port) {
    write(port, "GASAADDR", stimulus::global_address(place_of(name), port_number(of_port)));
    return read(port, "GASADATA");
}

void several_hosts::global_write(unsigned port, std::string_view name, std::uint32_t value,
                                 unsigned of_port) {
    write(port, "GASAADDR", stimulus::global_address(place_of(name), port_number(of_port)));
    write(port, "GASADATA", value);
}

} // namespace ntb::test
