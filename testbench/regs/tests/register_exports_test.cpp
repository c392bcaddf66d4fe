// SPDX-License-Identifier: Apache-2.0
// Listings and exports: complete, and true to the map.

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "model/family.h"
#include "testbench/regs/export.h"
#include "testbench/regs/listing.h"
#include "testbench/regs/words.h"

using namespace ntb::regs;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string shown(std::string_view name) {
    const auto found = look_up(name);
    BOOST_REQUIRE_MESSAGE(found, std::string(name) << " is found");
    return show_text(*found);
}

} // namespace

BOOST_AUTO_TEST_CASE(numbers_have_the_digits_of_their_width) {
    BOOST_TEST(hex(0, 1) == "0x0");
    BOOST_TEST(hex(0x3E, 3) == "0x03E");
    BOOST_TEST(hex(0xFFFFFFFF, 1) == "0xFFFFFFFF");
    BOOST_TEST(hex_of_width(1, 16) == "0x0001");
    BOOST_TEST(hex_of_width(1, 3) == "0x1");
}

BOOST_AUTO_TEST_CASE(a_register_is_shown_with_all_its_facts) {
    const std::string text = shown("BARSETUP2");
    for (const char* part : {"BARSETUP2", "0x490", "32 bits", "n = 0..5, every 0x10", "ATRAN",
                             "12:11", "not confirmed", "keeps", "B9.1", "mainline header"})
        BOOST_TEST(contains(text, part), part);
}

BOOST_AUTO_TEST_CASE(a_field_with_a_documented_reset_value_is_not_marked) {
    const std::string text = shown("VID");
    BOOST_TEST(contains(text, "0x111D"));
    BOOST_TEST(!contains(text, "not confirmed"));
}

BOOST_AUTO_TEST_CASE(a_reset_value_that_differs_between_devices_is_shown_for_each) { // B1.1
    const std::string text = shown("DID");
    BOOST_TEST(contains(text, "0x8091\n"));
    const std::string page = export_markdown();
    for (const char* other : {"0x808F in the 89HPES32NT8AG2", "0x8088 in the 89HPES32NT8BG2",
                              "0x8092 in the 89HPES12NT12G2", "0x8090 in the 89HPES16NT16G2",
                              "0x808E in the 89HPES24NT24G2", "0x808C in the 89HPES32NT24AG2",
                              "0x808A in the 89HPES32NT24BG2"})
        BOOST_TEST((contains(text, other) && contains(page, other)), other);
    BOOST_TEST(!contains(shown("VID"), "89HPES"));
}

BOOST_AUTO_TEST_CASE(a_family_is_found_by_its_short_name_and_in_any_case) {
    BOOST_TEST(look_up("barsetup")->whole_family);
    BOOST_TEST(look_up("BARSETUP{n}")->whole_family);
    BOOST_TEST(!look_up("barsetup3")->whole_family);
    BOOST_TEST(!look_up("ntctl")->whole_family);
    BOOST_TEST(!look_up("nothing"));
}

BOOST_AUTO_TEST_CASE(the_list_has_a_line_for_every_row_and_every_member) {
    const auto lines = [](const std::string& text) {
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    };
    constexpr std::size_t heading_and_note = 2;
    std::size_t rows = 0;
    std::size_t declared = 0;
    for (const space& s : spaces) {
        rows += s.count;
        declared += s.declared_count;
    }
    BOOST_TEST(declared > 0U);
    BOOST_TEST(lines(list_text(false)) == rows + declared + heading_and_note);
    std::size_t members = 0;
    for_each_member([&](const member&) { ++members; });
    BOOST_TEST(lines(list_text(true)) == members + declared + heading_and_note);
}

BOOST_AUTO_TEST_CASE(the_list_fits_a_terminal_and_cuts_between_words) {
    for (const bool every_member : {false, true}) {
        std::istringstream text(list_text(every_member));
        for (std::string line; std::getline(text, line);)
            BOOST_TEST(line.size() <= terminal_width, line);
    }
    BOOST_TEST(contains(list_text(false), "  Header type 1; multi-function bit set when"));
    BOOST_TEST(!contains(list_text(false), " ...\n"));
}

BOOST_AUTO_TEST_CASE(a_declared_register_is_shown_without_an_offset) {
    const std::string text = shown("P2PINTMSK");
    for (const char* part : {"unknown: declared, not mapped", "FMCC", "position unknown"})
        BOOST_TEST(contains(text, part), part);
    BOOST_TEST(!contains(text, "0xFFFFFFFF"));
    BOOST_TEST(look_up("dmacsts")->whole_family);
    BOOST_TEST(contains(shown("SWPORT3CTL"), "FCAPSEL"));
}

BOOST_AUTO_TEST_CASE(a_mistyped_name_has_near_matches_the_likeliest_first) {
    const auto first = [](std::string_view typed) {
        const auto near = near_matches(typed);
        return near.empty() ? std::string() : near.front();
    };
    BOOST_TEST(first("NTINTST") == "NTINTSTS");
    BOOST_TEST(first("ntinststs") == "NTINTSTS");
    BOOST_TEST(first("BARSTUP2") == "BARSETUP2");
    BOOST_TEST(first("P2PINTMASK") == "P2PINTMSK");
    BOOST_TEST(first("DBELLMSK") == "INDBELLMSK");
    BOOST_TEST(first("SERDES") == "SERDESCFG"); // contains the word
    BOOST_TEST(first("XYZZYXYZZY") == "");
    BOOST_TEST(near_matches("MSG").size() == max_near_matches);
}

