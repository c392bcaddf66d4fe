// SPDX-License-Identifier: Apache-2.0
// The failover capabilities: which ports and partitions react, what they become, and who is told
// (docs/reference/behaviour.md B3.8 to B3.11, B11.1).
#include <boost/test/unit_test.hpp>
#include <cstdint>

#include "model/regs/declared_ids.h"
#include "testbench/tests/configurable_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr std::uint32_t sevent = 1U << 3;
constexpr std::uint32_t fmci = 1U << 4;
constexpr std::uint32_t fmcc = 1U << 5;
constexpr std::uint32_t fover = 1U << 4; // SESTS, SEMSK

/// Gives a declared field of the switch's registers a place.
void place(topology_config& t, const char* in, const char* name, unsigned msb, unsigned lsb) {
    t.layout.fields.at(regs::declared_field_named(regs::space_id::sw, in, name).index) = {
        true, static_cast<std::uint8_t>(msb), static_cast<std::uint8_t>(lsb)};
}
void place(topology_config& t, const char* name, std::uint32_t offset) {
    t.layout.registers.at(regs::declared_register_named(regs::space_id::sw, name).index).offset =
        offset;
}

/// Port 2 serves partition 1 until capability 1 fails over to port 4, which waits unattached, and
/// back; port 6 listens to capability 3, port 8 to nothing.
topology_config standby() {
    topology_config t = topology_of({{0, 0}, {2, 1}});
    t.partitions.at(5) = partition_state::disabled;
    t.partition_failovers.at(5) = {true, 1, {partition_state::active, partition_state::disabled}};
    const failover_mode serving{port_mode::nt, partition_number(1), 7};
    const failover_mode waiting{port_mode::unattached, partition_number(1), 7};
    t.ports.at(2).device_number = 7;
    t.ports.at(2).failover = {true, 1, {waiting, serving}};
    t.ports.at(4).mode = port_mode::unattached;
    t.ports.at(4).partition = partition_number(1);
    t.ports.at(4).host = true;
    t.ports.at(4).device_number = 7;
    t.ports.at(4).failover = {true, 1, {serving, waiting}};
    t.ports.at(6).failover = {true, 3, {serving, serving}};
    t.ports.at(8).failover = {false, 1, {serving, serving}};
    return t;
}

class standby_hosts : public configurable_hosts {
public:
    explicit standby_hosts(const timing_config& timing = ideal_timing(),
                           const topology_config& topology = standby())
        : configurable_hosts(timing, topology) {}

    void fail_over(unsigned capability, failover_kind kind) {
        bench.device().fail_over(capability, kind);
    }
    std::uint32_t mode_of(const std::string& port) {
        return get("SWPORT" + port + "STS") >> 6 & 0xFU;
    }
    bool flagged(unsigned port, failover_kind kind) {
        return bench.device().failed_over(port_number(port), kind);
    }
};

constexpr auto primary = failover_kind::primary;
constexpr auto secondary = failover_kind::secondary;
constexpr std::uint32_t as_nt = 3;
constexpr std::uint32_t unattached = 5;

} // namespace

BOOST_AUTO_TEST_SUITE(failovers)

BOOST_FIXTURE_TEST_CASE(a_primary_failover_moves_the_function_to_the_standby_port,
                        standby_hosts) { // B3.8 B3.9
    run([this] {
        BOOST_TEST(enumerate(host2).present);
        BOOST_TEST(!enumerate(bench.host(port_number(4))).present);
        fail_over(1, primary);
        BOOST_TEST(mode_of("2") == unattached);
        BOOST_TEST(mode_of("4") == as_nt);
        BOOST_TEST((get("SWPORT4CTL") & 0x7FFFU) == as(port_mode::nt, 1, 7)); // copied
        BOOST_TEST(handshake("SWPORT2STS") == (initiated | completed));
        BOOST_TEST(handshake("SWPORT4STS") == (initiated | completed));
        BOOST_TEST((get("SWPART1STS") >> 9 & 0x1FU) == 4U); // USID
        BOOST_TEST(!enumerate(host2).present);
        BOOST_TEST(enumerate(bench.host(port_number(4))).present);
        BOOST_TEST(flagged(2, primary));
        BOOST_TEST(flagged(4, primary));
        BOOST_TEST(!flagged(4, secondary));
    });
}

