// SPDX-License-Identifier: Apache-2.0
// A switch that starts from an EEPROM: what an image sets up, when, and how a bad one ends
// (docs/reference/behaviour.md B15, B3.2).
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <memory>
#include <string>

#include "model/regs/eeprom_refs.h"
#include "model/regs/nt_refs.h"
#include "model/regs/sw_refs.h"
#include "testbench/config/topology_file.h"
#include "testbench/eeprom/addresses.h"
#include "testbench/eeprom/topology_image.h"
#include "testbench/fixture/recorded_signals.h"
#include "testbench/fixture/simulated_test.h"
#include "testbench/root_complex/enumeration.h"
#include "testbench/root_complex/platform.h"

using namespace ntb;
using namespace ntb::test;
using eeprom::image;
using eeprom::image_builder;

namespace {

constexpr port_number port0(0);
constexpr port_number port2(2);
constexpr std::uint32_t TMPCTL = sw::TMPCTL.at();
constexpr std::uint32_t BARSETUP0_OF_PORT0 = eeprom::nt_register_address(0, nt::BARSETUP.at(0));
constexpr std::uint32_t BARSETUP2_OF_PORT2 = eeprom::nt_register_address(2, nt::BARSETUP.at(2));

topology_config two_host() {
    return config::load_topology("two-host").topology;
}

image two_host_image() {
    return eeprom::image_of(two_host());
}

/// What starts from these bytes; hosts are at ports 0 and 2 whatever the image makes of them.
topology_config starting_from(const image& bytes, unsigned boot_mode = default_eeprom_boot_mode) {
    topology_config t{};
    t.ports.at(0).host = true;
    t.ports.at(2).host = true;
    t.boot_mode = static_cast<std::uint8_t>(boot_mode);
    t.eeprom.present = true;
    t.eeprom.image = bytes;
    return t;
}

/// The image of two-host without its done block, for more blocks behind.
image_builder unfinished() {
    image_builder out;
    const image whole = two_host_image();
    for (std::size_t at = 0; at + 2 < whole.size(); ++at)
        out.byte(whole[at]);
    return out;
}

class eeprom_bench {
public:
    explicit eeprom_bench(const topology_config& topology,
                          const timing_config& timing = timing_config{})
        : bench("bench", topology, timing, &signals), device(bench.device()) {}

    recorded_signals signals{};
    platform bench;
    ntb_switch& device;

    /// Power on, the load included; then `body`.
    void run(const std::function<void()>& body) {
        test_.run(
            [&] {
                bench.power_on();
                body();
            },
            sc_core::sc_time(1, sc_core::SC_SEC));
    }
    [[nodiscard]] const eeprom_status& status() const { return device.eeprom(); }
    [[nodiscard]] bool a_host_sees_something() {
        return bench.host(port0).config_read(0, 4).ok() || bench.host(port2).config_read(0, 4).ok();
    }

    void expect_halted(eeprom_fault fault, std::uint32_t block) {
        BOOST_TEST((status().state == eeprom_state::halted));
        BOOST_TEST(static_cast<int>(status().fault) == static_cast<int>(fault));
        BOOST_TEST(status().block == block);
        BOOST_TEST(!device.link_up(port0));
        BOOST_TEST(!device.link_up(port2));
        BOOST_TEST(!a_host_sees_something());
        // The slave SMBus comes by this door, and it still works (B15.5).
        device.global_write(TMPCTL, 0x123456);
        BOOST_TEST(device.global_read(TMPCTL) == 0x123456U);
    }

private:
    simulated_test test_{};
};

/// Every way in which the bytes of an image can be bad, one test each.
void expect_halt(const image& bytes, eeprom_fault fault, std::uint32_t block,
                 unsigned boot_mode = default_eeprom_boot_mode) {
    eeprom_bench b(starting_from(bytes, boot_mode));
    b.run([&] { b.expect_halted(fault, block); });
}

} // namespace

BOOST_AUTO_TEST_SUITE(eeprom_start)

