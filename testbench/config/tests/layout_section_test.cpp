// SPDX-License-Identifier: Apache-2.0
// The [layout] section: what it places, and errors that name file, line and key.
#include <boost/test/unit_test.hpp>

#include "model/register_layout.h"
#include "testbench/config/topology_file.h"

using namespace ntb;
using namespace ntb::config;
using regs::space_id;

namespace {

// Lines 1..9; the section begins at line 10.
const std::string base = "device = \"89HPES24NT6AG2\"\n"
                         "[[partition]]\nid = 0\nstate = \"active\"\n"
                         "[[port]]\nnumber = 0\nmode = \"nt\"\npartition = 0\n[layout]\n";

topology_config with(const std::string& section) {
    return parse_topology(base + section, "x.toml").topology;
}

void expect_error(const std::string& section, const std::string& wanted) {
    std::string got = "no error";
    try {
        (void)with(section);
    } catch (const config_error& error) {
        got = error.what();
    }
    BOOST_TEST(got == "x.toml:10: layout." + wanted);
}

regs::field_ref field_of(const topology_config& t, space_id id, const char* in, const char* name) {
    return register_layout(t.layout).field(regs::declared_field_named(id, in, name));
}

} // namespace

BOOST_AUTO_TEST_SUITE(layout_sections)

BOOST_AUTO_TEST_CASE(nothing_has_a_place_by_default) {
    const register_layout layout(load_topology("two-host").topology.layout);
    for (const regs::space& s : regs::spaces)
        BOOST_TEST(!layout.touches(s.id), std::string(s.name));
    const auto fen = layout.field(regs::declared_field_named(space_id::sw, "SWPORT{x}CTL", "FEN"));
    BOOST_TEST(fen.mask == 0U);
    BOOST_TEST(fen.get(0xFFFFFFFF) == 0U);
    BOOST_TEST(fen.put(0x1234, 1) == 0x1234U);
    BOOST_TEST(layout.offset(regs::declared_register_named(space_id::port, "P2PSDATA")) ==
               regs::unknown_offset);
}

BOOST_AUTO_TEST_CASE(a_field_takes_a_bit_or_a_range_under_either_name_of_its_register) {
    for (const char* text : {"SWPORTxCTL = { FEN = 20, FCAPSEL = \"22:21\" }\n",
                             "\"SWPORT{x}CTL\".FEN = 20\n\"SWPORT{x}CTL\".FCAPSEL = \"22:21\"\n"}) {
        const topology_config t = with(text);
        BOOST_TEST(field_of(t, space_id::sw, "SWPORT{x}CTL", "FEN").mask == 0x00100000U);
        BOOST_TEST(field_of(t, space_id::sw, "SWPORT{x}CTL", "FCAPSEL").mask == 0x00600000U);
        BOOST_TEST(register_layout(t.layout).touches(space_id::sw));
        BOOST_TEST(!register_layout(t.layout).touches(space_id::nt));
    }
}

BOOST_AUTO_TEST_CASE(a_declared_register_takes_an_offset_and_its_fields_positions) {
    const topology_config t =
        with("P2PSDATA = 0x40C\nP2PINTMSK = { offset = 0x408, FMCC = 5, SEVENT = 3 }\n"
             "SEAERSTS = { offset = 0x3EC38, PORT = \"23:0\" }\n");
    const register_layout layout(t.layout);
    BOOST_TEST(layout.offset(regs::declared_register_named(space_id::port, "P2PSDATA")) == 0x40CU);
    BOOST_TEST(layout.offset(regs::declared_register_named(space_id::port, "P2PINTMSK")) == 0x408U);
    BOOST_TEST(field_of(t, space_id::port, "P2PINTMSK", "FMCC").mask == 0x20U);
    BOOST_TEST(field_of(t, space_id::sw, "SEAERSTS", "PORT").mask == 0xFFFFFFU);
}

