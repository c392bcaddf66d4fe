// SPDX-License-Identifier: Apache-2.0
// Reading of an EEPROM's blocks: format, order, checksum, and every way in which an image is bad
// (docs/reference/behaviour.md B15.1 to B15.5).
#include <boost/test/unit_test.hpp>

#include "testbench/eeprom/image_builder.h"

using namespace ntb;
using namespace ntb::eeprom;

namespace {

using kind = eeprom_step::kind;

constexpr std::uint32_t some_register = 0x3F1D4;

/// Every step of a load up to its end.
std::vector<eeprom_step> steps_of(const image& bytes, unsigned boot_mode = 0xF,
                                  bool ignore_checksum = false) {
    eeprom_reader reader(bytes.data(), bytes.size(), boot_mode);
    reader.ignore_checksum(ignore_checksum);
    std::vector<eeprom_step> out;
    do
        out.push_back(reader.next());
    while (out.back().what != kind::done && out.back().what != kind::fault);
    return out;
}

eeprom_step last_of(const image& bytes, unsigned boot_mode = 0xF) {
    return steps_of(bytes, boot_mode).back();
}

void expect_fault(const image& bytes, eeprom_fault fault, std::uint32_t at,
                  unsigned boot_mode = 0xF) {
    const eeprom_step last = last_of(bytes, boot_mode);
    BOOST_TEST((last.what == kind::fault));
    BOOST_TEST(static_cast<int>(last.fault) == static_cast<int>(fault));
    BOOST_TEST(last.at == at);
}

} // namespace

BOOST_AUTO_TEST_SUITE(blocks)

