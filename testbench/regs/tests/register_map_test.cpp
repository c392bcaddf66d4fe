// SPDX-License-Identifier: Apache-2.0
// The map's own rules, its names, and the reset values that drivers depend on.

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

#include "model/regs/all_maps.h"
#include "model/regs/nt_register_at.h"
#include "model/regs/validate.h"

using namespace ntb::regs;

namespace {

constexpr field whole{"F", 31, 0, access::rw};

template <class... Fields>
reg row(std::string_view name, std::uint32_t offset, std::uint8_t size, Fields... fields) {
    return {name, offset, size, "", "", "", confidence::documented, false, {}, {}, {{fields...}}};
}

template <class... Rows>
map_fault fault_of(Rows... rows) {
    return validate<0x100>(std::array<reg, sizeof...(rows)>{{rows...}});
}

std::uint32_t reset_at(std::string_view name) {
    const auto m = expand(name);
    BOOST_REQUIRE_MESSAGE(m, std::string(name) << " is in the map");
    return reset_of(*m->row);
}

} // namespace

BOOST_AUTO_TEST_SUITE(rules_of_a_table)

BOOST_AUTO_TEST_CASE(a_sound_table_has_no_fault) {
    BOOST_TEST((fault_of(row("A", 0, 4, whole), row("B", 4, 4, whole)) == map_fault::none));
}

BOOST_AUTO_TEST_CASE(an_empty_row_is_a_fault) {
    BOOST_TEST((fault_of(reg{}) == map_fault::empty_row));
    BOOST_TEST((fault_of(row("A", 0, 4)) == map_fault::empty_row));
}

BOOST_AUTO_TEST_CASE(a_size_that_no_access_has_or_a_misaligned_register_is_a_fault) {
    BOOST_TEST((fault_of(row("A", 0, 3, field{"F", 0, 0, access::rw})) == map_fault::bad_size));
    BOOST_TEST((fault_of(row("A", 2, 4, whole)) == map_fault::bad_size));
}

BOOST_AUTO_TEST_CASE(a_name_and_its_dimensions_belong_together) {
    BOOST_TEST((fault_of(row("A{n}", 0, 4, whole)) == map_fault::bad_family));
    reg unnamed = row("A", 0, 4, whole);
    unnamed.first = {'n', 2, 4};
    BOOST_TEST((fault_of(unnamed) == map_fault::bad_family));
    reg crowded = row("A{n}", 0, 4, whole);
    crowded.first = {'n', 2, 2};
    BOOST_TEST((fault_of(crowded) == map_fault::bad_family));
}

BOOST_AUTO_TEST_CASE(two_registers_of_one_name_are_a_fault) {
    BOOST_TEST((fault_of(row("A", 0, 4, whole), row("A", 4, 4, whole)) == map_fault::name_twice));
}

BOOST_AUTO_TEST_CASE(rows_out_of_order_are_a_fault) {
    BOOST_TEST((fault_of(row("A", 4, 4, whole), row("B", 0, 4, whole)) == map_fault::not_sorted));
}

BOOST_AUTO_TEST_CASE(a_register_outside_its_space_is_a_fault) {
    BOOST_TEST((fault_of(row("A", 0x100, 4, whole)) == map_fault::outside_space));
    reg family = row("A{n}", 0xF8, 4, whole);
    family.first = {'n', 3, 4};
    BOOST_TEST((fault_of(family) == map_fault::outside_space));
}

BOOST_AUTO_TEST_CASE(overlapping_registers_are_a_fault) {
    reg family = row("A{n}", 0, 4, whole);
    family.first = {'n', 4, 4};
    BOOST_TEST((fault_of(family, row("B", 8, 4, whole)) == map_fault::registers_overlap));
}

BOOST_AUTO_TEST_CASE(a_field_outside_its_register_is_a_fault) {
    BOOST_TEST((fault_of(row("A", 0, 2, whole)) == map_fault::field_outside));
    BOOST_TEST(
        (fault_of(row("A", 0, 4, field{"F", 3, 4, access::rw})) == map_fault::field_outside));
}

BOOST_AUTO_TEST_CASE(overlapping_fields_are_a_fault) {
    const field low{"L", 8, 0, access::rw};
    const field high{"H", 15, 8, access::rw};
    BOOST_TEST((fault_of(row("A", 0, 4, low, high)) == map_fault::fields_overlap));
}

