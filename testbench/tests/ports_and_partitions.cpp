// SPDX-License-Identifier: Apache-2.0
// How a topology shows in the status of ports and partitions and in each function's identity
// (docs/reference/behaviour.md B1.13, B3.1, B3.6).
#include <boost/test/unit_test.hpp>
#include <string>

#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

topology_config colourful() {
    topology_config t = topology_of({{0, 0}, {4, 1}, {20, 5}});
    t.device = device_id::hpes32nt8ag2;
    t.ports.at(4).mode = port_mode::upstream_nt;
    t.ports.at(4).device_number = 3;
    t.ports.at(4).link_width = 8;
    t.ports.at(4).link_generation = 1;
    t.ports.at(20).mode = port_mode::nt_dma;
    t.ports.at(2).mode = port_mode::upstream;
    t.ports.at(2).partition = partition_number(6);
    t.ports.at(3).mode = port_mode::downstream;
    t.ports.at(3).device_number = 31;
    t.ports.at(5).mode = port_mode::unattached;
    t.partitions.at(6) = partition_state::reset;
    return t;
}

std::string port_status(unsigned p) {
    return "SWPORT" + std::to_string(p) + "STS";
}
std::string partition_status(unsigned p) {
    return "SWPART" + std::to_string(p) + "STS";
}

} // namespace

BOOST_AUTO_TEST_SUITE(ports_and_partitions)

BOOST_AUTO_TEST_CASE(every_port_shows_mode_partition_device_number_and_link) { // B1.13 B3.1
    several_hosts hosts(colourful());
    hosts.run([&hosts] {
        const topology_config topology = colourful();
        for (unsigned p = 0; p < max_ports; ++p) {
            const port_config& port = topology.ports.at(p);
            const bool up = p == 0 || p == 4 || p == 20;
            const std::uint32_t expected =
                static_cast<std::uint32_t>(port.mode) << 6 | port.partition.value() << 10 |
                static_cast<std::uint32_t>(port.device_number) << 16 | (up ? 0x10U : 0U);
            BOOST_TEST(hosts.global_read(0, port_status(p)) == expected, "port " << p);
        }
        BOOST_TEST(hosts.global_read(0, "SWPORT4CTL") == (4U | 1U << 4 | 3U << 10));
        BOOST_TEST(hosts.global_read(0, "SWPORT3CTL") == (1U | 31U << 10));
    });
}

BOOST_AUTO_TEST_CASE(every_partition_shows_its_state_and_its_upstream_port) { // B3.6
    several_hosts hosts(colourful());
    hosts.run([&hosts] {
        const std::uint32_t active = 1U << 5;
        const std::uint32_t nt = 1U << 8 | 1U << 14; // US and NT
        BOOST_TEST(hosts.global_read(0, partition_status(0)) == (active | nt | 0U << 9));
        BOOST_TEST(hosts.global_read(0, partition_status(1)) == (active | nt | 4U << 9));
        BOOST_TEST((hosts.global_read(0, partition_status(5)) & 0x7FFFU) ==
                   (active | nt | 20U << 9));
        BOOST_TEST((hosts.global_read(0, partition_status(6)) & 0x60U) == 3U << 5);
        for (const unsigned p : {2U, 3U, 4U, 7U})
            BOOST_TEST(hosts.global_read(0, partition_status(p)) == 0U);
        BOOST_TEST(hosts.global_read(0, "SWPART1CTL") == 1U);
        BOOST_TEST(hosts.global_read(0, "SWPART6CTL") == 3U);
        BOOST_TEST(hosts.global_read(0, "SWPART7CTL") == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_function_says_which_device_and_which_port_it_is) { // B1.1 B1.13 B13.1
    several_hosts hosts(colourful());
    hosts.run([&hosts] {
        for (const unsigned port : {0U, 4U, 20U}) {
            BOOST_TEST(hosts.read(port, "DID") == 0x808FU);
            BOOST_TEST(hosts.read(port, "PCIELCAP") >> 24 == port);
        }
        BOOST_TEST((hosts.read(0, "PCIELCAP") & 0x3FFU) == 0x042U);
        BOOST_TEST((hosts.read(4, "PCIELCAP") & 0x3FFU) == 0x081U);
        BOOST_TEST((hosts.read(4, "PCIELSTS") & 0x3FFU) == 0x081U);
    });
}

BOOST_AUTO_TEST_CASE(only_ports_that_can_have_an_nt_function_have_sockets) { // B1.3
    several_hosts hosts(colourful());
    hosts.run([&hosts] {
        for (unsigned p = 0; p < max_ports + 2; ++p) {
            BOOST_TEST(hosts.bench.device().has_nt(port_number(p)) ==
                       (p == 0 || p == 4 || p == 20));
            BOOST_TEST(hosts.bench.device().has_sockets(port_number(p)) ==
                       (p < max_ports && can_carry_nt(device_id::hpes32nt8ag2, port_number(p))));
        }
    });
}

BOOST_AUTO_TEST_CASE(a_driver_finds_its_peers_by_the_status_registers) { // B1.13
    several_hosts hosts(four_partitions());
    hosts.run([&hosts] {
        unsigned peers = 0;
        for (unsigned p = 0; p < max_ports; ++p) {
            const std::uint32_t port = hosts.global_read(2, port_status(p));
            const std::uint32_t partition = hosts.global_read(2, partition_status(port >> 10 & 7U));
            if ((port >> 6 & 0xFU) == 3 && (partition >> 5 & 3U) == 1)
                peers |= 1U << p;
        }
        BOOST_TEST(peers == 0x55U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