BOOST_AUTO_TEST_CASE(the_image_of_a_topology_leaves_the_registers_of_that_topology) { // B3.2
    simulated_test test;
    platform by_topology("by_topology", two_host(), timing_config{});
    platform by_image("by_image", starting_from(two_host_image()), timing_config{});
    test.run([&] {
        by_topology.power_on();
        by_image.power_on();
        sc_core::wait(10, sc_core::SC_US);
        unsigned different = 0;
        unsigned readable = 0;
        for (std::uint32_t address = 0; address < 0x40000; address += 4) {
            std::uint32_t counts = ~0U;
            if (address == sw::BCVSTS.at())
                counts = ~sw::BCVSTS_SWMODE.mask; // a strap: a topology file has none
            for (const unsigned port : {0U, 2U})
                if (address == sw::SWPORTCTL.at(port))
                    counts = ~sw::SWPORTCTL_OMA.mask; // the image asks for a reset (B3.2)
            const std::uint32_t expected = by_topology.device().global_read(address) & counts;
            const std::uint32_t got = by_image.device().global_read(address) & counts;
            readable += expected != 0 ? 1 : 0;
            different += got != expected ? 1 : 0;
            BOOST_TEST(got == expected, eeprom::register_name(address)
                                            << ": " << std::hex << got << " for " << expected);
        }
        BOOST_TEST(different == 0U);
        BOOST_TEST(readable > 100U); // the comparison compared something
    });
}

BOOST_AUTO_TEST_CASE(hosts_find_their_functions_as_with_the_topology) {
    eeprom_bench b(starting_from(two_host_image()));
    b.run([&] {
        BOOST_TEST((b.status().state == eeprom_state::done));
        BOOST_TEST(b.device.link_up(port0));
        for (const port_number port : {port0, port2}) {
            const enumerated_function f = enumerate(b.bench.host(port));
            BOOST_TEST(f.present);
            BOOST_TEST(b.device.bar_size(port, bar_number(2)) == 1U << 20);
        }
        BOOST_TEST(b.device.partition_of(port2).value() == 1U);
    });
}

BOOST_AUTO_TEST_CASE(before_the_load_ports_are_as_the_boot_mode_says) { // B2.1
    eeprom_bench b(starting_from(image_builder().done().bytes(), 0xC));
    b.run([&] {
        BOOST_TEST(b.device.global_read(sw::SWPORTCTL.at(2)) ==
                   static_cast<std::uint32_t>(port_mode::unattached));
        BOOST_TEST(b.device.global_read(sw::SWPARTCTL.at(0)) == 0U);
        BOOST_TEST((b.device.global_read(sw::BCVSTS.at()) & 0xFU) == 0xCU);
        BOOST_TEST(!b.device.link_up(port0));
        BOOST_TEST((b.status().state == eeprom_state::done));
    });
}

BOOST_AUTO_TEST_CASE(plain_registers_take_their_values) {
    eeprom_bench b(starting_from(image_builder()
                                     .write(TMPCTL, 0)
                                     .sequence(sw::GODBELLMSK.at(3), {0xFE, 0xFD})
                                     .done()
                                     .bytes()));
    b.run([&] {
        BOOST_TEST(b.device.global_read(TMPCTL) == 0U);
        BOOST_TEST(b.device.global_read(sw::GODBELLMSK.at(3)) == 0xFEU);
        BOOST_TEST(b.device.global_read(sw::GODBELLMSK.at(4)) == 0xFDU);
        BOOST_TEST(b.status().writes == 3U);
        BOOST_TEST(b.status().unmapped_writes == 0U);
        b.device.set_temperature(60); // and they act: the sensor is on
        BOOST_TEST((b.device.global_read(sw::TMPSTS.at()) & 0xFFU) == 60U);
    });
}

BOOST_AUTO_TEST_CASE(each_write_happens_when_its_last_byte_has_been_read) {
    timing_config timing{};
    timing.eeprom_byte_ns = 22'500; // 400 kHz
    const image bytes =
        image_builder().write(TMPCTL, 0x111).sequence(TMPCTL, {0x222}).done().bytes();
    eeprom_bench b(starting_from(bytes), timing);
    b.run([&] {
        const auto& changes = b.signals.changes("switch.tmpctl");
        BOOST_TEST_REQUIRE(changes.size() == 2U);
        constexpr std::uint64_t byte_ps = 22'500'000;
        BOOST_TEST(changes[0].time_ps == 7 * byte_ps);
        BOOST_TEST(changes[0].value == 0x111U);
        BOOST_TEST(changes[1].time_ps == 16 * byte_ps);
        BOOST_TEST(now_ps() == 18 * byte_ps); // the done block
        BOOST_TEST(b.signals.last_change_ps("switch.eeprom.state") == 18 * byte_ps);
        BOOST_TEST(b.signals.last("switch.eeprom.block") == 16U);
    });
}

