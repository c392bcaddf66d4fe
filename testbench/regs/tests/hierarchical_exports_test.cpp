// SPDX-License-Identifier: Apache-2.0
// SystemRDL and IP-XACT: each fact of the map in the words of the language. That the text is the
// language's, and complete, is shown by parsers that are not ours (testbench/checks/exported_*.py).

#include <boost/test/unit_test.hpp>

#include <string>

#include "testbench/regs/export.h"
#include "testbench/regs/families.h"

using namespace ntb::regs;

namespace {

/// The part of the text from `first` to the next `last` behind it, both included.
std::string part(const std::string& text, const std::string& first, const std::string& last) {
    const std::size_t from = text.find(first);
    BOOST_REQUIRE_MESSAGE(from != std::string::npos, first << " is there");
    const std::size_t to = text.find(last, from);
    BOOST_REQUIRE_MESSAGE(to != std::string::npos, last << " is behind it");
    return text.substr(from, to - from + last.size());
}

bool contains(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

std::string rdl_of(const std::string& name, const std::string& end) {
    return part(export_systemrdl(), "ntb_name = \"" + name + "\"", end);
}

/// The last field of `text` that ends with `instance`.
std::string rdl_field(const std::string& text, const std::string& instance) {
    const std::size_t end = text.find("} " + instance + "[");
    BOOST_REQUIRE_MESSAGE(end != std::string::npos, instance << " is there");
    return text.substr(text.rfind("field {", end), end);
}

std::string xml_of(const std::string& name) {
    return part(export_ipxact(), "<ipxact:displayName>" + name + "<", "</ipxact:register>");
}

std::string xml_field(const std::string& text, const std::string& name) {
    return part(text, "<ipxact:name>" + name + "<", "</ipxact:field>");
}

} // namespace

BOOST_AUTO_TEST_SUITE(in_systemrdl)

BOOST_AUTO_TEST_CASE(access_is_said_with_sw_hw_and_onwrite) {
    const std::string status = rdl_of("NTINTSTS", "} NTINTSTS @");
    BOOST_TEST(contains(rdl_field(status, "MSG"), "sw = r; hw = w;"));
    BOOST_TEST(contains(rdl_field(status, "SEVENT"), "sw = rw; hw = rw; onwrite = woclr;"));
    BOOST_TEST(contains(rdl_of("OUTDBELLSET", "} OUTDBELLSET @"), "sw = w; hw = r;"));
    BOOST_TEST(contains(rdl_of("NTINTMSK", "} NTINTMSK @"), "sw = rw; hw = r;"));
}

BOOST_AUTO_TEST_CASE(the_reset_signal_tells_which_resets_reach_a_field) {
    BOOST_TEST(contains(rdl_of("VID", "} VID @"), "resetsignal = any_reset;"));
    BOOST_TEST(contains(rdl_of("DID", "} DID @"), "resetsignal = fundamental_reset;"));
}

BOOST_AUTO_TEST_CASE(sources_and_confidence_are_properties) {
    const std::string text = rdl_of("BARSETUP{n}", "} BARSETUP @");
    for (const char* what : {"ntb_source = \"", "ntb_behaviour = \"B9.1", "ntb_confidence = \"",
                             "ntb_reset_confidence = \"not confirmed\""})
        BOOST_TEST(contains(text, what), what);
    BOOST_TEST(contains(rdl_of("GASADATA", "} GASADATA @"), "ntb_dword_only = true;"));
}

BOOST_AUTO_TEST_CASE(families_are_arrays_and_regfiles) {
    const std::string text = export_systemrdl();
    for (const char* what :
         {"} OUTMSG[4] @ 0x430 += 0x4;", "} SWPORT[24] @ 0x3E200 += 0x20;",
          "} SWP_MSGCTL[8] @ 0x000 += 0x4;", "} SWP_MSGCTL_regs[4] @ 0x3EE00 += 0x20;"})
        BOOST_TEST(contains(text, what), what);
}

BOOST_AUTO_TEST_CASE(what_has_no_known_place_is_defined_without_an_instance) {
    const std::string text = export_systemrdl();
    for (const space& s : spaces) {
        for (std::size_t i = 0; i < s.declared_count; ++i) {
            BOOST_TEST(contains(text, "  reg " + identifier_of(s.declared[i]) + " {\n"));
            BOOST_TEST(!contains(text, "} " + identifier_of(s.declared[i]) + " @"));
        }
        for (std::size_t i = 0; i < s.declared_field_count; ++i)
            BOOST_TEST(
                contains(text, "    field " + std::string(s.declared_fields[i].name) + " {\n"));
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(in_ipxact)

BOOST_AUTO_TEST_CASE(what_has_no_known_place_is_a_vendor_extension) {
    const std::string text = export_ipxact();
    for (const space& s : spaces) {
        for (std::size_t i = 0; i < s.declared_count; ++i) {
            const std::string name(s.declared[i].name);
            BOOST_TEST(contains(text, "<ntb:name>" + name + "</ntb:name>"), name);
            BOOST_TEST(!contains(text, "<ipxact:displayName>" + name + "<"), name);
        }
        for (std::size_t i = 0; i < s.declared_field_count; ++i)
            BOOST_TEST(contains(text, "<ntb:name>" + std::string(s.declared_fields[i].name) +
                                          "</ntb:name>"));
    }
}

BOOST_AUTO_TEST_CASE(access_is_said_with_access_and_modified_write_value) {
    const std::string status = xml_of("NTINTSTS");
    BOOST_TEST(contains(xml_field(status, "MSG"), "<ipxact:access>read-only<"));
    const std::string event = xml_field(status, "SEVENT");
    BOOST_TEST(contains(event, "<ipxact:access>read-write<"));
    BOOST_TEST(contains(event, "<ipxact:modifiedWriteValue>oneToClear<"));
    BOOST_TEST(contains(event, "<ipxact:volatile>true<"));
    BOOST_TEST(contains(xml_of("OUTDBELLSET"), "<ipxact:access>write-only<"));
    const std::string mask = xml_of("NTINTMSK");
    BOOST_TEST(contains(mask, "<ipxact:access>read-write<"));
    BOOST_TEST(!contains(mask, "modifiedWriteValue"));
}

BOOST_AUTO_TEST_CASE(a_field_that_a_hot_reset_keeps_has_only_the_fundamental_one) {
    BOOST_TEST(contains(xml_of("VID"), "resetTypeRef=\"HOT\"><ipxact:value>'h111D<"));
    BOOST_TEST(!contains(xml_of("DID"), "resetTypeRef"));
    BOOST_TEST(contains(xml_of("DID"), "<ipxact:reset><ipxact:value>'h8091<"));
}

BOOST_AUTO_TEST_CASE(sources_and_confidence_are_vendor_extensions) {
    const std::string text = xml_of("BARSETUP{n}");
    for (const char* what : {"<ntb:source>", "<ntb:behaviour>B9.1", "<ntb:confidence>",
                             "<ntb:resetConfidence>not confirmed<"})
        BOOST_TEST(contains(text, what), what);
    BOOST_TEST(contains(xml_of("GASADATA"), "<ntb:dwordOnly>true<"));
}

BOOST_AUTO_TEST_CASE(offsets_count_from_the_address_block) {
    BOOST_TEST(contains(export_ipxact(), "<ipxact:baseAddress>'h3E000<"));
    BOOST_TEST(contains(xml_of("SWCTL"), "<ipxact:addressOffset>'h0<"));
}

BOOST_AUTO_TEST_SUITE_END()