BOOST_FIXTURE_TEST_CASE(a_secondary_failover_has_targets_of_its_own, standby_hosts) { // B3.8
    run([this] {
        fail_over(1, primary);
        fail_over(1, secondary);
        BOOST_TEST(mode_of("2") == as_nt);
        BOOST_TEST(mode_of("4") == unattached);
        BOOST_TEST(flagged(2, secondary));
        BOOST_TEST(flagged(2, primary)); // of before
        BOOST_TEST(enumerate(host2).present);
    });
}

BOOST_FIXTURE_TEST_CASE(only_what_is_enabled_and_selects_that_capability_reacts,
                        standby_hosts) { // B3.8
    run([this] {
        for (const unsigned capability : {0U, 2U, 4U, 100U})
            fail_over(capability, primary);
        for (const char* port : {"2", "4", "6", "8"})
            BOOST_TEST(handshake(std::string("SWPORT") + port + "STS") == 0U);
        fail_over(3, primary);
        BOOST_TEST(mode_of("6") == as_nt);
        BOOST_TEST(flagged(6, primary));
        BOOST_TEST(mode_of("4") == unattached);
        fail_over(1, primary);
        BOOST_TEST(mode_of("8") == 0U);
        BOOST_TEST(!flagged(8, primary));
    });
}

BOOST_FIXTURE_TEST_CASE(a_partition_takes_the_state_of_its_failover, standby_hosts) { // B3.9
    run([this] {
        fail_over(1, primary);
        BOOST_TEST((get("SWPART5STS") >> 5 & 3U) == 1U);
        BOOST_TEST((get("SWPART5CTL") & 3U) == 1U);
        BOOST_TEST(handshake("SWPART5STS") == (initiated | completed));
        BOOST_TEST(bench.device().failed_over(partition_number(5), primary));
        BOOST_TEST(!bench.device().failed_over(partition_number(1), primary));
        fail_over(1, secondary);
        BOOST_TEST((get("SWPART5STS") >> 5 & 3U) == 0U);
        BOOST_TEST(bench.device().failed_over(partition_number(5), secondary));
    });
}

BOOST_FIXTURE_TEST_CASE(a_failover_to_what_the_port_already_is_is_only_noted,
                        standby_hosts) { // B3.9
    run([this] {
        fail_over(1, secondary);
        BOOST_TEST(handshake("SWPORT2STS") == 0U);
        BOOST_TEST(flagged(2, secondary));
        BOOST_TEST((get("NTINTSTS", 2) & (fmci | fmcc)) == 0U);
        BOOST_TEST((get("SESTS") & fover) == 0U);
        set("SWPORT2CTL", as(port_mode::unattached, 1, 7)); // by software
        set("SWPORT2CTL", as(port_mode::nt, 1, 7));
        BOOST_TEST((get("NTINTSTS", 2) & (fmci | fmcc)) == 0U); // is no failover
        BOOST_TEST((get("SESTS") & fover) == 0U);
    });
}

BOOST_AUTO_TEST_CASE(the_function_is_told_when_its_change_begins_and_ends) { // B3.11 B12.1
    topology_config t = standby();
    // The device number changes, the function stays and hears both.
    t.ports.at(2).failover = {true,
                              2,
                              {failover_mode{port_mode::nt, partition_number(1), 8},
                               failover_mode{port_mode::nt, partition_number(1), 9}}};
    standby_hosts hosts(timing_config{}, t);
    hosts.run([&hosts] {
        BOOST_TEST_REQUIRE(enumerate(hosts.host2).present);
        hosts.set("NTINTMSK", ~(fmci | fmcc), 2);
        const std::uint64_t before = hosts.host2.interrupts().msi_count();
        hosts.fail_over(2, primary);
        BOOST_TEST(hosts.get("NTINTSTS", 2) == fmci);
        standby_hosts::settle();
        BOOST_TEST(hosts.host2.interrupts().msi_count() == before + 1);
        standby_hosts::wait_ns(2'000'000);
        BOOST_TEST(hosts.get("NTINTSTS", 2) == (fmci | fmcc));
        BOOST_TEST(hosts.host2.interrupts().msi_count() == before + 2);
        hosts.set("NTINTSTS", fmci, 2); // cleared by a one each
        BOOST_TEST(hosts.get("NTINTSTS", 2) == fmcc);
        hosts.set("NTINTSTS", fmcc, 2);
        BOOST_TEST(hosts.get("NTINTSTS", 2) == 0U);
        BOOST_TEST(hosts.get("NTINTSTS", 0) == 0U); // the other one hears nothing
    });
}

