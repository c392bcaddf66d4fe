// SPDX-License-Identifier: Apache-2.0
// Punch-through (docs/reference/behaviour.md B10.3): configuration requests of an NT function on
// its own link, by API, and by its registers where the topology gives their fields a place.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/regs/declared_ids.h"
#include "testbench/fixture/two_hosts.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr requester_id switch_beyond(0x0200); // 02:00.0
constexpr std::uint32_t busy = 0x1;
constexpr std::uint32_t done = 0x2;
constexpr std::uint32_t operation_write = 0x80000000;

class punching_hosts : public two_hosts {
public:
    using two_hosts::two_hosts;

    std::uint32_t data = 0;
    punch_result ask(bool write, std::uint32_t offset, std::uint32_t value = 0) {
        return bench.punch(port0, {write, switch_beyond, offset, value}, data);
    }
    std::string last_tlp(const std::string& direction) {
        return signals.changes("switch.port0.link." + direction + ".tlp").back().text;
    }
};

class punching_hosts_ideal : public punching_hosts {
public:
    punching_hosts_ideal() : punching_hosts(ideal_timing()) {}
};

/// Two hosts; OP at bit 31 of PTCCTL1, BDF and REG at 27:12 and 11:0 of PTCCTL0, BUSY and DONE at 0
/// and 1 of PTCSTS.
topology_config with_layout() {
    topology_config t = topology_of({{0, 0}, {2, 1}});
    const auto place = [&t](std::string_view in, std::string_view name, std::uint8_t msb,
                            std::uint8_t lsb) {
        t.layout.fields.at(regs::declared_field_named(regs::space_id::nt, in, name).index) = {
            true, msb, lsb};
    };
    place("PTCCTL1", "OP", 31, 31);
    place("PTCCTL0", "BDF", 27, 12);
    place("PTCCTL0", "REG", 11, 0);
    place("PTCSTS", "BUSY", 0, 0);
    place("PTCSTS", "DONE", 1, 1);
    return t;
}

constexpr std::uint32_t target_vendor = 0x0200U << 12;

} // namespace

BOOST_AUTO_TEST_SUITE(punch_throughs)

BOOST_FIXTURE_TEST_CASE(a_request_reads_and_writes_what_is_behind_the_link,
                        punching_hosts) { // B10.3
    run([this] {
        host0.answer_config(switch_beyond, 0x10, 0x12345678);
        BOOST_TEST((ask(false, 0x10) == punch_result::done));
        BOOST_TEST(data == 0x12345678U);
        BOOST_TEST((ask(true, 0x10, 0xCAFE) == punch_result::done));
        BOOST_TEST(host0.behind_link(switch_beyond, 0x10).value_or(0) == 0xCAFEU);
        BOOST_TEST(host0.config_requester().value() == 0x0104U); // its bus, device 0 function 4
        BOOST_TEST(!host2.behind_link(switch_beyond, 0x10).has_value());
    });
}

BOOST_FIXTURE_TEST_CASE(requests_take_their_place_on_the_link, punching_hosts) { // B10.3 B18.2
    run([this] {
        host0.answer_config(switch_beyond, 0x10, 0x12345678);
        const std::uint64_t before = core_clock::now_ps();
        BOOST_TEST((ask(false, 0x10) == punch_result::done));
        BOOST_TEST(core_clock::now_ps() > before);
        BOOST_TEST(last_tlp("tx") == "CfgRd 0x02:0.0+0x010 4B tag 0");
        BOOST_TEST(last_tlp("rx") == "CplD 4B tag 0 0x12345678");
        BOOST_TEST((ask(true, 0x10, 1) == punch_result::done));
        BOOST_TEST(last_tlp("tx") == "CfgWr 0x02:0.0+0x010 4B tag 0 0x00000001");
        BOOST_TEST(last_tlp("rx") == "Cpl tag 0");
    });
}