BOOST_AUTO_TEST_CASE(a_place_that_is_taken_is_an_error) {
    expect_error("P2PSDATA = 0x050\n", "P2PSDATA: P2PPCIELCTLSTS is there (give a free offset)");
    expect_error("P2PSDATA = { offset = 0x508 }\nP2PINTSTS = 0x508\n",
                 "P2PSDATA.offset: P2PINTSTS is there (give a free offset)");
    expect_error("SWPORTxSTS = { PFAILOVER = 20 }\n",
                 "SWPORTxSTS.PFAILOVER: DEVNUM is at these bits (give free bits)");
    expect_error("SWPORTxSTS = { PFAILOVER = 22, SFAILOVER = 22 }\n",
                 "SWPORTxSTS.SFAILOVER: PFAILOVER is at these bits (give free bits)");
}

BOOST_AUTO_TEST_CASE(what_has_no_name_here_is_an_error) {
    expect_error("SWPORTCTL = { FEN = 20 }\n", "SWPORTCTL: no register is called \"SWPORTCTL\" "
                                               "(`ntbsim regs list` prints the names)");
    expect_error("SWCTL = { HALT = 1 }\n",
                 "SWCTL.HALT: no field of that name is without a position (known here: RSTHALT)");
    expect_error("SWPORTxSTS = { MODE = 1 }\n",
                 "SWPORTxSTS.MODE: no field of that name is without a position "
                 "(known here: PFAILOVER, SFAILOVER)");
    expect_error("NTCTL = { CPEN = 1 }\n",
                 "NTCTL: its place and the positions of its fields are known (leave it out)");
    expect_error("SWCTL = 0x3E000\n",
                 "SWCTL: the register's offset is known (give fields: RSTHALT)");
    expect_error("DMACxCTL = 0x100\n", "DMACxCTL: the DMA engine is not modelled (leave it out)");
}

BOOST_AUTO_TEST_CASE(a_place_out_of_range_is_an_error) {
    expect_error("P2PSDATA = 0x1000\n",
                 "P2PSDATA: 0x1000 is outside the space (give one of 0x0..0xFFC)");
    expect_error("SEAERSTS = 0x100\n",
                 "SEAERSTS: 0x100 is outside the space (give one of 0x3E000..0x3FFFC)");
    expect_error("P2PSDATA = -4\n", "P2PSDATA: is -4, out of range (write one of 0..4294967294)");
    expect_error("P2PSDATA = \"4\"\n",
                 "P2PSDATA: is not a whole number (write one of 0..4294967294)");
    expect_error("P2PSDATA = 0x40E\n", "P2PSDATA: is no multiple of the register's size "
                                       "(give an aligned offset)");
    expect_error("SWCTL = { RSTHALT = 32 }\n",
                 "SWCTL.RSTHALT: is 32, out of range (write one of 0..31)");
    for (const char* text : {"\"32:30\"", "\"1:2\"", "\"\"", "\":\"", "\"a\"", "true", "[1]"})
        expect_error("SWCTL = { RSTHALT = " + std::string(text) + " }\n",
                     "SWCTL.RSTHALT: is no bit position (write like 5 or \"7:4\")");
    expect_error("SWCTL = { RSTHALT = \"1:0\" }\n",
                 "SWCTL.RSTHALT: the field has another width (give that many bits)");
    expect_error("P2PINTMSK = { FMCC = 5 }\n",
                 "P2PINTMSK.FMCC: the register has no offset (give offset = ... too)");
}

BOOST_AUTO_TEST_CASE(one_place_given_under_two_names_is_an_error) {
    const std::string one = "\"SWPORT{x}CTL\" = { FEN = 20 }\n";
    BOOST_CHECK_EXCEPTION((void)with(one + "SWPORTxCTL = { FEN = 20 }\n"), config_error,
                          [](const config_error& e) {
                              return std::string(e.what()).find("FEN: is given twice (keep one)") !=
                                     std::string::npos;
                          });
}

BOOST_AUTO_TEST_SUITE_END()
