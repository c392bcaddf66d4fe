// SPDX-License-Identifier: Apache-2.0
// The [reset] section: which values it gives, and errors that name file, line and key.
#include <boost/test/unit_test.hpp>

#include "model/regs/all_maps.h"
#include "testbench/config/topology_file.h"

using namespace ntb;
using namespace ntb::config;
using regs::space_id;

namespace {

// Lines 1..9; the section begins at line 10.
const std::string base = "device = \"89HPES24NT6AG2\"\n"
                         "[[partition]]\nid = 0\nstate = \"active\"\n"
                         "[[port]]\nnumber = 0\nmode = \"nt\"\npartition = 0\n[reset]\n";

std::vector<reset_value> with(const std::string& section) {
    return parse_topology(base + section, "x.toml").topology.resets;
}

void expect_error(const std::string& section, const std::string& wanted) {
    std::string got = "no error";
    try {
        (void)with(section);
    } catch (const config_error& error) {
        got = error.what();
    }
    BOOST_TEST(got == "x.toml:10: reset." + wanted);
}

void expect_only(const std::string& section, space_id id, std::uint32_t offset, std::uint32_t mask,
                 std::uint32_t bits) {
    const auto values = with(section);
    BOOST_TEST_REQUIRE(values.size() == 1U, section);
    BOOST_TEST((values[0].space == id));
    BOOST_TEST(values[0].offset == offset);
    BOOST_TEST(values[0].mask == mask);
    BOOST_TEST(values[0].bits == bits);
}

} // namespace

BOOST_AUTO_TEST_SUITE(reset_sections)

BOOST_AUTO_TEST_CASE(without_the_section_the_map_s_values_hold) { // B21.1
    for (const std::string& name : builtin_topologies())
        BOOST_TEST(load_topology(name).topology.resets.empty(), name);
}

BOOST_AUTO_TEST_CASE(a_register_a_field_and_one_of_a_family_take_a_value) {
    expect_only("INDBELLMSK = 0\n", space_id::nt, 0x42C, 0xFFFFFFFF, 0);
    expect_only("NTINTMSK = { DBELL = 0, SEVENT = 1 }\n", space_id::nt, 0x408, 0x0A, 0x08);
    expect_only("NTINTMSK = 0x80\n", space_id::nt, 0x408, 0xBB, 0x80);
    expect_only("SWP1MSGCTL3 = { PART = 5 }\n", space_id::sw, 0x3EE64, 0x70, 0x50);
    expect_only("RID = 2\n", space_id::nt, 0x008, 0xFF, 0x02);
    // A register in the upper half of its dword.
    expect_only("ACSCTL = 0x1234\n", space_id::nt, 0x324, 0xFFFF0000, 0x12340000);
    expect_only("SERDESCFG = { LSE = 1 }\n", space_id::port, 0x510, 0x10000, 0x10000);
    // The documented bits stay as they are.
    expect_only("BARLIMIT2 = 0x000003FF\n", space_id::nt, 0x494, 0xFFFFFC00, 0);
}

BOOST_AUTO_TEST_CASE(a_family_takes_a_value_for_all_its_members) {
    for (const char* name : {"SWPxMSGCTLn", "\"SWP{x}MSGCTL{n}\""}) {
        const auto values = with(std::string(name) + " = { REG = 2 }\n");
        BOOST_TEST_REQUIRE(values.size() == 32U);
        BOOST_TEST(values.front().offset == 0x3EE00U);
        BOOST_TEST(values.back().offset == 0x3EE7CU);
        for (const reset_value& v : values) {
            BOOST_TEST(v.mask == 0x3U);
            BOOST_TEST(v.bits == 0x2U);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_a_source_or_another_section_says_cannot_be_given) {
    expect_error("VID = 0x1234\n", "VID: its reset value 0x111D is documented (leave it out)");
    expect_error("NTCTL = { CPEN = 1 }\n",
                 "NTCTL.CPEN: its reset value 0x0 is documented (leave it out)");
    expect_error("BARLIMIT2 = 0\n", "BARLIMIT2: changes bits that cannot be given: 0x3FF "
                                    "(leave those as `ntbsim regs show` has them)");
    expect_error("DID = 1\n", "DID: comes from elsewhere (give device = \"NAME\")");
    expect_error("SWPORT2CTL = { MODE = 3 }\n",
                 "SWPORT2CTL.MODE: comes from elsewhere (give [[port]])");
    expect_error("OUTDBELLSET = 1\n",
                 "OUTDBELLSET: is a command, which has no value (leave it out)");
    expect_error("P2PSDATA = 1\n", "P2PSDATA: the register has no known offset (leave it out)");
    expect_error("DMARID = 1\n", "DMARID: the DMA function's values are fixed (leave it out)");
}

BOOST_AUTO_TEST_CASE(what_has_no_name_or_does_not_fit_is_an_error) {
    expect_error("NTINTMASK = 1\n", "NTINTMASK: no register is called \"NTINTMASK\" "
                                    "(`ntbsim regs list` prints the names)");
    expect_error("SWP8MSGCTL0 = 1\n", "SWP8MSGCTL0: no register is called \"SWP8MSGCTL0\" "
                                      "(`ntbsim regs list` prints the names)");
    expect_error("SEPMSK = { PORT = 1 }\n",
                 "SEPMSK.PORT: the register has no such field (known here: PART)");
    expect_error("SEPMSK = { PART = 256 }\n",
                 "SEPMSK.PART: is 256, out of range (write one of 0..255)");
    expect_error("SEPMSK = \"1\"\n", "SEPMSK: is not a whole number (write one of 0..4294967295)");
    expect_error("SEPMSK = 0x100\n", "SEPMSK: changes bits that cannot be given: 0x100 "
                                     "(leave those as `ntbsim regs show` has them)");
    expect_error("RID = 256\n", "RID: changes bits that cannot be given: 0x100 "
                                "(leave those as `ntbsim regs show` has them)");
}

BOOST_AUTO_TEST_SUITE_END()
