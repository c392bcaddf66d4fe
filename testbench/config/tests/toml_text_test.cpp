// SPDX-License-Identifier: Apache-2.0
// Text that toml++ must not see, and errors that quote what a file has (found by fuzzing).
#include <boost/test/unit_test.hpp>

#include "testbench/config/timing_file.h"
#include "testbench/config/toml_text.h"

using namespace ntb::config;

namespace {

std::string error_of(const std::string& text) {
    try {
        (void)parse_timing(text, "x.toml");
    } catch (const config_error& error) {
        return error.what();
    }
    return "no error";
}

} // namespace

BOOST_AUTO_TEST_SUITE(toml_text)

BOOST_AUTO_TEST_CASE(comments_and_strings_may_have_any_character) {
    for (const char* text :
         {"", "a = 1\n", "# \xC3\xA9\na = 1", "a = \"\xC3\xA9\"", "a = '\xC3\xA9'",
          "a = \"\"\"\n\xC3\xA9\n\"\xC3\xA9\"\"\"", "a = '''\n\\\xC3\xA9'''",
          "\xEF\xBB\xBF"
          "a = 1",
          "a = \"\\\"\xC3\xA9\" # \xC3\xA9", "a = \"\"\"\\\n  b\xC3\xA9\"\"\"",
          "a = \"\\\\\" # \xC3\xA9",
          "\"\xC3\xA9\".'\xC3\xA9' = [ \"\xC3\xA9\" ,\n '\xC3\xA9']\nb = {'\xC3\xA9' = \"\"}",
          "[\"\xC3\xA9\"]\r\n\t'\xC3\xA9' = ''"})
        BOOST_TEST(fault_of_toml(text).line == 0U, text);
}

BOOST_AUTO_TEST_CASE(elsewhere_the_line_is_told) {
    BOOST_TEST(fault_of_toml("\xC3\xA9 = 1").line == 1U);
    BOOST_TEST(fault_of_toml("a = 1\n\nb = \xE1\x80\x80").line == 3U);
    BOOST_TEST(fault_of_toml("a = 'x'\n\xC2\xA0").line == 2U);
    BOOST_TEST(fault_of_toml("a = \"\\\\\"\xC3\xA9").line == 1U);
    BOOST_TEST(fault_of_toml("a = '\\'\xC3\xA9'").line == 1U);
    BOOST_TEST(fault_of_toml("a = \"\"\"\n\\\n \xE1\x80\x80\"\"\"").line == 3U);
    BOOST_TEST(fault_of_toml("a = 1 \xEF\xBB\xBF").line == 1U);
    BOOST_TEST(fault_of_toml("a = 1\"\xE1\x80\x80\"").line == 1U);
    BOOST_TEST(fault_of_toml("a = \"b\" '\xE1\x80\x80'").line == 1U);
    BOOST_TEST(fault_of_toml("a\"\xE1\x80\x80\" = 1").line == 1U);
    BOOST_TEST(fault_of_toml("a = 1.'\xE1\x80\x80'").line == 1U);
    BOOST_TEST(fault_of_toml("a = [1, 2.'\xE1\x80\x80']").line == 1U);
    BOOST_TEST(fault_of_toml("a = b['\xE1\x80\x80']").line == 1U);
    BOOST_TEST(fault_of_toml("a = b='\xE1\x80\x80'").line == 1U);
    BOOST_TEST(fault_of_toml("a = [\n1.'\xE1\x80\x80'\n]").line == 2U);
    // A string that its line does not end is over with the line.
    BOOST_TEST(fault_of_toml("a = \"x\n\xC3\xA9\"").line == 2U);
}

BOOST_AUTO_TEST_CASE(a_key_of_thousands_of_parts_is_refused_before_it_fills_the_stack) {
    std::string key = "a";
    for (unsigned part = 0; part < 30'000; ++part)
        key += ".a";
    BOOST_TEST(error_of("\n" + key + " = 1\n") ==
               "x.toml:2: has a key of too many parts (mend the TOML syntax)");
    BOOST_TEST(fault_of_toml("[" + key + "]").line == 1U);
    BOOST_TEST(fault_of_toml("a = \"" + key + "\" # " + key).line == 0U);
    BOOST_TEST(fault_of_toml("a.b.c = 1\na.b.d = 1.5\n").line == 0U);
    BOOST_TEST(error_of(std::string(30'000, '[')).find("x.toml:1: ") == 0U);
    BOOST_TEST(error_of("a = " + std::string(30'000, '[')).find("x.toml:1: ") == 0U);
    BOOST_TEST(error_of("a = " + std::string(30'000, '{')).find("x.toml:1: ") == 0U);
}

BOOST_AUTO_TEST_CASE(an_error_says_so) {
    BOOST_TEST(error_of("[core]\nclock_ps = \xE1\x80\x80\n") ==
               "x.toml:2: has a character outside ASCII in neither a comment nor quotes (mend the "
               "TOML syntax)");
}

BOOST_AUTO_TEST_CASE(an_error_stays_one_short_line_whatever_the_file_has) {
    const std::string control = error_of("[core]\n\"a\\n\\u001Bb\" = 1\n");
    BOOST_TEST(control.find("x.toml:2: core.a\\x0a\\x1bb: unknown key (known:") == 0U, control);
    const std::string large = error_of("[core]\n" + std::string(100'000, 'k') + " = 1\n");
    BOOST_TEST(large.size() < 1000U);
    BOOST_TEST(large.find("kkk...: unknown key") != std::string::npos, large);
}

BOOST_AUTO_TEST_SUITE_END()
