// SPDX-License-Identifier: Apache-2.0
// EEPROMINTF, where a topology gives its fields a place (docs/reference/behaviour.md B15.7): bytes
// of the EEPROM are read and written through the global space, one after the other. The image is
// empty but for its end, so no port has a host, and registers are reached by the debug door.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <functional>
#include <vector>

#include "model/regs/declared_ids.h"
#include "testbench/fixture/simulated_test.h"
#include "testbench/root_complex/platform.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr std::uint32_t eeprom_interface_address = 0x3F190;
constexpr std::uint32_t busy = 1U << 24;
constexpr std::uint32_t done = 1U << 25;
constexpr std::uint32_t reads = 1U << 26;
constexpr std::uint32_t of_data = 0xFFU << 16;

topology_config board(bool with_places) {
    topology_config t;
    t.boot_mode = default_eeprom_boot_mode;
    t.eeprom.present = true;
    t.eeprom.image = {0xE0, 0x1F}; // done, and its checksum
    const auto place = [&t](const char* name, unsigned msb, unsigned lsb) {
        t.layout.fields.at(
            regs::declared_field_named(regs::space_id::sw, "EEPROMINTF", name).index) = {
            true, static_cast<std::uint8_t>(msb), static_cast<std::uint8_t>(lsb)};
    };
    if (with_places) {
        place("ADDR", 15, 0);
        place("DATA", 23, 16);
        place("BUSY", 24, 24);
        place("DONE", 25, 25);
        place("OP", 26, 26);
    }
    return t;
}

class eeprom_board {
public:
    explicit eeprom_board(bool with_places = true, const timing_config& timing = timing_config{})
        : bench("bench", board(with_places), timing, nullptr) {}

    platform bench;

    void run(const std::function<void()>& body) {
        test_.run(
            [&] {
                bench.power_on();
                body();
            },
            sc_core::sc_time(1, sc_core::SC_SEC));
    }
    static void settle() { sc_core::wait(10, sc_core::SC_US); }
    std::uint32_t now() { return bench.device().global_read(eeprom_interface_address); }
    void start(std::uint32_t value) {
        bench.device().global_write(eeprom_interface_address, value);
    }
    /// An access from its start to its end; what the register shows then.
    std::uint32_t access(std::uint32_t value) {
        start(value);
        while ((now() & busy) != 0)
            settle();
        return now();
    }

private:
    simulated_test test_{};
};

class eeprom_board_without_places : public eeprom_board {
public:
    eeprom_board_without_places() : eeprom_board(false) {}
};

class eeprom_board_without_delays : public eeprom_board {
public:
    eeprom_board_without_delays() : eeprom_board(true, ideal_timing()) {}
};

} // namespace

BOOST_AUTO_TEST_SUITE(eeprom_access)

BOOST_FIXTURE_TEST_CASE(bytes_are_read_and_written_by_the_register, eeprom_board) { // B15.7
    run([this] {
        BOOST_TEST(access(reads | 0) == (reads | done | 0xE0U << 16));
        BOOST_TEST(access(reads | 1) == (reads | done | 0x1FU << 16 | 1));
        BOOST_TEST(access(reads | 0x1234) == (reads | done | of_data | 0x1234)); // blank
        BOOST_TEST(access(0x5AU << 16 | 0x1234) == (done | 0x5AU << 16 | 0x1234));
        BOOST_TEST(access(reads | 0x1234) == (reads | done | 0x5AU << 16 | 0x1234));
    });
}

BOOST_FIXTURE_TEST_CASE(an_access_is_busy_until_its_end_and_another_one_is_not_started,
                        eeprom_board) { // B15.7
    run([this] {
        start(0x11U << 16 | 5);
        BOOST_TEST((now() & (busy | done)) == busy);
        start(0x22U << 16 | 5); // undefined; here it does nothing
        sc_core::wait(4900, sc_core::SC_US);
        BOOST_TEST((now() & (busy | done)) == busy);
        sc_core::wait(200, sc_core::SC_US);
        BOOST_TEST((now() & (busy | done)) == done);
        BOOST_TEST(access(reads | 5) == (reads | done | 0x11U << 16 | 5));
    });
}

BOOST_FIXTURE_TEST_CASE(only_writing_data_starts_and_done_clears_with_a_one, eeprom_board) {
    run([this] {
        (void)access(reads | 1);
        BOOST_TEST((now() & done) != 0U);
        // The byte of OP, BUSY and DONE alone, as the slave SMBus can.
        const std::vector<std::uint8_t> upper{0x43, 7, 0x08, 0x64, 0xFC, 0, 0, 0, done >> 24};
        BOOST_TEST(bench.device().smbus_write(upper.data(), upper.size()) == upper.size());
        settle();
        BOOST_TEST((now() & (busy | done | reads)) == 0U);
        BOOST_TEST((now() & of_data) == 0x1FU << 16);
    });
}

BOOST_FIXTURE_TEST_CASE(a_reset_of_the_switch_ends_an_access, eeprom_board) { // B15.7
    run([this] {
        start(0x11U << 16 | 5);
        bench.device().fundamental_reset();
        BOOST_TEST(now() == 0U);
        sc_core::wait(6, sc_core::SC_MS);
        BOOST_TEST(now() == 0U);
    });
}

BOOST_FIXTURE_TEST_CASE(without_a_place_for_its_fields_the_register_only_stores,
                        eeprom_board_without_places) { // B15.7
    run([this] {
        start(0xFFFFFFFF);
        settle();
        BOOST_TEST(now() == 0xFFFFFFFFU);
        start(reads);
        BOOST_TEST(now() == reads);
    });
}

BOOST_FIXTURE_TEST_CASE(without_a_delay_an_access_is_over_when_the_write_returns,
                        eeprom_board_without_delays) {
    run([this] {
        start(0x5AU << 16 | 7);
        BOOST_TEST(now() == (done | 0x5AU << 16 | 7));
        start(reads | 7);
        BOOST_TEST(now() == (reads | done | 0x5AU << 16 | 7));
    });
}

BOOST_AUTO_TEST_SUITE_END()