BOOST_AUTO_TEST_CASE(a_reset_value_wider_than_its_field_is_a_fault) {
    BOOST_TEST((fault_of(row("A", 0, 4, field{"F", 3, 0, access::rw, 0x10})) ==
                map_fault::reset_too_wide));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(rules_of_what_has_no_place)

namespace {
constexpr std::array<reg, 1> mapped{
    {{"A", 0, 4, "", "", "", confidence::documented, false, {}, {}, {{{"F", 3, 0}}}}}};

reg unplaced(std::string_view name, std::uint32_t offset = unknown_offset) {
    return {name, offset, 4, "", "", "", confidence::documented, false, {}, {}, {}};
}
template <class... Rows>
declared_fault fault_with(Rows... rows) {
    return validate_declared(mapped, std::array<reg, sizeof...(rows)>{{rows...}},
                             std::array<declared_field, 0>{});
}
template <class... Fields>
declared_fault fault_of_fields(Fields... fields) {
    return validate_declared(mapped, std::array<reg, 1>{{unplaced("B")}},
                             std::array<declared_field, sizeof...(fields)>{{fields...}});
}
declared_field unplaced_field(std::string_view in, std::string_view name, std::uint8_t width = 1,
                              std::uint32_t reset = 0) {
    return {in, name, width, access::rw, reset, confidence::not_confirmed, hot_reset::resets,
            "", ""};
}
} // namespace

BOOST_AUTO_TEST_CASE(a_declared_register_has_a_name_of_its_own_and_no_offset) {
    BOOST_TEST((fault_with(unplaced("B"), unplaced("C")) == declared_fault::none));
    BOOST_TEST((fault_with(unplaced("A")) == declared_fault::name_twice));
    BOOST_TEST((fault_with(unplaced("B"), unplaced("B")) == declared_fault::name_twice));
    BOOST_TEST((fault_with(unplaced("B", 4)) == declared_fault::has_an_offset));
    BOOST_TEST((fault_with(reg{}) == declared_fault::empty_row));
}

BOOST_AUTO_TEST_CASE(a_declared_field_belongs_to_a_register_and_fits_it) {
    BOOST_TEST((fault_of_fields(unplaced_field("A", "G"), unplaced_field("B", "F")) ==
                declared_fault::none));
    BOOST_TEST((fault_of_fields(unplaced_field("C", "G")) == declared_fault::no_register));
    BOOST_TEST((fault_of_fields(unplaced_field("A", "F")) == declared_fault::name_twice));
    BOOST_TEST((fault_of_fields(unplaced_field("B", "F"), unplaced_field("B", "F")) ==
                declared_fault::name_twice));
    BOOST_TEST((fault_of_fields(unplaced_field("B", "F", 33)) == declared_fault::field_outside));
    BOOST_TEST((fault_of_fields(unplaced_field("B", "F", 2, 4)) == declared_fault::reset_too_wide));
    BOOST_TEST((fault_of_fields(unplaced_field("B", "")) == declared_fault::empty_row));
}

BOOST_AUTO_TEST_CASE(functions_of_a_port_lie_where_the_headers_have_them) { // B1.7
    BOOST_TEST(function_base_named("US_FUNCTION_BASE").of_port(20) == 0x28000U);
    BOOST_TEST(function_base_named("NT_FUNCTION_BASE").of_port(12) == 0x19000U);
    BOOST_TEST(function_base_named("DMA_FUNCTION_BASE").offset == unknown_offset);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(names)

BOOST_AUTO_TEST_CASE(names_of_declared_registers_are_unique_over_all_spaces) {
    std::set<std::string> seen;
    for (const space& s : spaces) {
        for (const reg& r : s)
            BOOST_TEST(seen.insert(std::string(r.name)).second, std::string(r.name));
        for (std::size_t i = 0; i < s.declared_count; ++i)
            BOOST_TEST(seen.insert(std::string(s.declared[i].name)).second);
    }
}

BOOST_AUTO_TEST_CASE(every_expanded_name_is_unique_and_leads_back_to_its_register) {
    std::set<std::string> seen;
    for_each_member([&](const member& m) {
        const std::string name(member_name(m).view());
        BOOST_TEST(seen.insert(name).second, name << " exists once");
        const auto found = expand(name);
        BOOST_REQUIRE_MESSAGE(found, name << " is found");
        BOOST_TEST(found->row == m.row);
        BOOST_TEST(found->offset() == m.offset());
    });
    BOOST_TEST(seen.size() > 300U);
}

BOOST_AUTO_TEST_CASE(families_expand_by_their_strides) {
    BOOST_TEST(expand("BARSETUP2")->offset() == 0x490U);
    BOOST_TEST(expand("SWPORT2STS")->offset() == 0x3E244U);
    BOOST_TEST(expand("SWPORT23FCTL")->offset() == 0x3E4E8U);
    BOOST_TEST(expand("SWP1MSGCTL3")->offset() == 0x3EE64U);
    BOOST_TEST(expand("GIDBELLMSK31")->offset() == 0x3EDFCU);
}

BOOST_AUTO_TEST_CASE(every_byte_of_the_function_leads_to_its_register) {
    std::size_t bytes = 0;
    for (const reg& r : nt_map)
        bytes += std::size_t{r.size} * r.first.count * r.second.count;
    std::size_t found = 0;
    for (std::uint64_t offset = 0; offset < 0x1000; ++offset) {
        const named_member* r = nt_register_at(offset);
        if (r == nullptr)
            continue;
        ++found;
        BOOST_TEST(r->at.offset() <= offset);
        BOOST_TEST(offset < r->at.offset() + r->at.row->size);
    }
    BOOST_TEST(found == bytes);
    BOOST_TEST(nt_register_at(0x492)->name.view() == "BARSETUP2");
    BOOST_TEST(nt_register_at(0x006)->name.view() == "PCISTS");
    for (const std::uint64_t nothing : {0x700ULL, 0x1000ULL, ~0ULL})
        BOOST_TEST(nt_register_at(nothing) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_name_that_does_not_exist_is_not_found) {
    for (const char* name : {"", "BARSETUP", "BARSETUP6", "BARSETUP02", "BARSETUP2X", "barsetup2",
                             "SWPORT24STS", "SWPORTSTS", "SWP8MSGCTL0", "P2PSDATA", "DMAC0CTL",
                             "SWP0MSGCTL4", "NTCT", "GIDBELLMSK4294967296", "{n}"})
        BOOST_TEST(!expand(name), name);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(contents)

// The defaults that both published drivers work with (behaviour B21.1).
BOOST_AUTO_TEST_CASE(reset_values_are_those_that_drivers_work_with) {
    BOOST_TEST(reset_at("NTINTMSK") == 0xBBU);
    BOOST_TEST(reset_at("INDBELLMSK") == 0xFFFFFFFFU);
    BOOST_TEST(reset_at("MSGSTSMSK") == 0x000F000FU);
    BOOST_TEST(reset_at("SEMSK") == 0x3FU);
    BOOST_TEST(reset_at("SEPMSK") == 0xFFU);
    for (const char* mask : {"SELINKUPMSK", "SELINKDNMSK"})
        BOOST_TEST(reset_at(mask) == 0x00FFFFFFU, mask);
    for (const char* mask : {"SEFRSTMSK", "SEHRSTMSK", "SEGSIGMSK"})
        BOOST_TEST(reset_at(mask) == 0xFFU, mask);
    BOOST_TEST(reset_at("SEFOVRMSK") == 0xFFFFFFFFU);
    BOOST_TEST(reset_at("GODBELLMSK0") == 0U);
    BOOST_TEST(reset_at("GIDBELLMSK0") == 0U);
    BOOST_TEST(reset_at("SWP0MSGCTL0") == 0U);
    BOOST_TEST(reset_at("BARSETUP0") == 0U);
    BOOST_TEST(reset_at("BARLIMIT0") == 0xFFFFFFFFU);
    BOOST_TEST(reset_at("NTMTBLDATA") == 0U);
    BOOST_TEST(reset_at("LUTUDATA") == 0U);
    BOOST_TEST(reset_at("NTCTL") == 0U);
    BOOST_TEST(reset_at("TMPCTL") == 0x80000000U);
}

BOOST_AUTO_TEST_CASE(delay_registers_have_the_defaults_that_the_eeprom_restores) {
    BOOST_TEST(reset_at("RDRAINDELAY") == 0xFAU);
    BOOST_TEST(reset_at("POMCDELAY") == 0x3E8U);
    BOOST_TEST(reset_at("SEDELAY") == 0x3E8U);
    BOOST_TEST(reset_at("USSBRDELAY") == 0U);
    BOOST_TEST(reset_at("S0TXLCTL1") == 0xCAD57872U);
}

BOOST_AUTO_TEST_CASE(the_function_identifies_itself_as_an_idt_bridge) {
    BOOST_TEST(reset_at("VID") == 0x111DU);
    BOOST_TEST(reset_at("DID") == 0x8091U);
    BOOST_TEST(reset_at("CLASS") == 0x06U);
    BOOST_TEST(reset_at("SCCLASS") == 0x80U);
}

BOOST_AUTO_TEST_CASE(the_switch_s_own_registers_survive_every_hot_reset) {
    for (const reg& r : sw_map)
        for (std::size_t i = 0; i < r.field_count(); ++i)
            BOOST_TEST((r.fields[i].on_hot_reset == hot_reset::keeps),
                       std::string(r.name) << "." << std::string(r.fields[i].name));
}

BOOST_AUTO_TEST_CASE(the_layout_of_a_dword_merges_its_registers) {
    constexpr auto layout = layout_of<0x400>(nt_map);
    const dword_layout& command_status = layout[0x004 / 4];
    BOOST_TEST(command_status.rw == 0x0547U);
    BOOST_TEST(command_status.rw1c == 0xF9000000U);
    BOOST_TEST(command_status.reset == 0x00100000U);
    const dword_layout& interrupts = layout[0x404 / 4];
    BOOST_TEST(interrupts.rw1c == 0xB8U);
    BOOST_TEST(interrupts.readable == 0xBBU);
    const dword_layout& doorbell = layout[0x420 / 4];
    BOOST_TEST(doorbell.command == 0xFFFFFFFFU);
    BOOST_TEST(doorbell.readable == 0U);
    BOOST_TEST(layout[0xFFC / 4].dword_only);
    BOOST_TEST(layout[0x490 / 4].kept == 0x8000FFFFU);
    BOOST_TEST(!layout[0x700 / 4].mapped);
}

BOOST_AUTO_TEST_SUITE_END()