BOOST_AUTO_TEST_CASE(an_offset_finds_the_registers_that_hold_it) {
    const auto names = [](std::uint32_t offset, std::string_view in) {
        std::string out;
        for (const placed& p : at_offset(offset, in))
            out += (p.port ? std::to_string(*p.port) + "." : "") +
                   std::string(member_name(p.at).view()) + " ";
        return out;
    };
    BOOST_TEST(names(0x408, "") == "NTINTMSK ");
    BOOST_TEST(names(0x50, "port") == "P2PPCIELCTLSTS ");
    BOOST_TEST(names(0x51, "nt") == "PCIELCTL ");
    BOOST_TEST(names(0x50, "") == "PCIELCTL P2PPCIELCTLSTS ");
    BOOST_TEST(names(0x3E244, "") == "SWPORT2STS ");
    BOOST_TEST(names(0x05408, "") == "2.NTINTMSK ");
    BOOST_TEST(names(0x2A510, "") == "21.SERDESCFG ");
    BOOST_TEST(names(0x30408, "") == ""); // no port 24
    BOOST_TEST(names(0x900, "") == "");
}

BOOST_AUTO_TEST_CASE(the_json_export_says_what_the_map_says) {
    const auto all = nlohmann::json::parse(export_json());
    BOOST_TEST(all["spaces"].size() == spaces.size());
    std::size_t members = 0;
    for (std::size_t s = 0; s < spaces.size(); ++s) {
        const auto& rows = all["spaces"][s]["registers"];
        BOOST_TEST_REQUIRE(rows.size() == spaces[s].count);
        for (std::size_t i = 0; i < spaces[s].count; ++i) {
            const reg& r = spaces[s].rows[i];
            BOOST_TEST(rows[i]["name"].get<std::string>() == std::string(r.name));
            BOOST_TEST(rows[i]["reset"].get<std::uint32_t>() == reset_of(r));
            BOOST_TEST(rows[i]["fields"].size() == r.field_count());
            const auto& others = rows[i].value("reset_of_device", nlohmann::json::object());
            for (const ntb::family_member& device : ntb::family)
                BOOST_TEST(others.value(std::string(device.name), reset_of(r)) ==
                           reset_of(r, device.id));
            for (const auto& m : rows[i]["members"]) {
                const auto found = expand(m["name"].get<std::string>());
                BOOST_TEST_REQUIRE(found.has_value());
                BOOST_TEST(found->offset() == m["offset"].get<std::uint32_t>());
                ++members;
            }
        }
    }
    BOOST_TEST(members > 300U);
}

BOOST_AUTO_TEST_CASE(the_json_export_has_what_has_no_place) {
    const auto all = nlohmann::json::parse(export_json());
    BOOST_TEST(all["functions"].size() == function_bases.size());
    for (std::size_t s = 0; s < spaces.size(); ++s) {
        const auto& rows = all["spaces"][s]["declared"];
        BOOST_TEST_REQUIRE(rows.size() == spaces[s].declared_count);
        std::size_t fields = 0;
        for (const auto& row : rows) {
            BOOST_TEST(row["offset"].is_null());
            BOOST_TEST(row["members"].empty());
            fields += row["declared_fields"].size();
        }
        for (const auto& row : all["spaces"][s]["registers"])
            fields += row["declared_fields"].size();
        BOOST_TEST(fields == spaces[s].declared_field_count);
    }
}

BOOST_AUTO_TEST_CASE(the_c_header_names_offsets_masks_and_families) {
    const std::string text = export_c_header();
    for (const char* line :
         {"#define NTB_NT_NTINTSTS 0x404U\n", "#define NTB_NT_NTINTSTS_SEVENT_MASK 0x00000008U\n",
          "#define NTB_NT_NTINTSTS_SEVENT_SHIFT 3\n",
          "#define NTB_NT_BARSETUP(n) (0x470U + 0x10U * (n))\n",
          "#define NTB_SW_SWPORT_STS(x) (0x3E204U + 0x20U * (x))\n",
          "#define NTB_SW_SWP_MSGCTL(x, n) (0x3EE00U + 0x4U * (x) + 0x20U * (n))\n",
          "#define NTB_NT_NTINTMSK_RESET 0x000000BBU\n",
          "#define NTB_NT_FUNCTION_BASE(p) (0x01000U + 0x2000U * (p))\n",
          "#define NTB_PORT_SERDESCFG 0x510U\n", "/* P2PSDATA: offset unknown */\n",
          "/* SWCTL.RSTHALT: position unknown */\n"})
        BOOST_TEST(contains(text, line), line);
}

BOOST_AUTO_TEST_CASE(the_reference_describes_every_register_and_marks_what_is_not_confirmed) {
    const std::string text = export_markdown();
    for (const space& s : spaces) {
        for (const reg& r : s)
            BOOST_TEST(contains(text, "### " + std::string(r.name) + "\n"), std::string(r.name));
        for (std::size_t i = 0; i < s.declared_count; ++i)
            BOOST_TEST(contains(text, "### " + std::string(s.declared[i].name) + "\n"));
        for (std::size_t i = 0; i < s.declared_field_count; ++i)
            BOOST_TEST(contains(text, " | " + std::string(s.declared_fields[i].name) + " | "));
    }
    BOOST_TEST(contains(text, "Declared, not mapped: offset unknown"));
    BOOST_TEST(contains(text, "| 31 | EN | rw | 0x0? | keeps | the BAR exists |"));
    BOOST_TEST(text.back() == '\n');
}
