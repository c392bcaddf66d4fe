// SPDX-License-Identifier: Apache-2.0
// Images as text, and the names of registers in the global space.
#include <boost/test/unit_test.hpp>

#include "testbench/eeprom/addresses.h"
#include "testbench/eeprom/disassembly.h"

using namespace ntb;
using namespace ntb::eeprom;

namespace {

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

void expect_line(const std::string& text, const std::string& line) {
    BOOST_TEST(has(text, line + "\n"), "no line \"" << line << "\" in\n" << text);
}

} // namespace

BOOST_AUTO_TEST_SUITE(disassembly_of_images)

BOOST_AUTO_TEST_CASE(registers_have_their_names) { // B1.7
    BOOST_TEST(register_name(0x3E100) == "SWPART0CTL");
    BOOST_TEST(register_name(0x3F1D4) == "TMPCTL");
    BOOST_TEST(register_name(0x05470) == "port2.BARSETUP0");
    BOOST_TEST(register_name(0x01000) == "port0.VID/DID");
    BOOST_TEST(register_name(0x04000) == "port2.P2PVID/P2PDID");
    BOOST_TEST(register_name(0x3FFFC).empty());
    BOOST_TEST(register_name(0x05FF0).empty());
}

BOOST_AUTO_TEST_CASE(every_block_is_a_line) {
    const std::string text = disassembly(image_builder()
                                             .write(0x3F1D4, 0)
                                             .sequence(0x3E080, {0, 0xFA})
                                             .wait(0x3E104, 2, ~2U)
                                             .write(0x3FFFC, 7)
                                             .done()
                                             .bytes());
    expect_line(text, "  0x0000  write     TMPCTL = 0x00000000");
    expect_line(text, "  0x0007  sequence  2 dwords");
    expect_line(text, "  0x000c            RDRAINDELAY = 0x00000000");
    expect_line(text, "  0x0010            POMCDELAY = 0x000000fa");
    expect_line(text, "  0x0014  wait      SWPART0STS & 0x00000002 == 0x00000002");
    expect_line(text, "  0x001f  write     0x3fffc (no register) = 0x00000007");
    BOOST_TEST(has(text, "  0x0026  done      checksum 0x"));
}

BOOST_AUTO_TEST_CASE(configurations_behind_jumps_are_shown_and_what_nothing_reaches_is_told) {
    image bytes = image_builder().jump(1, 8).done().byte(1).byte(2).byte(3).done().bytes();
    bytes.resize(bytes.size() + 6, 0xFF);
    const std::string text = disassembly(bytes);
    expect_line(text, "  0x0000  jump 1    to 0x0008 in boot mode 3");
    BOOST_TEST(has(text, "  0x0003  done"));
    expect_line(text, "  0x0005            3 bytes that no block reaches");
    BOOST_TEST(has(text, "  0x0008  done"));
    expect_line(text, "  0x000a            6 blank bytes");
}

BOOST_AUTO_TEST_CASE(what_is_no_block_is_an_error_line) {
    expect_line(disassembly(image(4, 0xFF)), "  0x0000  error     type 0xff begins no block");
    expect_line(disassembly({}), "  0x0000  error     the image ends before a done block");
    image cut = image_builder().sequence(0x3E080, {1, 2}).bytes();
    cut.resize(cut.size() - 2);
    expect_line(disassembly(cut), "  0x0009  error     the image ends before the sequence");
}

BOOST_AUTO_TEST_CASE(blocks_that_overlap_again_and_again_give_no_endless_text) {
    // Jumps to every byte of a run of sequence headers, each over all that is left.
    image bytes;
    for (unsigned target = 0; target < 8000; ++target) {
        const image jump = image_builder().jump(0, 24000 + target * 5).bytes();
        bytes.insert(bytes.end(), jump.begin(), jump.end());
    }
    while (bytes.size() + 5 < eeprom_max_bytes) {
        const image header{0x20, 0, 0, 0xFF, 0x3F};
        bytes.insert(bytes.end(), header.begin(), header.end());
    }
    BOOST_TEST(disassembly(bytes).size() < 100 * bytes.size());
}

BOOST_AUTO_TEST_SUITE_END()
