// SPDX-License-Identifier: Apache-2.0
// Memory windows: translation, limits, who may cross, what is refused (docs/reference/behaviour.md
// B7.3 to B7.5 and sections 8 and 9).
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <vector>

#include "testbench/fixture/two_hosts.h"
#include "testbench/root_complex/enumeration.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/expected_time.h"
#include "testbench/tests/raw_access.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr std::uint32_t enabled = 0x80000000;
constexpr bar_number bar2(2);
constexpr bar_number bar4(4);
constexpr std::uint64_t mib = 1U << 20;

/// Two hosts whose link is enabled; what host 0 writes into a window shows in host 2's RAM.
class window_hosts : public two_hosts {
public:
    using two_hosts::two_hosts;

    void prepare() {
        enumerate_both();
        enable_ntb_link(host0);
        enable_ntb_link(host2);
        config_write(host0, "AERCEM", 0); // refused reads show in AERUES, too
    }
    void direct(std::uint32_t low, std::uint32_t high = 0) {
        write(host0, "BARLTBASE2", low);
        write(host0, "BARUTBASE2", high);
    }
    void entry(unsigned bar, unsigned index, std::uint64_t base, std::uint32_t partition = 1,
               bool valid = true) {
        write(host0, "LUTOFFSET", bar << 8 | index);
        write(host0, "LUTLDATA", static_cast<std::uint32_t>(base));
        write(host0, "LUTMDATA", static_cast<std::uint32_t>(base >> 32));
        write(host0, "LUTUDATA", (valid ? 0x80000000U : 0U) | partition);
    }
    std::uint64_t ram2(std::uint64_t address, unsigned size = 4) {
        std::uint64_t value = 0;
        BOOST_TEST(host2.ram().read(address, &value, size));
        return value;
    }
    void expect_refused(const completion& c, bool logged = true) {
        BOOST_TEST(c.status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
        BOOST_TEST((config_read(host0, "AERUES") != 0) == logged);
        config_write(host0, "AERUES", 0xFFFFFFFF);
    }
    void command(root_complex& host, std::uint32_t value) { config_write(host, "PCICMD", value); }
};

class ideal_window_hosts : public window_hosts {
public:
    ideal_window_hosts() : window_hosts(ideal_timing()) {}
};

/// Whatever crosses takes far longer than a doorbell does.
class slow_window_hosts : public window_hosts {
public:
    slow_window_hosts() : window_hosts(slow_windows()) {}

private:
    static timing_config slow_windows() {
        timing_config t;
        t.window = 100;
        t.doorbell = t.interrupt = 0;
        return t;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(windows)

// --- translation -------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_direct_window_adds_its_base, ideal_window_hosts) { // B9.4
    run([this] {
        prepare();
        direct(0x00054324); // aligned to nothing but a dword
        BOOST_TEST(host0.bar_write(bar2, 0x1238, 0x11223344).ok());
        BOOST_TEST(ram2(0x00054324 + 0x1238) == 0x11223344U);
        BOOST_TEST(host0.bar_read(bar2, 0x1238).data == 0x11223344U);
        BOOST_TEST(host0.bar_write(bar2, 0x1239, 0xAA, 1).ok());
        BOOST_TEST(host0.bar_read(bar2, 0x1238).data == 0x1122AA44U);
        BOOST_TEST(host0.bar_write(bar2, 0x1238, 0xFFFFFFFF, 4, 0b1001).ok());
        BOOST_TEST(ram2(0x00054324 + 0x1238) == 0xFF22AAFFU);
        BOOST_TEST(host0.bar_write(bar2, mib - 4, 5).ok()); // the last dword
        BOOST_TEST(ram2(0x00054324 + mib - 4) == 5U);
        direct(0, 0x10); // 64 GiB: not in that host's RAM, which says so
        BOOST_TEST(!host0.bar_read(bar2, 0).ok());
    });
}

BOOST_FIXTURE_TEST_CASE(a_12_entry_table_divides_the_bar_by_16, ideal_window_hosts) { // B9.6 B9.7
    run([this] {
        prepare();
        for (unsigned i = 0; i < 12; ++i)
            entry(4, i, 0x100000 + i * 0x10000);
        for (unsigned i = 0; i < 12; ++i) {
            BOOST_TEST(host0.bar_write(bar4, i * mib + 8, 0xE0 + i).ok());
            BOOST_TEST(ram2(0x100000 + i * 0x10000 + 8) == 0xE0U + i);
            BOOST_TEST(host0.bar_read(bar4, i * mib + 8).data == 0xE0U + i);
        }
        for (unsigned i = 12; i < 16; ++i) {
            entry(4, i, 0x100000); // there for a table of 24 only
            expect_refused(host0.bar_read(bar4, i * mib));
        }
    });
}

BOOST_FIXTURE_TEST_CASE(a_24_entry_table_divides_the_bar_by_32, ideal_window_hosts) { // B9.6
    run([this] {
        prepare();
        config_write(host0, "BARSETUP2", enabled | 2U << 11 | 20U << 4); // LUT24, 1 MiB
        const std::uint64_t window = mib / 32;
        for (unsigned i = 0; i < 24; ++i)
            entry(2, i, 0x200000 + i * 0x10000);
        for (unsigned i = 0; i < 24; ++i) {
            BOOST_TEST(host0.bar_write(bar2, i * window + window - 4, i + 1).ok());
            BOOST_TEST(ram2(0x200000 + i * 0x10000 + window - 4) == i + 1);
        }
        for (unsigned i = 24; i < 32; ++i)
            expect_refused(host0.bar_write(bar2, i * window, 1));
    });
}

BOOST_FIXTURE_TEST_CASE(an_access_over_two_entries_goes_to_both, ideal_window_hosts) { // B9.6
    run([this] {
        prepare();
        entry(4, 0, 0x100000);
        entry(4, 1, 0x900000);
        BOOST_TEST(host0.bar_write(bar4, mib - 4, 0x8877665544332211, 8).ok());
        BOOST_TEST(ram2(0x100000 + mib - 4) == 0x44332211U);
        BOOST_TEST(ram2(0x900000) == 0x88776655U);
        BOOST_TEST(host0.bar_read(bar4, mib - 4, 8).data == 0x8877665544332211U);
    });
}

BOOST_FIXTURE_TEST_CASE(an_entry_that_is_not_valid_is_refused, ideal_window_hosts) { // B9.7 B9.8
    run([this] {
        prepare();
        entry(4, 3, 0x100000, 1, false);
        const completion read = host0.bar_read(bar4, 3 * mib);
        BOOST_TEST(read.data == 0xFFFFFFFFU);
        expect_refused(read);
        expect_refused(host0.bar_write(bar4, 3 * mib, 0xBAD));
        BOOST_TEST(ram2(0x100000) == 0U);
        entry(4, 3, 0x100000);
        BOOST_TEST(host0.bar_write(bar4, 3 * mib, 0x600D).ok());
    });
}

BOOST_FIXTURE_TEST_CASE(a_bar_without_tables_has_no_entries, ideal_window_hosts) { // B9.1
    run([this] {
        prepare();
        config_write(host0, "BARSETUP3", enabled | 1U << 11 | 20U << 4);
        expect_refused(host0.bar_read(bar_number(3), 0));
        config_write(host0, "BARSETUP5", enabled | 4U | 20U << 4 | 1U << 13); // "64-bit", odd
        config_write(host0, "BARSETUP4", 0);
        config_write(host0, "BARLTBASE5", 0x4000);
        BOOST_TEST(host0.bar_write(bar_number(5), 4, 7).ok()); // a 32-bit window
        BOOST_TEST(ram2(0x4004) == 7U);
    });
}

BOOST_FIXTURE_TEST_CASE(an_access_past_the_end_of_the_bar_is_refused,
                        ideal_window_hosts) { // B9.8
    run([this] {
        prepare();
        expect_refused(host0.bar_read(bar2, mib));
        expect_refused(host0.bar_read(bar2, mib - 4, 8));
        expect_refused(host0.bar_write(bar2, 0xFFFFFFFFFFFFFFFCU, 1));
    });
}

BOOST_FIXTURE_TEST_CASE(the_limit_is_the_highest_bus_address_that_passes,
                        ideal_window_hosts) { // B9.5
    run([this] {
        prepare();
        const auto base = static_cast<std::uint32_t>(host0.function().bars[2].address);
        write(host0, "BARLIMIT2", base + 0x8000); // the low ten bits count as ones
        BOOST_TEST(host0.bar_write(bar2, 0x83FC, 1).ok());
        expect_refused(host0.bar_write(bar2, 0x8400, 1));
        expect_refused(host0.bar_write(bar2, 0x83FC, 1, 8));
        write(host0, "BARLIMIT2", 0); // off
        expect_refused(host0.bar_read(bar2, 0));
        write(host0, "BARLIMIT2", 0xFFFFFFFF);
        BOOST_TEST(host0.bar_read(bar2, mib - 4).ok());
    });
}

BOOST_FIXTURE_TEST_CASE(the_limit_of_a_64_bit_bar_has_its_upper_half_in_the_next_register,
                        ideal_window_hosts) { // B9.5
    run([this] {
        prepare();
        entry(4, 0, 0x100000);
        const std::uint64_t base = host0.function().bars[4].address;
        config_write(host0, "BAR5", 0x12); // wherever it was: above 4 GiB now
        write(host0, "BARLIMIT4", static_cast<std::uint32_t>(base) + 0x0C00);
        for (const std::uint32_t high : {0x11U, 0x12U, 0x13U}) {
            write(host0, "BARLIMIT5", high);
            BOOST_TEST(read(host0, "BARLIMIT5") == high);
            BOOST_TEST(host0.bar_read(bar4, 0x0FFC).ok() == (high >= 0x12));
            BOOST_TEST(host0.bar_read(bar4, 0x1000).ok() == (high > 0x12));
        }
        BOOST_TEST(host0.bar_write(bar_number(0), 0x4C4 + 1, 0xAB, 1).ok()); // one byte of it
        BOOST_TEST(read(host0, "BARLIMIT5") == 0xAB13U);
        write(host0, "BARLIMIT5", 0); // off, as the driver switches it off
        write(host0, "BARLIMIT4", 0);
        BOOST_TEST(!host0.bar_read(bar4, 0).ok());
        config_write(host0, "BARSETUP4", enabled | 20U << 4); // 32-bit: the next stands alone
        BOOST_TEST(read(host0, "BARLIMIT5") == 0x3FFU);
        write(host0, "BARLIMIT5", 0);
        BOOST_TEST(read(host0, "BARLIMIT5") == 0x3FFU);
    });
}

BOOST_FIXTURE_TEST_CASE(a_window_write_to_the_interrupt_address_interrupts_the_peer,
                        ideal_window_hosts) { // B9.4
    run([this] {
        prepare();
        direct(0xFEE00000);
        const std::uint64_t before = host2.interrupts().msi_count();
        BOOST_TEST(host0.bar_write(bar2, 0x10, 0x33).ok());
        BOOST_TEST(host2.interrupts().msi_count() == before + 1);
        BOOST_TEST(!host2.interrupts().last_msi().marked);
    });
}

// --- who may cross -----------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_requester_without_a_valid_entry_is_refused,
                        ideal_window_hosts) { // B7.3 B7.4
    run([this] {
        prepare();
        direct(0x1000);
        BOOST_TEST(host0.bar_write(bar2, 0, 1).ok());
        write(host0, "NTMTBLADDR", 0);
        write(host0, "NTMTBLDATA", 0);
        expect_refused(host0.bar_write(bar2, 0, 2));
        write(host0, "NTMTBLDATA", mapping(host0.id().value(), 1)); // another partition's
        expect_refused(host0.bar_read(bar2, 0));
        write(host0, "NTMTBLDATA", mapping(0x55, 0)); // another requester
        expect_refused(host0.bar_read(bar2, 0));
        write(host0, "NTCTL", 3); // IDPROTDIS
        BOOST_TEST(host0.bar_read(bar2, 0).data == 1U);
    });
}

BOOST_FIXTURE_TEST_CASE(both_sides_must_be_bus_masters, ideal_window_hosts) { // B8.1
    run([this] {
        prepare();
        direct(0x1000);
        command(host0, cmd_memory);
        expect_refused(host0.bar_write(bar2, 0, 1));
        command(host0, cmd_memory | cmd_master);
        command(host2, cmd_memory);
        expect_refused(host0.bar_write(bar2, 0, 1));
        command(host2, cmd_memory | cmd_master);
        BOOST_TEST(host0.bar_write(bar2, 0, 1).ok());
    });
}

BOOST_FIXTURE_TEST_CASE(a_target_that_is_down_asleep_or_absent_refuses,
                        ideal_window_hosts) { // B9.8
    run([this] {
        prepare();
        direct(0x1000);
        config_write(host2, "PMCSR", 3);
        expect_refused(host0.bar_read(bar2, 0));
        config_write(host2, "PMCSR", 0); // resets the function: bus mastering is off
        expect_refused(host0.bar_read(bar2, 0));
        command(host2, cmd_memory | cmd_master);
        BOOST_TEST(host0.bar_read(bar2, 0).ok());
        for (const unsigned partition : {0U, 5U}) { // its own; one without NT function
            config_write(host0, "BARSETUP2", enabled | 20U << 4 | partition << 13);
            expect_refused(host0.bar_read(bar2, 0));
        }
        config_write(host0, "BARSETUP2", enabled | 20U << 4 | 1U << 13);
        BOOST_TEST(host0.bar_read(bar2, 0).ok());
        bench.set_link(port2, false);
        expect_refused(host0.bar_read(bar2, 0));
    });
}

BOOST_AUTO_TEST_CASE(a_partition_that_is_not_active_refuses) { // B9.8
    topology_config topology = topology_of({{0, 0}, {2, 1}});
    topology.partitions.at(1) = partition_state::disabled;
    topology.ports.at(0).bars.at(2) =
        bar_config{true, false, false, false, 16, bar_translation::direct, partition_number(1)};
    several_hosts hosts(topology, ideal_timing());
    hosts.run([&hosts] {
        hosts.write(0, "NTCTL", 3);
        BOOST_TEST(hosts.host(0).bar_read(bar2, 0).status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    });
}

BOOST_FIXTURE_TEST_CASE(memory_space_must_be_enabled_and_awake, ideal_window_hosts) { // B9.8
    run([this] {
        prepare();
        direct(0x1000);
        command(host0, cmd_master);
        expect_refused(host0.bar_write(bar2, 0, 1));
        command(host0, cmd_master | cmd_memory);
        config_write(host0, "PMCSR", 3);
        expect_refused(host0.bar_write(bar2, 0, 1));
    });
}

BOOST_FIXTURE_TEST_CASE(without_completion_enable_a_read_times_out_and_a_write_crosses,
                        ideal_window_hosts) { // B8.2
    run([this] {
        prepare();
        direct(0x1000);
        write(host0, "NTCTL", 0);
        BOOST_TEST(host0.bar_write(bar2, 0, 0x77).ok());
        BOOST_TEST(ram2(0x1000) == 0x77U);
        const std::uint64_t begin = now_ps();
        const completion read = host0.bar_read(bar2, 0);
        BOOST_TEST(read.status == tlm::TLM_GENERIC_ERROR_RESPONSE);
        BOOST_TEST(read.data == 0xFFFFFFFFU);
        BOOST_TEST(now_ps() - begin == 50'000'000'000U);   // 50 ms
        BOOST_TEST(two_hosts::read(host0, "NTCTL") == 0U); // the function's own completions pass
        write(host0, "NTCTL", 2);
        write(host2, "NTCTL", 0); // the requester's side is what counts
        BOOST_TEST(host0.bar_read(bar2, 0).data == 0x77U);
    });
}

BOOST_FIXTURE_TEST_CASE(what_the_payload_cannot_say_on_pcie_gets_its_tlm_error,
                        ideal_window_hosts) {
    run([this] {
        prepare();
        direct(0x1000);
        raw_access raw;
        raw.extension.requester_valid = false;
        raw.write(0, 0xBAD, 8).payload.set_streaming_width(4);
        BOOST_TEST(raw.over(host0.bar_sockets[2]) == tlm::TLM_BURST_ERROR_RESPONSE);
        unsigned char one = TLM_BYTE_ENABLED;
        raw.write(0, 0xBAD, 8).payload.set_byte_enable_ptr(&one);
        raw.payload.set_byte_enable_length(1);
        BOOST_TEST(raw.over(host0.bar_sockets[2]) == tlm::TLM_BURST_ERROR_RESPONSE);
        BOOST_TEST(ram2(0x1000, 8) == 0U);
        BOOST_TEST(host0.bar_sockets[2]->transport_dbg(raw.read(0, 4).payload) == 0U);
        BOOST_TEST(config_read(host0, "AERUES") == 0U);
        expect_refused({raw.read(0, 0).over(host0.bar_sockets[2]), 0}); // a length of 0
    });
}

// --- on the other side -------------------------------------------------------------------------

namespace {

/// Sits between a port and its host and keeps the requester of the last request.
class listener : public sc_core::sc_module {
public:
    explicit listener(const sc_core::sc_module_name& name) : sc_module(name) {
        in.register_b_transport(this, &listener::pass);
    }
    tlm_utils::simple_target_socket<listener> in{"in"};
    tlm_utils::simple_initiator_socket<listener> out{"out"};
    unsigned requester = 0;
    tlm::tlm_response_status forced = tlm::TLM_INCOMPLETE_RESPONSE;

private:
    void pass(tlm::tlm_generic_payload& p, sc_core::sc_time& delay) {
        const pcie_extension* const e = p.get_extension<pcie_extension>();
        BOOST_TEST_REQUIRE(e != nullptr);
        requester = e->requester_valid ? e->requester.value() : ~0U;
        out->b_transport(p, delay);
        if (forced != tlm::TLM_INCOMPLETE_RESPONSE)
            p.set_response_status(forced);
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_translated_request_names_its_mapping_entry) { // B7.5
    simulated_test test;
    topology_config topology = topology_of({{0, 0}, {2, 1}});
    topology.ports.at(0).bars.at(2) =
        bar_config{true, false, false, false, 16, bar_translation::direct, partition_number(1)};
    ntb_switch device("device", topology, timing_config{});
    root_complex host0("host0", requester_id(0x10));
    root_complex host2("host2", requester_id(0x20));
    listener ear("ear");
    for (root_complex* host : {&host0, &host2}) {
        const port_number port(host == &host0 ? 0 : 2);
        host->config_socket.bind(device.config_socket(port));
        for (unsigned b = 0; b < bar_count; ++b)
            host->bar_sockets[b].bind(device.bar_socket(port, bar_number(b)));
    }
    device.upstream_socket(port_number(0)).bind(host0.upstream_socket);
    device.upstream_socket(port_number(2)).bind(ear.in);
    ear.out.bind(host2.upstream_socket);
    test.run([&] {
        device.set_link(port_number(0), true);
        device.set_link(port_number(2), true);
        BOOST_TEST_REQUIRE(enumerate(host0).present);
        BOOST_TEST_REQUIRE(enumerate(host2).present);
        BOOST_TEST(host0.config_write(0x400, 2).ok());
        for (const unsigned entry : {0U, 5U, 63U}) {
            BOOST_TEST(host0.config_write(0x4D0, entry).ok());
            BOOST_TEST(host0.config_write(0x4D8, mapping(0x10, 0)).ok());
            BOOST_TEST(host0.bar_write(bar2, 0x40, entry).ok());
            sc_core::wait(1, sc_core::SC_US);
            BOOST_TEST(ear.requester == (1U << 8 | entry));
            BOOST_TEST(host0.bar_read(bar2, 0x40).data == entry);
            BOOST_TEST(host0.config_write(0x4D8, 0).ok());
        }
        BOOST_TEST(host0.config_write(0x400, 3).ok()); // no check: no entry
        ear.forced = tlm::TLM_ADDRESS_ERROR_RESPONSE;  // the target host refuses
        BOOST_TEST(host0.bar_read(bar2, 0x40).data == 0xFFFFFFFFU);
        BOOST_TEST(ear.requester == 1U << 8);
        BOOST_TEST(host0.config_read(0x110).data == 0U); // AERCES: it was not this function
        BOOST_TEST(host2.config_read(0x6, 2).data == (sts_received_unsupported | sts_capabilities));
    });
}

BOOST_FIXTURE_TEST_CASE(a_window_write_takes_both_links_and_the_translation, window_hosts) {
    run([this] {
        prepare();
        direct(0x1000);
        settle();
        signals.clear();
        const timing_config t{};
        const expected_time expected(t);
        std::uint64_t begin = now_ps();
        BOOST_TEST(host0.bar_write(bar2, 0, 0x1234).ok());
        const std::uint64_t translated =
            expected.acts(begin, expected_time::write_of_dword) + expected.cycles(t.window);
        BOOST_TEST(now_ps() == translated); // posted: the rest of the way it goes by itself
        settle();
        BOOST_TEST(signals.changes("switch.port2.link.tx.tlp").back().until_ps ==
                   expected.reaches_other_host(translated, expected_time::write_of_dword));
        BOOST_TEST(ram2(0x1000) == 0x1234U);
        BOOST_TEST(signals.changes("switch.port0.link.rx.tlp").back().text ==
                   "MWr bar2+0x0000 4B 0x00001234");
        BOOST_TEST(signals.changes("switch.port2.link.tx.tlp").back().text ==
                   "MWr 0x00001000 4B 0x00001234");
        settle();
        begin = now_ps();
        BOOST_TEST(host0.bar_read(bar2, 0).data == 0x1234U);
        const std::uint64_t asked = expected.reaches_other_host(
            expected.acts(begin, expected_time::read_request) + expected.cycles(t.window),
            expected_time::read_request);
        BOOST_TEST(now_ps() == expected.reaches_host(
                                   expected.completion_crosses(asked + expected.dllps(),
                                                               expected_time::completion_of_dword),
                                   expected_time::completion_of_dword));
        // The request keeps its tag on the way across.
        const std::string asked_text = signals.changes("switch.port0.link.rx.tlp").back().text;
        const std::string tag = asked_text.substr(asked_text.find(" tag "));
        BOOST_TEST(signals.changes("switch.port2.link.tx.tlp").back().text ==
                   "MRd 0x00001000 4B" + tag);
        BOOST_TEST(signals.changes("switch.port2.link.rx.tlp").back().text ==
                   "CplD 4B" + tag + " 0x00001234");
        direct(0, 1); // not in its RAM
        BOOST_TEST(!host0.bar_read(bar2, 0).ok());
        const std::string refused = signals.changes("switch.port2.link.rx.tlp").back().text;
        BOOST_TEST(refused.substr(0, 6) == "Cpl UR");
    });
}

BOOST_FIXTURE_TEST_CASE(a_doorbell_does_not_pass_the_data_before_it, window_hosts) {
    run([this] {
        prepare();
        direct(0x1000);
        write(host2, "INDBELLMSK", 0);
        write(host2, "NTINTMSK", int_all & ~int_dbell);
        for (unsigned i = 1; i <= 20; ++i) {
            const std::uint64_t before = host2.interrupts().msi_count();
            std::vector<unsigned char> data(1024, static_cast<unsigned char>(i));
            BOOST_TEST(host0.bar_transfer(bar2, tlm::TLM_WRITE_COMMAND, 0, data.data(), 1024) ==
                       tlm::TLM_OK_RESPONSE);
            write(host0, "OUTDBELLSET", 1);
            await_msi(host2, before);
            BOOST_TEST(ram2(0x1000 + 1020) == 0x01010101U * i);
            write(host2, "INDBELLSTS", 1);
        }
    });
}

// PCIe 2.1 section 2.4.1: a posted request does not pass another; whoever of the host sent them.
BOOST_FIXTURE_TEST_CASE(a_doorbell_of_another_thread_does_not_pass_the_data_before_it,
                        slow_window_hosts) {
    run([this] {
        prepare();
        direct(0x1000);
        write(host2, "INDBELLMSK", 0);
        write(host2, "NTINTMSK", int_all & ~int_dbell);
        constexpr unsigned writers = 12; // more than a port keeps on their way
        for (unsigned round = 1; round <= 3; ++round) {
            settle();
            const std::uint64_t before = host2.interrupts().msi_count();
            for (unsigned i = 0; i < writers; ++i)
                sc_core::sc_spawn([this, i, round] {
                    BOOST_TEST(host0.bar_write(bar2, std::uint64_t{64} * i, round).ok());
                });
            sc_core::wait(sc_core::SC_ZERO_TIME); // they go first
            write(host0, "OUTDBELLSET", 1);
            await_msi(host2, before);
            for (unsigned i = 0; i < writers; ++i)
                BOOST_TEST(ram2(0x1000 + 64 * i) == round);
            write(host2, "INDBELLSTS", 1);
        }
    });
}

BOOST_FIXTURE_TEST_CASE(many_requests_at_once_all_cross, window_hosts) {
    run([this] {
        prepare();
        direct(0x1000);
        unsigned running = 20; // more than a port keeps on their way
        sc_core::sc_event done;
        for (unsigned i = 0; i < 20; ++i)
            sc_core::sc_spawn([this, i, &running, &done] {
                BOOST_TEST(host0.bar_write(bar2, std::uint64_t{4} * i, i + 1).ok());
                BOOST_TEST(host0.bar_read(bar2, std::uint64_t{4} * i).data == i + 1);
                if (--running == 0)
                    done.notify();
            });
        sc_core::wait(done);
        for (unsigned i = 0; i < 20; ++i)
            BOOST_TEST(ram2(0x1000 + 4 * i) == i + 1);
    });
}

BOOST_FIXTURE_TEST_CASE(a_request_in_the_switch_dies_with_the_target_s_link, window_hosts) {
    run([this] {
        prepare();
        direct(0x1000);
        settle();
        sc_core::sc_spawn([this] {
            wait_ns(130); // in the egress pipeline of the target
            bench.set_link(port2, false);
        });
        BOOST_TEST(host0.bar_write(bar2, 0, 0xBAD).ok()); // nobody learns of a posted write's end
        settle();
        BOOST_TEST(ram2(0x1000) == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