BOOST_AUTO_TEST_CASE(a_write_is_the_example_of_the_format) { // B15.4
    const image bytes = image_builder().write(some_register, 0).bytes();
    const image expected{0x00, 0x75, 0xFC, 0, 0, 0, 0};
    BOOST_TEST(bytes == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_block_is_read_as_it_was_written) { // B15.2
    const image bytes = image_builder()
                            .write(some_register, 0x12345678)
                            .sequence(0x3E080, {1, 2, 0xFFFFFFFF})
                            .wait(0x3E104, 2, ~2U)
                            .sequence(0x3E000, {})
                            .done()
                            .bytes();
    const std::vector<eeprom_step> steps = steps_of(bytes);
    BOOST_TEST_REQUIRE(steps.size() == 7U);
    const std::array<std::uint32_t, 4> addresses{some_register, 0x3E080, 0x3E084, 0x3E088};
    const std::array<std::uint32_t, 4> data{0x12345678, 1, 2, 0xFFFFFFFF};
    for (std::size_t i = 0; i < 4; ++i) {
        BOOST_TEST((steps[i].what == kind::write));
        BOOST_TEST(steps[i].address == addresses.at(i));
        BOOST_TEST(steps[i].data == data.at(i));
    }
    BOOST_TEST((steps[4].what == kind::wait));
    BOOST_TEST(steps[4].address == 0x3E104U);
    BOOST_TEST(steps[4].satisfied_by(3));
    BOOST_TEST(!steps[4].satisfied_by(1));
    BOOST_TEST((steps[5].what == kind::nothing));
    BOOST_TEST((steps[6].what == kind::done));
}

BOOST_AUTO_TEST_CASE(every_byte_is_read_once) {
    const image bytes =
        image_builder().sequence(0x3E080, {1, 2, 3}).wait(0, 0, 0).write(0, 0).done().bytes();
    std::size_t read = 0;
    for (const eeprom_step& step : steps_of(bytes))
        read += step.bytes;
    BOOST_TEST(read == bytes.size());
}

BOOST_AUTO_TEST_CASE(a_register_may_be_anywhere_in_the_global_space) { // B1.7
    const image bytes = image_builder().write(0, 1).write(0x3FFFC, 2).done().bytes();
    const std::vector<eeprom_step> steps = steps_of(bytes);
    BOOST_TEST(steps[0].address == 0U);
    BOOST_TEST(steps[1].address == 0x3FFFCU);
}

BOOST_AUTO_TEST_CASE(a_changed_byte_is_a_wrong_checksum) { // B15.3
    const image good = image_builder().write(some_register, 0x01020304).done().bytes();
    BOOST_TEST((last_of(good).what == kind::done));
    for (const std::size_t at : {std::size_t{1}, std::size_t{3}, good.size() - 1}) {
        image bad = good;
        bad[at] = static_cast<std::uint8_t>(bad[at] + 1);
        expect_fault(bad, eeprom_fault::checksum, 7);
        BOOST_TEST((steps_of(bad, 0xF, true).back().what == kind::done)); // ICHECKSUM
    }
}

BOOST_AUTO_TEST_CASE(the_checksum_counts_what_the_load_reads) { // B15.3
    // Jump 0, jump 1, configuration A; then B, which only boot mode 2 reaches.
    image_builder builder;
    builder.jump(0, 15).jump(1, 15).write(some_register, 0xA).done();
    BOOST_TEST_REQUIRE(builder.size() == 15U);
    image bytes = builder.write(some_register, 0xB).bytes();
    // Of what lies before B the load has read the first jump only.
    std::uint8_t sum = 0xE0;
    for (const std::size_t at : {0, 1, 2, 15, 16, 17, 18, 19, 20, 21})
        sum = static_cast<std::uint8_t>(sum + bytes[at]);
    bytes.push_back(0xE0);
    bytes.push_back(eeprom_checksum(sum));
    for (const unsigned mode : {1U, 0xCU, 0xFU}) {
        const std::vector<eeprom_step> steps = steps_of(bytes, mode);
        BOOST_TEST_REQUIRE(steps.size() == 4U, "mode " << mode);
        BOOST_TEST((steps[0].what == kind::ignored_jump));
        BOOST_TEST(steps[2].data == 0xAU);
        BOOST_TEST((steps[3].what == kind::done));
    }
    const std::vector<eeprom_step> taken = steps_of(bytes, 2);
    BOOST_TEST_REQUIRE(taken.size() == 3U);
    BOOST_TEST((taken[0].what == kind::jump));
    BOOST_TEST(taken[1].data == 0xBU);
    BOOST_TEST((taken[2].what == kind::done));
    // Mode 3 takes the second jump: the sum has that one, too, and is another.
    expect_fault(bytes, eeprom_fault::checksum, 22, 3);
}

BOOST_AUTO_TEST_CASE(what_lies_behind_the_done_block_does_not_count) { // B15.6
    image bytes = image_builder().write(some_register, 1).done().bytes();
    bytes.resize(bytes.size() + 256, 0xFF);
    BOOST_TEST((last_of(bytes).what == kind::done));
}

BOOST_AUTO_TEST_CASE(a_blank_eeprom_fails) { // B15.5
    expect_fault(image(256, 0xFF), eeprom_fault::unknown_block, 0);
}

BOOST_AUTO_TEST_CASE(no_eeprom_fails) {
    expect_fault({}, eeprom_fault::no_answer, 0);
}

BOOST_AUTO_TEST_CASE(a_type_that_is_no_block_fails) {
    const std::array<std::uint8_t, 5> types{0x00, 0x20, 0x40, 0x41, 0x60};
    for (unsigned type = 0; type < 0xE0; ++type) {
        if (std::count(types.begin(), types.end(), type) != 0)
            continue;
        image bytes = image_builder().write(some_register, 0).bytes();
        bytes.resize(64, 0);
        bytes[7] = static_cast<std::uint8_t>(type);
        expect_fault(bytes, eeprom_fault::unknown_block, 7);
    }
}

BOOST_AUTO_TEST_CASE(an_image_that_ends_too_early_fails_wherever_it_ends) {
    const image whole = image_builder()
                            .write(some_register, 1)
                            .sequence(0x3E080, {1, 2})
                            .jump(0, 0)
                            .wait(0, 0, 0)
                            .done()
                            .bytes();
    for (std::size_t size = 1; size < whole.size(); ++size) {
        const image part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const eeprom_step last = last_of(part);
        BOOST_TEST((last.what == kind::fault), "size " << size);
        BOOST_TEST((last.fault == eeprom_fault::cut_off), "size " << size);
    }
}

BOOST_AUTO_TEST_CASE(the_dwords_before_the_cut_are_written) {
    image bytes = image_builder().sequence(0x3E080, {1, 2, 3}).bytes();
    bytes.resize(bytes.size() - 1);
    const std::vector<eeprom_step> steps = steps_of(bytes);
    BOOST_TEST_REQUIRE(steps.size() == 3U);
    BOOST_TEST((steps[1].what == kind::write));
    BOOST_TEST((steps[2].fault == eeprom_fault::cut_off));
}

BOOST_AUTO_TEST_CASE(a_sequence_over_the_end_of_the_space_fails) {
    const image bytes = image_builder().sequence(0x3FFF8, {1, 2, 3}).done().bytes();
    const std::vector<eeprom_step> steps = steps_of(bytes);
    BOOST_TEST_REQUIRE(steps.size() == 3U);
    BOOST_TEST(steps[1].address == 0x3FFFCU);
    expect_fault(bytes, eeprom_fault::beyond_space, 0);
}

BOOST_AUTO_TEST_CASE(a_jump_to_behind_the_image_fails_if_it_is_taken) {
    const image bytes = image_builder().jump(1, 5).done().bytes();
    expect_fault(bytes, eeprom_fault::jump_target, 0, 3);
    BOOST_TEST((last_of(bytes, 2).what == kind::done));
}

BOOST_AUTO_TEST_CASE(a_loop_of_jumps_ends_at_the_limit) {
    const image bytes = image_builder().write(some_register, 1).jump(0, 0).bytes();
    const std::vector<eeprom_step> steps = steps_of(bytes, 2);
    BOOST_TEST(steps.size() == 2 * eeprom_jump_limit + 2);
    BOOST_TEST((steps.back().fault == eeprom_fault::jump_loop));
    const image itself = image_builder().jump(0, 0).bytes();
    BOOST_TEST(steps_of(itself, 2).size() == eeprom_jump_limit + 1);
}

BOOST_AUTO_TEST_CASE(the_end_stays_the_end) {
    const image bytes = image_builder().done().bytes();
    eeprom_reader reader(bytes.data(), bytes.size(), 0xF);
    BOOST_TEST((reader.next().what == kind::done));
    BOOST_TEST((reader.next().what == kind::done));
    eeprom_reader empty(nullptr, 0, 0xF);
    BOOST_TEST((empty.next().what == kind::fault));
    BOOST_TEST((empty.next().what == kind::fault));
}

BOOST_AUTO_TEST_CASE(only_boot_modes_2_and_3_take_jumps) { // B2.1
    for (unsigned mode = 0; mode < 16; ++mode)
        for (unsigned number = 0; number < eeprom_jump_numbers; ++number)
            BOOST_TEST(takes_eeprom_jump(mode, number) ==
                       ((mode == 2 && number == 0) || (mode == 3 && number == 1)));
}

BOOST_AUTO_TEST_SUITE_END()
