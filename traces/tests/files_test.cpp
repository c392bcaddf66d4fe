// SPDX-License-Identifier: Apache-2.0
// Several waveforms as one, and whether two of them say the same.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "traces/files/compare.h"
#include "traces/files/merge.h"
#include "traces/tests/ping_pong.h"
#include "traces/tests/support.h"
#include "traces/trace_error.h"
#include "traces/vcd_reader.h"
#include "traces/vcd_recorder.h"

namespace ntb::traces::test {
namespace {

struct fixture {
    temporary_directory directory;
    std::string a = directory.file("a.vcd");
    std::string b = directory.file("b.vcd");
    std::string out = directory.file("out.vcd");

    static void play(const std::string& path, const char* patterns, unsigned rings = 10) {
        vcd_recorder r({path, line_writer::no_limit, signal_selection(patterns)});
        ping_pong model(r);
        for (unsigned i = 0; i < rings; ++i)
            model.ring(i & 1U);
        r.close(model.now());
    }
    /// A header with one 8-bit vector and one text, then `body`.
    static std::string vcd(const std::string& body, const std::string& name = "v") {
        return "$timescale 1 ps $end $scope module top $end $var wire 8 # " + name +
               " [7:0] $end $var string 1 t text $end $upscope $end $enddefinitions $end\n" + body;
    }
    /// Everything that signal `name` becomes, as "time value".
    [[nodiscard]] std::vector<std::string> told(const std::string& name) const {
        vcd_reader reader(out);
        const vcd_signal* const s = reader.find(name);
        std::vector<std::string> lines;
        vcd_change c;
        while (s != nullptr && reader.next(c)) {
            if (c.channel == s->channel)
                lines.push_back(
                    std::to_string(c.time_ps) + ' ' +
                    (s->kind == vcd_kind::text ? std::string(c.text) : std::to_string(c.value)));
        }
        return lines;
    }
};

using told_lines = std::vector<std::string>;
constexpr auto each = boost::test_tools::per_element();

} // namespace

BOOST_FIXTURE_TEST_SUITE(files, fixture)

BOOST_AUTO_TEST_CASE(parts_of_a_recording_merge_into_the_whole) {
    const std::string whole = directory.file("whole.vcd");
    play(whole, "");
    play(a, "switch.port0.*");
    play(b, "!switch.port0.*");
    const merge_report r = merge_waveforms({a, b}, {}, out);
    BOOST_TEST(r.conflicts.empty());
    const compare_report c = compare_waveforms(whole, out, {});
    BOOST_TEST(c.differing == 0U);
    BOOST_TEST(c.signals == r.signals);
}

BOOST_AUTO_TEST_CASE(of_a_shared_signal_the_file_counts_that_sees_it_change) {
    write_file(a, vcd("#0 b0 # s t #90\n"));
    write_file(b, vcd("#0 b0 # s t #20 b101 # shello t #30 s t #80\n"));
    for (const auto& order : {std::vector<std::string>{a, b}, std::vector<std::string>{b, a}}) {
        const merge_report r = merge_waveforms(order, {}, out);
        BOOST_TEST(r.conflicts.empty());
        BOOST_TEST(r.signals == 2U);
        BOOST_TEST(r.end_ps == 90U);
        BOOST_TEST(told("top.v") == (told_lines{"0 0", "20 5"}), each);
        BOOST_TEST(told("top.text") == (told_lines{"0 ", "20 hello", "30 "}), each);
    }
}

BOOST_AUTO_TEST_CASE(a_contradiction_keeps_both_and_is_told) {
    write_file(a, vcd("#0 b0 # #20 b1 #\n"));
    write_file(b, vcd("#0 b0 # #20 b10 #\n"));
    const merge_report r = merge_waveforms({a, b}, {}, out);
    BOOST_REQUIRE(r.conflicts.size() == 1U);
    BOOST_TEST(r.conflicts[0].signal == "top.v");
    BOOST_TEST(r.conflicts[0].file == 2U);
    BOOST_TEST(r.conflicts[0].recorded_as == "top.v_file2");
    BOOST_TEST(told("top.v") == (told_lines{"0 0", "20 1"}), each);
    BOOST_TEST(told("top.v_file2") == (told_lines{"0 0", "20 2"}), each);
}

BOOST_AUTO_TEST_CASE(equal_changes_at_other_times_are_a_contradiction) {
    write_file(a, vcd("#0 b0 # #20 b1 #\n"));
    write_file(b, vcd("#0 b0 # #21 b1 #\n"));
    BOOST_TEST(merge_waveforms({a, b}, {}, out).conflicts.size() == 1U);
    // An offset puts the first file's times where the second one's are.
    BOOST_TEST(merge_waveforms({a, b}, {1}, out).conflicts.empty());
    BOOST_TEST(told("top.v") == (told_lines{"0 0", "21 1"}), each);
}

BOOST_AUTO_TEST_CASE(files_that_begin_at_different_times_share_one_axis) {
    write_file(a, vcd("#100 b1 # #300 b10 #\n", "first"));
    write_file(b, vcd("#200 b111 # #250 b0 #\n", "second"));
    const merge_report r = merge_waveforms({a, b}, {}, out);
    BOOST_TEST(r.begin_ps == 100U);
    BOOST_TEST(told("top.first") == (told_lines{"100 1", "300 2"}), each);
    BOOST_TEST(told("top.second") == (told_lines{"100 7", "250 0"}), each);
}

BOOST_AUTO_TEST_CASE(what_this_programs_vcd_cannot_hold_is_left_out_and_told) {
    write_file(a, "$timescale 1 ps $end $var wire 65 ! wide $end $var real 64 r real $end "
                  "$var wire 1 x bit $end $enddefinitions $end #0 0x #5 1x\n");
    const merge_report r = merge_waveforms({a}, {}, out);
    BOOST_TEST(r.left_out == (told_lines{"wide", "real"}), each);
    BOOST_TEST(told("bit") == (told_lines{"0 0", "5 1"}), each);
}

BOOST_AUTO_TEST_CASE(more_bits_and_letters_than_a_signal_can_have_are_cut) {
    write_file(a, vcd("#0 b0 # #5 b111111111 # s" + std::string(3000, 'x') + " t\n"));
    BOOST_TEST(merge_waveforms({a}, {}, out).conflicts.empty());
    BOOST_TEST(told("top.v") == (told_lines{"0 0", "5 255"}), each);
    BOOST_TEST(told("top.text").back() == "0 " + std::string(255, 'x')); // its first value
}

BOOST_AUTO_TEST_CASE(a_merge_never_overwrites_what_it_reads) {
    play(a, "");
    const std::string before = read_file(a);
    BOOST_CHECK_THROW((void)merge_waveforms({a}, {}, a), trace_error);
    BOOST_TEST((read_file(a) == before));
    BOOST_CHECK_THROW((void)merge_waveforms({a}, {UINT64_MAX}, out), trace_error);
}

BOOST_AUTO_TEST_CASE(equal_meaning_in_other_words_compares_equal) {
    write_file(a, vcd("#0 b0 # s t #20 b1 # sx t #30 s t\n"));
    write_file(b, "$timescale 10 ps $end $scope module top $end $var string 1 A text $end "
                  "$var wire 8 B v $end $upscope $end $enddefinitions $end\n"
                  "#0 $dumpvars b00000000 B s A $end\n#2\nb1111 B\nb1 B\nsx A\n#3\ns A\n");
    const compare_report r = compare_waveforms(a, b, {});
    BOOST_TEST(r.differing == 0U);
    BOOST_TEST(r.signals == 2U);
}

BOOST_AUTO_TEST_CASE(a_difference_names_signal_time_and_both_values) {
    write_file(a, vcd("#0 b0 # s t #20 b1 #\n"));
    write_file(b, vcd("#0 b0 # s t #20 b11 #\n"));
    const compare_report r = compare_waveforms(a, b, {});
    BOOST_REQUIRE(r.differences.size() == 1U);
    BOOST_TEST(r.differences[0].signal == "top.v");
    BOOST_TEST(r.differences[0].time_ps == 20U);
    BOOST_TEST(r.differences[0].text == "becomes 0x1 at 20 ps in " + a + ", 0x3 at 20 ps in " + b);
}

BOOST_AUTO_TEST_CASE(a_change_that_only_one_file_has_is_a_difference) {
    write_file(a, vcd("#0 b0 # s t #20 b1 # #40\n"));
    write_file(b, vcd("#0 b0 # s t #40\n"));
    for (const auto& [x, y] : {std::pair(a, b), std::pair(b, a)}) {
        const compare_report r = compare_waveforms(x, y, {});
        BOOST_REQUIRE(r.differences.size() == 1U);
        BOOST_TEST(r.differences[0].text == "becomes 0x1 at 20 ps in " + a + " only");
    }
}

BOOST_AUTO_TEST_CASE(with_times_ignored_only_the_sequences_count) {
    write_file(a, vcd("#0 b0 # s t #20 b1 # #30 b10 #\n"));
    write_file(b, vcd("#0 b0 # s t #70 b1 # #75 b10 #\n"));
    compare_options o;
    o.ignore_times = true;
    BOOST_TEST(compare_waveforms(a, b, o).differing == 0U);
    BOOST_TEST(compare_waveforms(a, b, {}).differing == 1U);
    write_file(b, vcd("#0 b0 # s t #70 b10 # #75 b1 #\n"));
    BOOST_TEST(compare_waveforms(a, b, o).differing == 1U);
}

BOOST_AUTO_TEST_CASE(signals_of_one_file_only_differ_unless_they_are_not_selected) {
    write_file(a, vcd("#0 b0 # s t\n", "mine"));
    write_file(b, vcd("#0 b0 # s t\n", "yours"));
    BOOST_TEST(compare_waveforms(a, b, {}).differing == 2U);
    compare_options o;
    o.signals = "*.text";
    BOOST_TEST(compare_waveforms(a, b, o).differing == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace ntb::traces::test