BOOST_AUTO_TEST_CASE(no_link_is_up_while_the_image_is_read) {
    timing_config timing{};
    timing.eeprom_byte_ns = 1000;
    simulated_test test;
    platform bench("bench", starting_from(two_host_image()), timing);
    test.run([&] {
        bench.set_link(port0, true); // hosts do not wait for the switch
        sc_core::wait(200, sc_core::SC_US);
        BOOST_TEST((bench.device().eeprom().state == eeprom_state::loading));
        BOOST_TEST(!bench.device().link_up(port0));
        bench.device().await_start();
        BOOST_TEST(bench.device().link_up(port0));
        BOOST_TEST(!bench.device().link_up(port2)); // there is nobody
    });
}

BOOST_AUTO_TEST_CASE(a_wait_block_waits_for_its_register) { // B15.2
    timing_config timing{};
    timing.eeprom_poll_ns = 500;
    const std::uint32_t later = sw::GODBELLMSK.at(0);
    simulated_test test;
    platform bench(
        "bench",
        starting_from(image_builder().wait(later, 0x42, ~0xFFU).write(TMPCTL, 0x77).done().bytes()),
        timing);
    test.run([&] {
        sc_core::wait(2'700, sc_core::SC_NS);
        BOOST_TEST((bench.device().eeprom().state == eeprom_state::loading));
        bench.device().global_write(later, 0x42);
        bench.device().await_start();
        BOOST_TEST(now_ps() == 3'000'000U); // the next time that it looks
        BOOST_TEST(bench.device().global_read(TMPCTL) == 0x77U);
    });
}

BOOST_AUTO_TEST_CASE(mode_changes_take_their_time_where_the_image_leaves_the_delays) { // B3.4
    const std::uint32_t completed = sw::field("SWPART{x}STS", "SCC").mask;
    eeprom_bench b(starting_from(image_builder()
                                     .write(sw::SWPARTCTL.at(0), 1)
                                     .wait(sw::SWPARTSTS.at(0), completed, ~completed)
                                     .done()
                                     .bytes()));
    b.run([&] {
        BOOST_TEST((b.status().state == eeprom_state::done));
        BOOST_TEST(now_ps() >= 1'000'000'000U); // a millisecond at least
    });
}

BOOST_AUTO_TEST_CASE(what_never_comes_ends_the_load_at_the_limit) {
    timing_config timing{};
    timing.eeprom_wait_limit_us = 50;
    eeprom_bench b(
        starting_from(image_builder().write(TMPCTL, 1).wait(TMPCTL, 0, 0).done().bytes()), timing);
    b.run([&] {
        BOOST_TEST(now_ps() == 50'000'000U);
        b.expect_halted(eeprom_fault::wait_limit, 7);
    });
}

BOOST_AUTO_TEST_CASE(a_blank_eeprom_halts) { // B15.5
    expect_halt(image(1024, 0xFF), eeprom_fault::unknown_block, 0);
}
BOOST_AUTO_TEST_CASE(no_eeprom_halts) {
    expect_halt({}, eeprom_fault::no_answer, 0);
}
BOOST_AUTO_TEST_CASE(a_wrong_checksum_halts_after_everything_was_written) { // B15.3
    image bytes = two_host_image();
    bytes.back() = static_cast<std::uint8_t>(bytes.back() ^ 1U);
    expect_halt(bytes, eeprom_fault::checksum, static_cast<std::uint32_t>(bytes.size() - 2));
}
BOOST_AUTO_TEST_CASE(an_image_that_is_cut_off_halts) {
    image bytes = two_host_image();
    bytes.resize(bytes.size() - 1);
    expect_halt(bytes, eeprom_fault::cut_off, static_cast<std::uint32_t>(bytes.size() - 1));
}
BOOST_AUTO_TEST_CASE(a_type_that_is_no_block_halts) {
    image_builder out = unfinished();
    const auto at = static_cast<std::uint32_t>(out.size());
    expect_halt(out.byte(0x10).done().bytes(), eeprom_fault::unknown_block, at);
}
BOOST_AUTO_TEST_CASE(a_sequence_over_the_end_of_the_space_halts) {
    image_builder out = unfinished();
    const auto at = static_cast<std::uint32_t>(out.size());
    expect_halt(out.sequence(0x3FFFC, {0, 0}).done().bytes(), eeprom_fault::beyond_space, at);
}
BOOST_AUTO_TEST_CASE(a_jump_to_behind_the_image_halts) {
    expect_halt(image_builder().jump(0, 500).done().bytes(), eeprom_fault::jump_target, 0, 2);
}
BOOST_AUTO_TEST_CASE(a_loop_of_jumps_halts) {
    expect_halt(image_builder().write(TMPCTL, 1).jump(1, 0).bytes(), eeprom_fault::jump_loop, 7, 3);
}

BOOST_AUTO_TEST_CASE(the_checksum_can_be_ignored) { // B15.3
    image bytes = two_host_image();
    bytes.back() = static_cast<std::uint8_t>(bytes.back() ^ 1U);
    topology_config t = starting_from(bytes);
    t.eeprom.ignore_checksum = true;
    eeprom_bench b(t);
    b.run([&] {
        BOOST_TEST((b.status().state == eeprom_state::done));
        BOOST_TEST(b.a_host_sees_something());
    });
}

BOOST_AUTO_TEST_CASE(a_halted_switch_ignores_resets_and_goes_on_when_it_is_released) { // B15.5
    image bytes = two_host_image();
    bytes.back() = static_cast<std::uint8_t>(bytes.back() ^ 1U);
    eeprom_bench b(starting_from(bytes));
    b.run([&] {
        b.bench.hot_reset(port0);
        b.bench.set_link(port2, false);
        b.bench.set_link(port2, true);
        BOOST_TEST(!b.device.link_up(port0));
        BOOST_TEST(!b.device.link_up(port2));
        BOOST_TEST(b.device.global_read(sw::SEHRSTSTS.at()) == 0U);
        b.device.release_reset_halt();
        BOOST_TEST((b.status().state == eeprom_state::released));
        BOOST_TEST((b.status().fault == eeprom_fault::checksum)); // it is still known
        BOOST_TEST(b.device.link_up(port0));
        BOOST_TEST(b.device.link_up(port2));
        BOOST_TEST(enumerate(b.bench.host(port0)).present);
    });
}

BOOST_AUTO_TEST_CASE(where_the_layout_places_them_the_bits_are_in_their_registers) { // B15.3 B15.5
    image bytes = two_host_image();
    bytes.back() = static_cast<std::uint8_t>(bytes.back() ^ 1U);
    topology_config bad = starting_from(bytes);
    topology_config good = starting_from(two_host_image());
    // Written by the image itself: its own checksum does not count then.
    image_builder ignoring;
    ignoring.write(sw::SMBUSCTL.at(), 1U << 3).byte(0xE0).byte(0);
    topology_config ignored = starting_from(ignoring.bytes());
    const auto place = [](topology_config& t, regs::declared_field_id field, std::uint8_t bit) {
        t.layout.fields.at(field.index) = {true, bit, bit};
    };
    for (topology_config* t : {&bad, &good, &ignored}) {
        place(*t, sw::SWCTL_RSTHALT, 1);
        place(*t, sw::SMBUSSTS_EEPROMDONE, 24);
        place(*t, sw::SMBUSSTS_EED, 25);
        place(*t, sw::SMBUSCTL_ICHECKSUM, 3);
    }
    simulated_test test;
    platform halts("halts", bad, timing_config{});
    platform starts("starts", good, timing_config{});
    platform ignores("ignores", ignored, timing_config{});
    test.run([&] {
        halts.power_on();
        starts.power_on();
        ignores.power_on();
        BOOST_TEST(halts.device().global_read(sw::SWCTL.at()) == 2U);
        BOOST_TEST(halts.device().global_read(sw::SMBUSSTS.at()) == 3U << 24);
        BOOST_TEST(starts.device().global_read(sw::SWCTL.at()) == 0U);
        BOOST_TEST(starts.device().global_read(sw::SMBUSSTS.at()) == 1U << 24);
        BOOST_TEST((ignores.device().eeprom().state == eeprom_state::done));
        BOOST_TEST(!halts.device().link_up(port0));
        halts.device().global_write(sw::SWCTL.at(), 0); // by the slave SMBus
        sc_core::wait(1, sc_core::SC_NS);
        BOOST_TEST((halts.device().eeprom().state == eeprom_state::released));
        BOOST_TEST(halts.device().link_up(port0));
    });
}

BOOST_AUTO_TEST_CASE(releasing_what_is_not_halted_does_nothing) {
    eeprom_bench b(starting_from(two_host_image()));
    b.run([&] {
        b.device.release_reset_halt();
        BOOST_TEST((b.status().state == eeprom_state::done));
    });
}

BOOST_AUTO_TEST_CASE(writes_to_where_no_register_is_are_counted_and_do_nothing) { // B15.9
    eeprom_bench b(starting_from(
        image_builder().write(0x3FFFC, 5).write(0x3DFFC, 5).write(TMPCTL, 0).done().bytes()));
    b.run([&] {
        BOOST_TEST((b.status().state == eeprom_state::done));
        BOOST_TEST(b.status().writes == 3U);
        BOOST_TEST(b.status().unmapped_writes == 2U);
        BOOST_TEST(b.device.global_read(0x3FFFC) == 0U);
    });
}

BOOST_AUTO_TEST_CASE(read_only_fields_stay_what_they_are) { // B15.8, not confirmed
    image_builder out = unfinished();
    eeprom_bench b(
        starting_from(out.write(eeprom::nt_register_address(0, 0), 0x12345678).done().bytes()));
    b.run([&] {
        BOOST_TEST(b.device.global_read(eeprom::nt_register_address(0, 0)) == 0x8091111DU);
    });
}

BOOST_AUTO_TEST_CASE(the_boot_mode_chooses_the_configuration) { // B15.1
    image_builder builder;
    builder.jump(0, 12).write(TMPCTL, 0xA).done();
    BOOST_TEST_REQUIRE(builder.size() == 12U);
    image bytes = builder.write(TMPCTL, 0xB).bytes();
    // The load reads the jump and what it leads to.
    std::uint8_t sum = 0xE0;
    for (const std::size_t at : {0, 1, 2, 12, 13, 14, 15, 16, 17, 18})
        sum = static_cast<std::uint8_t>(sum + bytes[at]);
    bytes.push_back(0xE0);
    bytes.push_back(eeprom_checksum(sum));
    simulated_test test;
    platform with_jump("with_jump", starting_from(bytes, 2), timing_config{});
    platform without("without", starting_from(bytes, 1), timing_config{});
    test.run([&] {
        with_jump.power_on();
        without.power_on();
        BOOST_TEST(with_jump.device().global_read(TMPCTL) == 0xBU);
        BOOST_TEST(without.device().global_read(TMPCTL) == 0xAU);
        BOOST_TEST((with_jump.device().eeprom().state == eeprom_state::done));
        BOOST_TEST((without.device().eeprom().state == eeprom_state::done));
    });
}

BOOST_AUTO_TEST_CASE(what_the_image_set_up_survives_resets) {
    eeprom_bench b(starting_from(two_host_image()));
    b.run([&] {
        const std::uint32_t before = b.device.global_read(BARSETUP2_OF_PORT2);
        BOOST_TEST(before != 0U);
        b.bench.fundamental_reset(partition_number(1));
        BOOST_TEST(b.device.global_read(BARSETUP2_OF_PORT2) == before);
        b.bench.hot_reset(port0);
        BOOST_TEST(b.device.global_read(BARSETUP0_OF_PORT0) == 0x800004C0U);
        BOOST_TEST(enumerate(b.bench.host(port2)).present);
    });
}

BOOST_AUTO_TEST_CASE(without_an_eeprom_nothing_is_awaited) {
    eeprom_bench b(two_host());
    b.run([&] {
        BOOST_TEST(now_ps() == 0U);
        BOOST_TEST((b.status().state == eeprom_state::none));
        BOOST_TEST(!b.signals.has("switch.eeprom.state"));
        BOOST_TEST(b.device.link_up(port0));
    });
}

BOOST_AUTO_TEST_SUITE_END()
