// SPDX-License-Identifier: Apache-2.0
// Flat rows become arrays and blocks (families.h): every register once, none covered by another's.

#include <boost/test/unit_test.hpp>

#include <array>
#include <map>
#include <string>
#include <vector>

#include "testbench/regs/families.h"

using namespace ntb::regs;

namespace {

constexpr field whole{"F", 31, 0, access::rw};
constexpr dimension no_family{};

reg row(std::string_view name, std::uint32_t offset, dimension first,
        dimension second = no_family) {
    return {name, offset, 4, "", "", "", confidence::documented, false, first, second, {{whole}}};
}

template <std::size_t N>
std::vector<family_node> grouped(const std::array<reg, N>& rows) {
    space s;
    s.bytes = 0x100;
    s.rows = rows.data();
    s.count = N;
    return families_of(s);
}

/// Adds every register below the node with the number of times that its bytes are covered.
void spread(const family_node& n, std::uint32_t base, std::map<std::uint32_t, unsigned>& bytes) {
    for (unsigned i = 0; i < n.array.count; ++i) {
        const std::uint32_t at = base + n.offset + i * n.array.stride;
        if (n.row != nullptr)
            for (unsigned byte = 0; byte < n.row->size; ++byte)
                ++bytes[at + byte];
        for (const family_node& child : n.children)
            spread(child, at, bytes);
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(families)

BOOST_AUTO_TEST_CASE(a_dense_family_is_an_array_of_its_register) {
    const auto nodes = grouped(std::array{row("A", 0, {}), row("B{n}C", 4, {'n', 3, 4})});
    BOOST_TEST_REQUIRE(nodes.size() == 2U);
    BOOST_TEST(!nodes[0].is_array());
    BOOST_TEST(nodes[1].name == "B_C");
    BOOST_TEST(nodes[1].label == "B{n}C");
    BOOST_TEST(nodes[1].array.count == 3);
    BOOST_TEST(nodes[1].children.empty());
}

BOOST_AUTO_TEST_CASE(families_that_advance_together_are_one_block) {
    const auto nodes = grouped(std::array{row("P{x}CTL", 0x10, {'x', 3, 0x10}),
                                          row("P{x}STS", 0x14, {'x', 3, 0x10}),
                                          row("Q{x}", 0x40, {'x', 2, 0x10})});
    BOOST_TEST_REQUIRE(nodes.size() == 2U);
    BOOST_TEST(nodes[0].name == "P");
    BOOST_TEST(nodes[0].offset == 0x10U);
    BOOST_TEST(nodes[0].array.stride == 0x10U);
    BOOST_TEST_REQUIRE(nodes[0].children.size() == 2U);
    BOOST_TEST(nodes[0].children[1].name == "P_STS");
    BOOST_TEST(nodes[0].children[1].offset == 4U);
    BOOST_TEST(nodes[1].name == "Q_regs");
}

BOOST_AUTO_TEST_CASE(a_block_gives_way_to_a_register_of_its_name) {
    const auto nodes = grouped(std::array{row("P", 0, {}), row("PA{x}", 0x10, {'x', 3, 0x10}),
                                          row("PB{x}", 0x14, {'x', 3, 0x10})});
    BOOST_TEST_REQUIRE(nodes.size() == 2U);
    BOOST_TEST(nodes[1].name == "P_regs");
}

BOOST_AUTO_TEST_CASE(of_two_dimensions_the_wider_one_is_the_block) {
    for (const bool swapped : {false, true}) {
        const dimension fine{swapped ? 'n' : 'x', 4, 4};
        const dimension coarse{swapped ? 'x' : 'n', 2, 0x20};
        const auto nodes = grouped(std::array{swapped ? row("M{x}C{n}", 0, coarse, fine)
                                                      : row("M{x}C{n}", 0, fine, coarse)});
        BOOST_TEST_REQUIRE(nodes.size() == 1U);
        BOOST_TEST(nodes[0].array.stride == 0x20U);
        BOOST_TEST_REQUIRE(nodes[0].children.size() == 1U);
        BOOST_TEST(nodes[0].children[0].array.letter == fine.letter);
        BOOST_TEST(nodes[0].children[0].array.count == 4);
    }
}

BOOST_AUTO_TEST_CASE(where_a_block_would_cover_another_register_members_stand_alone) {
    const auto nodes = grouped(std::array{row("P{x}", 0, {'x', 3, 0x10}), row("A", 0x14, {})});
    BOOST_TEST_REQUIRE(nodes.size() == 4U);
    BOOST_TEST(nodes[1].name == "P1");
    BOOST_TEST(nodes[1].label == "P1");
    BOOST_TEST(nodes[2].name == "A");
    BOOST_TEST(nodes[3].offset == 0x20U);
}

BOOST_AUTO_TEST_CASE(a_block_that_would_leave_the_space_is_none) {
    BOOST_TEST(grouped(std::array{row("P{x}", 0xE4, {'x', 2, 0x10})}).size() == 2U);
    BOOST_TEST(grouped(std::array{row("P{x}", 0xE0, {'x', 2, 0x10})}).size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_family_that_is_neither_dense_nor_a_block_stands_alone) {
    const auto nodes = grouped(std::array{row("M{x}C{n}", 0, {'x', 2, 0x8}, {'n', 2, 0x20})});
    BOOST_TEST(nodes.size() == 4U);
}

BOOST_AUTO_TEST_CASE(every_register_of_the_map_is_there_once) {
    for (const space& s : spaces) {
        std::map<std::uint32_t, unsigned> bytes;
        for (const family_node& n : families_of(s))
            spread(n, 0, bytes);
        std::size_t expected = 0;
        for (const reg& r : s)
            expected += std::size_t{r.size} * r.first.count * r.second.count;
        BOOST_TEST(bytes.size() == expected, s.name);
        for (const auto& [at, times] : bytes)
            BOOST_TEST(times == 1U, s.name << " " << at);
    }
}

BOOST_AUTO_TEST_SUITE_END()