BOOST_FIXTURE_TEST_CASE(what_nobody_answers_is_unsupported_or_times_out,
                        punching_hosts_ideal) { // B10.3
    run([this] {
        BOOST_TEST((ask(false, 0) == punch_result::unsupported));
        BOOST_TEST(data == 0xFFFFFFFFU);
        BOOST_TEST((config_read(host0, "PCISTS") & sts_received_unsupported) != 0U);
        host0.set_answers(host_answers::never);
        BOOST_TEST((ask(false, 0) == punch_result::no_completion));
        BOOST_TEST((config_read(host0, "AERUES") & aer_completion_timeout) != 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(without_a_link_or_outside_d0_a_request_is_lost, punching_hosts) { // B10.3
    run([this] {
        host0.answer_config(switch_beyond, 0, 1);
        config_write(host0, "PMCSR", 3);
        BOOST_TEST((ask(false, 0) == punch_result::lost));
        config_write(host0, "PMCSR", 0);
        BOOST_TEST((ask(false, 0) == punch_result::done));
        bench.set_link(port0, false);
        BOOST_TEST((ask(false, 0) == punch_result::lost));
        BOOST_TEST((bench.punch(port_number(4), {false, switch_beyond, 0, 0}, data) ==
                    punch_result::lost));
    });
}

BOOST_FIXTURE_TEST_CASE(without_known_positions_registers_start_nothing, punching_hosts) { // B10.3
    run([this] {
        enumerate_both();
        host0.answer_config(switch_beyond, 0, 1);
        write(host0, "PTCCTL0", 0xFFFFFFFF);
        write(host0, "PTCCTL1", 0xFFFFFFFF);
        write(host0, "PTCDATA", 7);
        settle();
        BOOST_TEST(read(host0, "PTCDATA") == 7U);
        BOOST_TEST(read(host0, "PTCSTS") == 0U);
        BOOST_TEST(host0.config_requester().value() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(with_a_layout_registers_start_requests_and_show_them) { // B10.3
    several_hosts hosts(with_layout());
    hosts.run([&hosts] {
        hosts.host(0).answer_config(switch_beyond, 0x10, 0x12345678);
        hosts.write(0, "PTCCTL0", target_vendor | 0x10);
        hosts.write(0, "PTCCTL1", 0);
        hosts.write(0, "PTCDATA", 0);
        hosts.settle();
        BOOST_TEST(hosts.read(0, "PTCSTS") == done);
        BOOST_TEST(hosts.read(0, "PTCDATA") == 0x12345678U);
        hosts.write(0, "PTCSTS", done);
        BOOST_TEST(hosts.read(0, "PTCSTS") == 0U);
        hosts.write(0, "PTCCTL1", operation_write);
        hosts.write(0, "PTCDATA", 0xCAFE);
        hosts.settle();
        BOOST_TEST(hosts.host(0).behind_link(switch_beyond, 0x10).value_or(0) == 0xCAFEU);
        BOOST_TEST(hosts.read(0, "PTCDATA") == 0xCAFEU);
        hosts.write(0, "PTCCTL0", target_vendor | 0x20); // nobody
        hosts.write(0, "PTCCTL1", 0);
        hosts.write(0, "PTCDATA", 0);
        hosts.settle();
        BOOST_TEST(hosts.read(0, "PTCDATA") == 0xFFFFFFFFU);
        BOOST_TEST(hosts.read(0, "PTCSTS") == done);
    });
}

BOOST_AUTO_TEST_CASE(a_request_under_way_is_busy_and_a_reset_forgets_it) { // B10.3
    several_hosts hosts(with_layout());
    hosts.run([&hosts] {
        std::uint32_t data = 0;
        hosts.host(0).set_answers(host_answers::never); // the end is a completion time-out
        hosts.write(0, "PTCCTL0", target_vendor);
        hosts.write(0, "PTCDATA", 0);
        hosts.settle();
        BOOST_TEST(hosts.read(0, "PTCSTS") == busy);
        hosts.write(0, "PTCDATA", 1); // starts nothing
        BOOST_TEST((hosts.bench.punch(port_number(0), {false, switch_beyond, 0, 0}, data) ==
                    punch_result::busy));
        hosts.bench.hot_reset(port_number(0));
        hosts.settle();
        BOOST_TEST(hosts.host(0).config_read(0x51C).data == 0U); // PTCSTS
        sc_core::wait(60, sc_core::SC_MS);
        BOOST_TEST(hosts.host(0).config_read(0x51C).data == 0U);
        hosts.host(0).set_answers(host_answers::normally);
        BOOST_TEST((hosts.bench.punch(port_number(0), {false, switch_beyond, 0, 0}, data) ==
                    punch_result::unsupported));
    });
}

BOOST_AUTO_TEST_SUITE_END()