BOOST_AUTO_TEST_CASE(a_failover_takes_the_time_of_the_delay_registers) { // B3.4 B3.9
    standby_hosts hosts{timing_config{}};
    hosts.run([&hosts] {
        hosts.fail_over(1, primary);
        standby_hosts::wait_ns(999'999);
        BOOST_TEST(hosts.mode_of("4") == unattached);
        standby_hosts::wait_ns(2);
        BOOST_TEST(hosts.mode_of("4") == as_nt);
        BOOST_TEST(hosts.handshake("SWPORT4STS") == configurable_hosts::initiated);
        standby_hosts::wait_ns(1'000'000);
        BOOST_TEST(hosts.handshake("SWPORT4STS") == 3U);
        BOOST_TEST(hosts.get("NTINTSTS", 4) == fmcc); // was not there for the beginning
    });
}

BOOST_AUTO_TEST_CASE(a_failover_during_a_change_is_the_next_change) {
    standby_hosts hosts{timing_config{}};
    hosts.run([&hosts] {
        hosts.set("SWPORT2CTL", configurable_hosts::as(port_mode::nt, 6, 7));
        hosts.fail_over(1, secondary); // back to partition 1
        BOOST_TEST((hosts.get("NTINTSTS", 2) & fmci) == 0U);
        standby_hosts::wait_ns(2'000'001);
        BOOST_TEST((hosts.get("SWPORT2STS") >> 10 & 7U) == 6U);
        BOOST_TEST(hosts.get("NTINTSTS", 2) == fmci);
        standby_hosts::wait_ns(2'000'001);
        BOOST_TEST((hosts.get("SWPORT2STS") >> 10 & 7U) == 1U);
        BOOST_TEST(hosts.get("NTINTSTS", 2) == (fmci | fmcc));
    });
}

// --- events ------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(both_ends_of_a_failover_are_switch_events, standby_hosts) { // B11.1 B11.2
    run([this] {
        set("RDRAINDELAY", 0);
        set("SEFOVRMSK", 0);
        set("SEMSK", ~fover);
        set("SEPMSK", 0xFE);
        BOOST_TEST(get("NTINTSTS") == 0U);
        fail_over(1, primary);
        BOOST_TEST((get("SESTS") & fover) != 0U);
        BOOST_TEST(get("NTINTSTS") == sevent);
        bench.device().clear_event(switch_event::failover_initiated);
        BOOST_TEST((get("SESTS") & fover) != 0U);
        bench.device().clear_event(switch_event::failover_completed);
        BOOST_TEST((get("SESTS") & fover) == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_failover_signals_once_when_it_begins_and_once_when_it_ends) { // B11.1
    topology_config t = standby();
    t.ports.at(4).failover = {}; // one port only
    standby_hosts hosts(timing_config{}, t);
    hosts.run([&hosts] {
        hosts.set("SEFOVRMSK", 0);
        hosts.set("SEMSK", ~fover);
        hosts.set("SEPMSK", 0xFE);
        hosts.fail_over(1, primary);
        standby_hosts::settle();
        BOOST_TEST(hosts.get("NTINTSTS") == sevent);
        hosts.set("NTINTSTS", sevent);
        standby_hosts::wait_ns(1'900'000);
        BOOST_TEST(hosts.get("NTINTSTS") == 0U);
        standby_hosts::wait_ns(100'000);
        BOOST_TEST(hosts.get("NTINTSTS") == sevent);
    });
}

BOOST_FIXTURE_TEST_CASE(each_mask_keeps_failover_events_back, standby_hosts) { // B11.3 B11.9
    run([this] {
        const auto signalled = [this](std::uint32_t fine, std::uint32_t type,
                                      std::uint32_t partitions_masked) {
            set("SEFOVRMSK", fine);
            set("SEMSK", type);
            set("SEPMSK", partitions_masked);
            fail_over(1, primary);
            const bool out = (get("NTINTSTS") & sevent) != 0;
            set("NTINTSTS", sevent);
            fail_over(1, secondary);
            set("NTINTSTS", sevent);
            return out;
        };
        BOOST_TEST(get("SEFOVRMSK") == 0xFFFFFFFFU);
        BOOST_TEST(signalled(0, ~fover, 0xFE));
        BOOST_TEST(!signalled(1, ~fover, 0xFE)); // its layout is unknown: only 0 masks nothing
        BOOST_TEST((get("SESTS") & fover) == 0U);
        BOOST_TEST(!signalled(0, fover, 0xFE));
        BOOST_TEST(!signalled(0, ~fover, 0xFF));
    });
}

// --- with a layout -----------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(fields_that_the_layout_places_are_registers) {
    topology_config t = standby();
    place(t, "SWPORT{x}CTL", "FEN", 20, 20);
    place(t, "SWPORT{x}CTL", "FCAPSEL", 22, 21);
    place(t, "SWPORT{x}STS", "PFAILOVER", 24, 24);
    place(t, "SWPORT{x}STS", "SFAILOVER", 25, 25);
    place(t, "SWPORT{x}FCTL", "PFMODE", 3, 0);
    place(t, "SWPORT{x}FCTL", "PFSWPART", 6, 4);
    place(t, "SWPORT{x}FCTL", "PFDEVNUM", 12, 8);
    place(t, "SWPART{x}CTL", "FEN", 4, 4);
    place(t, "SWPART{x}CTL", "FCAPSEL", 6, 5);
    place(t, "SWPART{x}STS", "PFAILOVER", 24, 24);
    place(t, "SWPART{x}FCTL", "PFSTATE", 1, 0);
    standby_hosts hosts(ideal_timing(), t);
    hosts.run([&hosts] {
        // The topology's setting is the reset value.
        BOOST_TEST(hosts.get("SWPORT4CTL") >> 20 == (1U | 1U << 1));
        BOOST_TEST(hosts.get("SWPORT8CTL") >> 20 == (0U | 1U << 1));
        BOOST_TEST(hosts.get("SWPORT4FCTL") == (3U | 1U << 4 | 7U << 8));
        BOOST_TEST(hosts.get("SWPART5CTL") == (1U << 4 | 1U << 5));
        BOOST_TEST(hosts.get("SWPART5FCTL") == 1U);
        // Written, the registers count.
        hosts.set("SWPORT8CTL", 1U << 20 | 2U << 21);
        BOOST_TEST(hosts.get("SWPORT8CTL") == (1U << 20 | 2U << 21));
        hosts.set("SWPORT8FCTL", 3U | 6U << 4 | 9U << 8);
        hosts.set("SWPORT2CTL", configurable_hosts::as(port_mode::nt, 1, 7)); // FEN 0
        hosts.fail_over(2, primary);
        BOOST_TEST(hosts.mode_of("8") == as_nt);
        BOOST_TEST((hosts.get("SWPORT8CTL") & 0x7FFFU) ==
                   configurable_hosts::as(port_mode::nt, 6, 9));
        BOOST_TEST((hosts.get("SWPORT8STS") >> 24 & 3U) == 1U);
        BOOST_TEST(hosts.flagged(8, primary));
        hosts.set("SWPORT8STS", 1U << 24);
        BOOST_TEST((hosts.get("SWPORT8STS") >> 24 & 3U) == 0U);
        BOOST_TEST(!hosts.flagged(8, primary));
        hosts.fail_over(1, primary);
        BOOST_TEST(hosts.mode_of("2") == as_nt); // not enabled any more
        BOOST_TEST(hosts.mode_of("4") == as_nt);
        BOOST_TEST((hosts.get("SWPART5STS") >> 24 & 1U) == 1U);
        BOOST_TEST((hosts.get("SWPART5STS") >> 5 & 3U) == 1U);
    });
}

BOOST_AUTO_TEST_CASE(event_bits_that_the_layout_places_part_the_two_ends) { // B11.1
    topology_config t = standby();
    place(t, "SESTS", "FMCI", 8, 8);
    place(t, "SEMSK", "FMCI", 8, 8);
    place(t, "SESTS", "FMCC", 9, 9);
    place(t, "SEMSK", "FMCC", 9, 9);
    standby_hosts hosts(timing_config{}, t);
    hosts.run([&hosts] {
        BOOST_TEST((hosts.get("SEMSK") & 0x300U) == 0x300U); // masked after reset (B21.1)
        hosts.set("SEFOVRMSK", 0);
        hosts.set("SEMSK", ~0x200U);
        hosts.set("SEPMSK", 0xFE);
        hosts.fail_over(1, primary);
        standby_hosts::settle();
        BOOST_TEST((hosts.get("SESTS") & 0x310U) == 0x100U); // initiated; not FOVER
        BOOST_TEST(hosts.get("NTINTSTS") == 0U);             // SEMSK holds it back
        standby_hosts::wait_ns(2'000'000);
        BOOST_TEST((hosts.get("SESTS") & 0x310U) == 0x300U);
        BOOST_TEST(hosts.get("NTINTSTS") == sevent);
    });
}

BOOST_AUTO_TEST_CASE(an_aer_error_of_a_port_is_an_event_where_its_registers_have_a_place) { // B11.1
    topology_config t = standby();
    place(t, "SEAERSTS", 0x3EC38); // the hole in the headers
    place(t, "SEAERSTS", "PORT", 23, 0);
    place(t, "SEAERMSK", 0x3EC40);
    place(t, "SEAERMSK", "PORT", 23, 0);
    place(t, "SESTS", "AERERR", 10, 10);
    place(t, "SEMSK", "AERERR", 10, 10);
    standby_hosts hosts(ideal_timing(), t);
    hosts.run([&hosts] {
        auto& device = hosts.bench.device();
        // A refused read is an advisory error, which is masked after reset (PCIe 2.1, 6.2.3.2.4.1).
        (void)hosts.host2.config_write(nt::AERCEM.at(), 0);
        const auto provoke = [&hosts] { // a read beyond the end of configuration space
            (void)hosts.host2.config_read(0x1000, 4);
        };
        BOOST_TEST(device.global_read(0x3EC40) == 0xFFFFFFU);
        hosts.set("SEPMSK", 0xFE);
        hosts.set("SEMSK", ~0x400U);
        provoke();
        BOOST_TEST(device.global_read(0x3EC38) == 4U); // port 2
        BOOST_TEST((hosts.get("SESTS") & 0x400U) == 0U);
        BOOST_TEST(hosts.get("NTINTSTS") == 0U);
        device.global_write(0x3EC40, ~4U);
        BOOST_TEST((hosts.get("SESTS") & 0x400U) == 0x400U);
        provoke();
        BOOST_TEST(hosts.get("NTINTSTS") == sevent);
        device.global_write(0x3EC38, 4);
        BOOST_TEST(device.global_read(0x3EC38) == 0U);
        BOOST_TEST((hosts.get("SESTS") & 0x400U) == 0U);
        hosts.set("NTINTSTS", sevent);
        hosts.set("SEMSK", ~0U);
        provoke();
        BOOST_TEST(hosts.get("NTINTSTS") == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(without_a_layout_an_aer_error_is_an_event_only_where_it_is_opened,
                        standby_hosts) { // B21.1
    run([this] {
        const std::uint32_t before = get("SESTS");
        set("SEMSK", 0);
        set("SEPMSK", 0xFE);
        (void)host2.config_write(nt::AERCEM.at(), 0); // a refused read is an advisory error
        (void)host2.config_read(0x1000, 4);
        BOOST_TEST(get("SESTS") == before);
        BOOST_TEST(get("NTINTSTS") == 0U);
        bench.device().open_event(switch_event::aer_error, true);
        (void)host2.config_read(0x1000, 4);
        BOOST_TEST(get("SESTS") == before); // its bit is nowhere
        BOOST_TEST(get("NTINTSTS") == sevent);
        set("NTINTSTS", sevent);
        bench.device().open_event(switch_event::aer_error, false);
        (void)host2.config_read(0x1000, 4);
        BOOST_TEST(get("NTINTSTS") == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
