// SPDX-License-Identifier: Apache-2.0
// Each member of the family: device ID, NT-capable ports, and what a driver finds there
// (docs/reference/behaviour.md B1.1, B1.3, B1.13). Eight switches are elaborated together.
#include <array>
#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "model/family.h"
#include "model/regs/all_maps.h"
#include "testbench/root_complex/enumeration.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

struct member_facts {
    device_id id{};
    std::uint32_t did = 0;
    std::set<unsigned> nt_ports{};
};

// As docs/reference/behaviour.md has them; not from model/family.h, so that a slip there shows.
const std::set<unsigned> eight{0, 2, 4, 6, 8, 12, 16, 20};
const std::array<member_facts, 8> members{{
    {device_id::hpes24nt6ag2, 0x8091, {0, 2, 4, 6, 8, 12}},
    {device_id::hpes32nt8ag2, 0x808F, eight},
    {device_id::hpes32nt8bg2, 0x8088, eight},
    {device_id::hpes12nt12g2, 0x8092, {0, 8, 16}},
    {device_id::hpes16nt16g2, 0x8090, {0, 8, 12, 16}},
    {device_id::hpes24nt24g2, 0x808E, eight},
    {device_id::hpes32nt24ag2, 0x808C, eight},
    {device_id::hpes32nt24bg2, 0x808A, eight},
}};

/// The member with an NT function at each port that can carry one, the n-th in partition n.
topology_config full_topology(const member_facts& m) {
    std::vector<placed_port> ports;
    for (const unsigned port : m.nt_ports)
        ports.push_back({port, static_cast<unsigned>(ports.size())});
    topology_config t = topology_of(ports);
    t.device = m.id;
    return t;
}

/// One switch of each member, with a host at every NT port.
class all_members {
public:
    all_members() {
        for (const member_facts& m : members)
            switches_.push_back(std::make_unique<platform>(
                ("member" + std::to_string(m.did)).c_str(), full_topology(m), ideal_timing()));
    }
    template <class Body>
    void each(Body body) {
        test_.run([this, body] {
            for (std::size_t i = 0; i < members.size(); ++i) {
                BOOST_TEST_CONTEXT("member 0x" << std::hex << members.at(i).did) {
                    switches_.at(i)->power_on();
                    body(members.at(i), *switches_.at(i));
                }
            }
        });
    }

private:
    std::vector<std::unique_ptr<platform>> switches_{};
    simulated_test test_{};
};

std::uint32_t config_read(platform& p, unsigned port, std::uint32_t offset, unsigned size = 4) {
    const completion done = p.host(port_number(port)).config_read(offset, size);
    BOOST_TEST(done.ok());
    return static_cast<std::uint32_t>(done.data);
}

} // namespace

BOOST_AUTO_TEST_SUITE(family_members)

BOOST_FIXTURE_TEST_CASE(each_shows_its_device_id_at_each_of_its_nt_ports,
                        all_members) { // B1.1 B1.3
    each([](const member_facts& m, platform& p) {
        for (unsigned port = 0; port < max_ports; ++port) {
            BOOST_TEST(p.has_host(port_number(port)) == (m.nt_ports.count(port) != 0));
            if (!p.has_host(port_number(port)))
                continue;
            BOOST_TEST(config_read(p, port, 0x000) == (m.did << 16 | 0x111DU));
            BOOST_TEST(config_read(p, port, 0x04C) >> 24 == port); // PCIELCAP.PORTNUM
        }
    });
}

BOOST_FIXTURE_TEST_CASE(each_keeps_its_device_id_through_every_reset, all_members) { // B1.1
    each([](const member_facts& m, platform& p) {
        for (const unsigned port : m.nt_ports) {
            (void)p.host(port_number(port)).config_write(0x002, 0xFFFF, 2); // read only
            p.hot_reset(port_number(port));
            BOOST_TEST(config_read(p, port, 0x002, 2) == m.did);
            p.fundamental_reset(p.partition_of(port_number(port)));
            BOOST_TEST(config_read(p, port, 0x002, 2) == m.did);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(in_each_a_driver_finds_every_other_nt_port, all_members) { // B1.3 B1.13
    each([](const member_facts& m, platform& p) {
        const auto status_of = [&p](std::string_view name) {
            return p.device().global_read(regs::expand(name)->offset());
        };
        for (const unsigned candidate : m.nt_ports) { // the driver's table of this device
            const std::uint32_t port = status_of("SWPORT" + std::to_string(candidate) + "STS");
            const std::uint32_t partition =
                status_of("SWPART" + std::to_string(port >> 10 & 7U) + "STS");
            BOOST_TEST((port >> 6 & 0xFU) == 3U);
            BOOST_TEST((partition >> 5 & 3U) == 1U);
        }
    });
}

BOOST_AUTO_TEST_CASE(the_map_knows_the_reset_value_of_each_member) { // B1.1
    for (const member_facts& m : members) {
        BOOST_TEST(regs::reset_of(*regs::expand("DID")->row, m.id) == m.did);
        BOOST_TEST(regs::reset_of(*regs::expand("VID")->row, m.id) == 0x111DU);
        BOOST_TEST_REQUIRE((find_member(m.did) != nullptr));
        BOOST_TEST((find_member(m.did)->id == m.id));
    }
    BOOST_TEST((find_member(0x8089) == nullptr));
    BOOST_TEST(family.size() == members.size());
}

BOOST_AUTO_TEST_CASE(a_port_that_the_member_has_not_is_refused_at_elaboration) { // B1.3
    topology_config t = topology_of({{0, 0}, {8, 1}});
    t.device = device_id::hpes12nt12g2;
    BOOST_CHECK_NO_THROW((platform("fits", t, ideal_timing())));
    t = topology_of({{0, 0}, {2, 1}});
    t.device = device_id::hpes12nt12g2;
    BOOST_CHECK_THROW((platform("does_not_fit", t, ideal_timing())), sc_core::sc_report);
}

BOOST_AUTO_TEST_SUITE_END()
