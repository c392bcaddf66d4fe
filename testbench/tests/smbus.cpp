// SPDX-License-Identifier: Apache-2.0
// The slave SMBus (docs/reference/behaviour.md section 16): command codes, sequences, packet error
// codes, and what is not acknowledged. Bytes are written as they travel, not by the model's own
// constants, so that a slip there shows.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <vector>

#include "testbench/fixture/simulated_test.h"
#include "testbench/fixture/two_hosts.h"
#include "testbench/root_complex/platform.h"

using namespace ntb;
using namespace ntb::test;

namespace {

using bytes = std::vector<std::uint8_t>;

// Command codes: END, START, CSR or EEPROM, byte, word or block.
constexpr std::uint8_t csr_seq = 0x43;
constexpr std::uint8_t eeprom_seq = 0x47;
constexpr std::uint8_t pec = 0x80;

std::uint8_t crc8(const bytes& of) {
    unsigned crc = 0;
    for (const std::uint8_t b : of)
        for (unsigned bit = 8; bit-- != 0;) {
            const bool out = ((crc >> 7 ^ (unsigned{b} >> bit & 1U)) & 1U) != 0;
            crc = (crc << 1 & 0xFFU) ^ (out ? 0x07U : 0U);
        }
    return static_cast<std::uint8_t>(crc);
}

bytes le32(std::uint32_t v) {
    return {static_cast<std::uint8_t>(v), static_cast<std::uint8_t>(v >> 8),
            static_cast<std::uint8_t>(v >> 16), static_cast<std::uint8_t>(v >> 24)};
}

bytes joined(bytes a, const bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

/// CMD and address of a register.
bytes csr(std::uint8_t command, std::uint32_t address) {
    return {command, static_cast<std::uint8_t>(address >> 2),
            static_cast<std::uint8_t>(address >> 10)};
}

class master {
public:
    explicit master(ntb_switch& device) : device_(device) {}

    /// Whether every byte is acknowledged.
    bool write(const bytes& b) { return device_.smbus_write(b.data(), b.size()) == b.size(); }
    std::size_t acknowledged(const bytes& b) { return device_.smbus_write(b.data(), b.size()); }
    bool read(std::uint8_t code, bytes& out) {
        return device_.smbus_read(code, out.data(), out.size());
    }
    /// A block in one transaction, and the end of the command.
    bytes command(std::uint8_t code, const bytes& data, std::size_t reply) {
        bytes b{code, static_cast<std::uint8_t>(data.size())};
        BOOST_TEST(write(joined(b, data)));
        sc_core::wait(5, sc_core::SC_US);
        bytes out(reply + 1);
        BOOST_TEST(read(code, out));
        BOOST_TEST(out.at(0) == reply);
        out.erase(out.begin());
        return out;
    }

private:
    ntb_switch& device_;
};

constexpr std::uint32_t ntsdata_of_port2 = 2 * 0x2000 + 0x1000 + 0x40C;

class smbus_hosts : public two_hosts {
public:
    using two_hosts::two_hosts;
    master bus{bench.device()};
};

/// A switch that starts from this image.
class smbus_eeprom {
public:
    explicit smbus_eeprom(const bytes& image)
        : bench("bench", topology(image), timing_config{}, nullptr) {}

    platform bench;
    master bus{bench.device()};

    void run(const std::function<void()>& body) {
        test_.run(
            [&] {
                bench.power_on();
                body();
            },
            sc_core::sc_time(1, sc_core::SC_SEC));
    }

private:
    static topology_config topology(const bytes& image) {
        topology_config t;
        t.boot_mode = default_eeprom_boot_mode;
        t.eeprom.present = true;
        t.eeprom.image = image;
        return t;
    }
    simulated_test test_{};
};

const bytes done_image{0xE0, 0x1F};

} // namespace

BOOST_AUTO_TEST_SUITE(smbus)

BOOST_FIXTURE_TEST_CASE(register_0_answers_the_probe_of_the_driver, smbus_hosts) { // B16.2
    run([this] {
        const bytes reply = bus.command(csr_seq, csr(0x1F, 0), 7);
        BOOST_TEST(reply == joined(csr(0x1F, 0), le32(0x8091111D)),
                   boost::test_tools::per_element());
    });
}

BOOST_FIXTURE_TEST_CASE(a_register_is_written_and_read_back, smbus_hosts) { // B1.9 B16.2
    run([this] {
        enumerate_both();
        const bytes echo =
            bus.command(csr_seq, joined(csr(0x0F, ntsdata_of_port2), le32(0x12345678)), 7);
        BOOST_TEST(echo == joined(csr(0x0F, ntsdata_of_port2), le32(0x12345678)),
                   boost::test_tools::per_element());
        BOOST_TEST(read(host2, "NTSDATA") == 0x12345678U);
        const bytes reply = bus.command(csr_seq, csr(0x1F, ntsdata_of_port2), 7);
        BOOST_TEST(reply == joined(csr(0x1F, ntsdata_of_port2), le32(0x12345678)),
                   boost::test_tools::per_element());
    });
}

BOOST_FIXTURE_TEST_CASE(byte_enables_choose_the_bytes, smbus_hosts) { // B16.2
    run([this] {
        enumerate_both();
        bus.command(csr_seq, joined(csr(0x0F, ntsdata_of_port2), le32(0x11111111)), 7);
        bus.command(csr_seq, joined(csr(0x05, ntsdata_of_port2), le32(0xFFEEDDCC)), 7);
        BOOST_TEST(read(host2, "NTSDATA") == 0x11EE11CCU);
        const bytes reply = bus.command(csr_seq, csr(0x12, ntsdata_of_port2), 7);
        BOOST_TEST(reply == joined(csr(0x12, ntsdata_of_port2), le32(0x00001100)),
                   boost::test_tools::per_element());
    });
}

BOOST_FIXTURE_TEST_CASE(a_write_acts_as_a_host_s_does, smbus_hosts) { // B1.9 B5.1
    run([this] {
        enumerate_both();
        bus.command(csr_seq, joined(csr(0x0F, 0x1000 + 0x420), le32(4)), 7); // OUTDBELLSET
        settle();
        BOOST_TEST(read(host2, "INDBELLSTS") == 4U);
    });
}

BOOST_FIXTURE_TEST_CASE(bytes_and_words_make_the_same_sequences_as_blocks, smbus_hosts) { // B16.1
    run([this] {
        // START with the first, END with the last; words and a byte at the end, or bytes only.
        BOOST_TEST(bus.write({0x22, 0x1F, 0x00}));
        BOOST_TEST(bus.write({0x01, 0x00}));
        settle();
        bytes word(2);
        BOOST_TEST(bus.read(0x22, word));
        BOOST_TEST(word == (bytes{0x1F, 0x00}), boost::test_tools::per_element());
        BOOST_TEST(bus.read(0x20, word));
        BOOST_TEST(word == (bytes{0x00, 0x1D}), boost::test_tools::per_element());
        BOOST_TEST(bus.read(0x20, word));
        BOOST_TEST(word == (bytes{0x11, 0x91}), boost::test_tools::per_element());
        bytes byte(1);
        BOOST_TEST(bus.read(0x01, byte));
        BOOST_TEST(byte.at(0) == 0x80U);
        BOOST_TEST(bus.write({0x02, 0x1F}));
        BOOST_TEST(bus.write({0x00, 0x00}));
        BOOST_TEST(bus.write({0x01, 0x00}));
        settle();
        bytes block(8);
        BOOST_TEST(bus.read(csr_seq, block));
        BOOST_TEST(block == joined({7}, joined(csr(0x1F, 0), le32(0x8091111D))),
                   boost::test_tools::per_element());
    });
}

BOOST_FIXTURE_TEST_CASE(while_a_command_is_under_way_nothing_is_acknowledged,
                        smbus_hosts) { // B16.1
    run([this] {
        const bytes request = joined({csr_seq, 3}, csr(0x1F, 0));
        bytes out(8);
        BOOST_TEST(!bus.read(csr_seq, out)); // nothing to read yet
        BOOST_TEST(bus.write(request));
        BOOST_TEST(bus.acknowledged(request) == 0U);
        BOOST_TEST(!bus.read(csr_seq, out));
        wait_ns(999);
        BOOST_TEST(!bus.read(csr_seq, out));
        wait_ns(200); // the command's time, and that of the global space
        BOOST_TEST(bus.read(csr_seq, out));
        BOOST_TEST(!bus.read(eeprom_seq, out)); // another function has nothing to say
        BOOST_TEST(bus.write(request));
    });
}

BOOST_FIXTURE_TEST_CASE(packet_error_codes_are_checked_and_given, smbus_hosts) { // SMBus 2.0, 5.4
    run([this] {
        // The slave's address is 0 here: SMBUSSTS.SSMBADDR.
        const bytes request = joined({csr_seq | pec, 3}, csr(0x1F, 0));
        const std::uint8_t code = crc8(joined({0x00}, request));
        BOOST_TEST(bus.acknowledged(joined(request, {static_cast<std::uint8_t>(code ^ 1U)})) ==
                   request.size());
        settle();
        bytes out(9);
        BOOST_TEST(!bus.read(csr_seq | pec, out)); // nothing was carried out
        BOOST_TEST(bus.write(joined(request, {code})));
        settle();
        BOOST_TEST(bus.read(csr_seq | pec, out));
        bytes covered = joined({0x00, csr_seq | pec, 0x01}, out);
        covered.pop_back();
        BOOST_TEST(out.back() == crc8(covered));
    });
}

BOOST_FIXTURE_TEST_CASE(what_is_no_command_is_not_acknowledged, smbus_hosts) { // B16.1
    run([this] {
        BOOST_TEST(bus.acknowledged({0x4B, 1, 0}) == 0U); // function 2
        BOOST_TEST(bus.acknowledged({0x63, 1, 0}) == 0U); // size 3
        BOOST_TEST(bus.acknowledged({}) == 0U);
        BOOST_TEST(bus.acknowledged({0x00, 0x1F}) == 0U);       // no START before
        BOOST_TEST(bus.acknowledged({csr_seq, 9, 0, 0}) == 1U); // the count is wrong
        BOOST_TEST(bus.acknowledged({0x23, 0x1F}) == 1U);       // half a word
        BOOST_TEST(bus.acknowledged(joined({csr_seq, 32}, bytes(32, 0))) == 1U); // too long
        BOOST_TEST(bus.write({0x02, 0x1F}));
        BOOST_TEST(bus.acknowledged({0x04, 0x00}) == 0U); // another function than the open one
        BOOST_TEST(bus.write({0x00, 0x00}));
    });
}

BOOST_FIXTURE_TEST_CASE(a_sequence_of_the_wrong_length_or_place_tells_an_error,
                        smbus_hosts) { // B16.2
    run([this] {
        BOOST_TEST(bus.command(csr_seq, {0x1F, 0x00}, 7).at(0) == (0x1F | 0x40));
        BOOST_TEST(bus.command(csr_seq, csr(0x0F, 0), 7).at(0) == (0x0F | 0x80));
        BOOST_TEST(bus.command(csr_seq, csr(0x1F, 0x3DFFC), 7).at(0) == (0x1F | 0x40));
        BOOST_TEST(bus.command(csr_seq, joined(csr(0x0F, 0x3DFFC), le32(1)), 7).at(0) ==
                   (0x0F | 0x80));
    });
}

BOOST_FIXTURE_TEST_CASE(without_an_eeprom_nobody_answers_there, smbus_hosts) { // B16.3
    run([this] {
        BOOST_TEST(bus.command(eeprom_seq, {0x01, 0xA0, 0x00, 0x00}, 5).at(0) == (0x01 | 0x08));
    });
}

BOOST_AUTO_TEST_CASE(the_eeprom_is_read_and_written_and_busy_after_a_write) { // B16.3
    smbus_eeprom board(done_image);
    board.run([&board] {
        BOOST_TEST(board.bus.command(eeprom_seq, {0x01, 0x00, 0x00, 0x00}, 5) ==
                       (bytes{0x01, 0x00, 0x00, 0x00, 0xE0}),
                   boost::test_tools::per_element());
        BOOST_TEST(board.bus.command(eeprom_seq, {0x03, 0xA0, 0x01, 0x00}, 5).at(4) == 0x1FU);
        BOOST_TEST(board.bus.command(eeprom_seq, {0x03, 0xA0, 0x34, 0x12}, 5).at(4) == 0xFFU);
        BOOST_TEST(board.bus.command(eeprom_seq, {0x03, 0xA2, 0x01, 0x00}, 5).at(0) ==
                   (0x03 | 0x08)); // another address
        BOOST_TEST(board.bus.command(eeprom_seq, {0x02, 0xA0, 0x34, 0x12, 0x5A}, 5).at(0) == 0x02U);
        BOOST_TEST(board.bus.command(eeprom_seq, {0x01, 0x00, 0x34, 0x12}, 5).at(0) ==
                   (0x01 | 0x08)); // busy
        sc_core::wait(5, sc_core::SC_MS);
        BOOST_TEST(board.bus.command(eeprom_seq, {0x01, 0x00, 0x34, 0x12}, 5).at(4) == 0x5AU);
        BOOST_TEST(board.bus.command(eeprom_seq, {0x01, 0x00, 0x34}, 5).at(0) == (0x01 | 0x20));
        BOOST_TEST(board.bus.acknowledged({0x04, 0x00}) == 0U); // no START
        BOOST_TEST(board.bus.command(eeprom_seq, {0x01, 0x00, 0x00, 0x00}, 5).at(0) ==
                   (0x01 | 0x20));
        BOOST_TEST(board.bus.command(eeprom_seq, {0x01, 0x00, 0x00, 0x00}, 5).at(0) == 0x01U);
    });
}

BOOST_AUTO_TEST_CASE(a_halted_switch_answers_by_smbus) { // B15.5
    smbus_eeprom board(bytes(16, 0xFF));                 // blank
    board.run([&board] {
        BOOST_TEST((board.bench.device().eeprom().state == eeprom_state::halted));
        BOOST_TEST(board.bus.command(csr_seq, csr(0x1F, 0), 7).at(3) == 0x1DU);
    });
}

BOOST_AUTO_TEST_SUITE_END()
