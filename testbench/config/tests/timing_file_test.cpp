// SPDX-License-Identifier: Apache-2.0
// Timing files: the built-in ones, ranges, and errors that name file, line and key.
#include <boost/test/unit_test.hpp>

#include "testbench/config/builtin.h"
#include "testbench/config/timing_file.h"

using namespace ntb;
using namespace ntb::config;

namespace {

bool same(const timing_config& a, const timing_config& b) {
    const auto left = timing_values(a);
    const auto right = timing_values(b);
    for (std::size_t i = 0; i < left.size(); ++i)
        if (left[i].value != right[i].value)
            return false;
    return left.size() == right.size();
}

std::string error_of(const std::string& text) {
    try {
        (void)parse_timing(text, "t.toml");
    } catch (const config_error& error) {
        return error.what();
    }
    return "";
}

} // namespace

BOOST_AUTO_TEST_SUITE(timing_files)

BOOST_AUTO_TEST_CASE(the_default_timing_file_equals_the_defaults_of_the_model) {
    BOOST_TEST(same(load_timing("default"), timing_config{}));
}

BOOST_AUTO_TEST_CASE(the_default_timing_file_gives_every_number_with_its_source) {
    const std::string text(builtin_default_timing);
    for (const timing_value& value : timing_values(timing_config{})) {
        const std::string name = value.key.substr(value.key.find('.') + 1);
        const std::size_t at = text.find("\n" + name + " = ");
        BOOST_TEST_REQUIRE(at != std::string::npos, name + " is missing");
        const std::string line = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
        const bool sourced = line.find("assumed") != std::string::npos ||
                             line.find("base spec") != std::string::npos;
        BOOST_TEST(sourced, "no source in: " + line);
    }
}

BOOST_AUTO_TEST_CASE(ideal_timing_has_no_delays) {
    BOOST_TEST(same(load_timing("ideal"), ideal_timing()));
    BOOST_TEST(!same(load_timing("ideal"), timing_config{}));
}

BOOST_AUTO_TEST_CASE(a_file_changes_what_it_names_and_keeps_the_rest) {
    const timing_config t =
        parse_timing("[pipeline]\ndoorbell = 20\n[link]\nserialisation = false\n"
                     "[core]\nclock_ps = 2000\n",
                     "t.toml");
    timing_config expected{};
    expected.doorbell = 20;
    expected.link_serialisation = false;
    expected.core_clock_ps = 2000;
    BOOST_TEST(same(t, expected));
}

BOOST_AUTO_TEST_CASE(an_unknown_key_is_named_with_file_and_line) {
    const std::string key = error_of("[pipeline]\ndoorbell = 20\ndorbell = 3\n");
    BOOST_TEST(key.find("t.toml:3: pipeline.dorbell: unknown key") == 0, key);
    const std::string group = error_of("\n[pipe]\ndoorbell = 20\n");
    BOOST_TEST(group.find("t.toml:2: pipe: unknown key") == 0, group);
    // A known name in the wrong group is unknown too.
    const std::string moved = error_of("[core]\ndoorbell = 20\n");
    BOOST_TEST(moved.find("t.toml:2: core.doorbell: unknown key") == 0, moved);
}

BOOST_AUTO_TEST_CASE(a_value_out_of_range_or_of_another_type_is_refused) {
    const std::string most = std::to_string(max_timing_cycles);
    const std::string over = std::to_string(max_timing_cycles + 1);
    BOOST_TEST(error_of("[pipeline]\ndoorbell = " + most + "\n") == "");
    const std::string high = error_of("[pipeline]\ndoorbell = " + over + "\n");
    BOOST_TEST(high.find("t.toml:2: pipeline.doorbell: is " + over + ", out of range") == 0, high);
    const std::string low = error_of("[core]\nclock_ps = 0\n");
    BOOST_TEST(low.find("t.toml:2: core.clock_ps: is 0, out of range") == 0, low);
    const std::string negative = error_of("[pipeline]\ndoorbell = -1\n");
    BOOST_TEST(negative.find("out of range") != std::string::npos, negative);
    const std::string text = error_of("[pipeline]\ndoorbell = \"8\"\n");
    BOOST_TEST(text.find("is not a whole number") != std::string::npos, text);
    const std::string truth = error_of("[link]\nserialisation = 1\n");
    BOOST_TEST(truth.find("is not a truth value") != std::string::npos, truth);
    const std::string table = error_of("core = 3\n");
    BOOST_TEST(table.find("is not a table") != std::string::npos, table);
}

BOOST_AUTO_TEST_CASE(a_syntax_error_names_file_and_line) {
    const std::string error = error_of("[core]\nclock_ps = \n");
    BOOST_TEST(error.find("t.toml:2: ") == 0, error);
    BOOST_TEST(error.find('\n') == std::string::npos, error);
}

BOOST_AUTO_TEST_CASE(a_missing_file_says_what_to_give) {
    BOOST_CHECK_EXCEPTION(
        (void)load_timing("/nonexistent/t.toml"), config_error, [](const config_error& e) {
            return std::string(e.what()).find("default, ideal") != std::string::npos;
        });
}

BOOST_AUTO_TEST_CASE(an_assignment_changes_one_number) {
    timing_config t{};
    set_timing_value(t, "pipeline.doorbell=9");
    set_timing_value(t, "link.serialisation=false");
    timing_config expected{};
    expected.doorbell = 9;
    expected.link_serialisation = false;
    BOOST_TEST(same(t, expected));
    for (const char* bad : {"doorbell=9", "pipeline.doorbell", "pipeline.doorbell=",
                            "pipeline.doorbell=9x", "pipeline.doorbell=-1", "pipeline.bell=1",
                            "pipeline.doorbell=99999999999", "link.serialisation=2", "="})
        BOOST_CHECK_THROW(set_timing_value(t, bad), config_error);
    BOOST_TEST(same(t, expected));
}

BOOST_AUTO_TEST_SUITE_END()
