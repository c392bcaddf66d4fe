// SPDX-License-Identifier: Apache-2.0
// The reader: other tools' spellings, files that were cut off, and bytes that are no VCD.
#include <boost/test/unit_test.hpp>
#include <random>
#include <sys/mman.h>

#include "traces/analysis/latency.h"
#include "traces/analysis/summary.h"
#include "traces/diagram/timing_diagram.h"
#include "traces/layout/gtkwave_layout.h"
#include "traces/tests/support.h"
#include "traces/time_text.h"
#include "traces/trace_error.h"
#include "traces/vcd_reader.h"

namespace ntb::traces::test {
namespace {

/// A file that exists in memory only.
class memory_file {
public:
    explicit memory_file(const std::string& text) : fd_(::memfd_create("vcd", MFD_CLOEXEC)) {
        BOOST_REQUIRE(::write(fd_.get(), text.data(), text.size()) ==
                      static_cast<ssize_t>(text.size()));
    }
    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

private:
    unique_fd fd_;
};

const std::string header = "$timescale 1 ns $end\n"
                           "$scope module top $end\n"
                           "$var wire 1 ! clk $end\n"
                           "$var reg 8 \" bus[7:0] $end\n"
                           "$var wire 8 \" alias [7:0] $end\n"
                           "$var string 1 #longid text $end\n"
                           "$var real 64 r level $end\n"
                           "$upscope $end\n"
                           "$enddefinitions $end\n";

std::vector<vcd_change> all_changes(const std::string& text) {
    const memory_file file(text);
    vcd_reader reader(file.path());
    std::vector<vcd_change> changes;
    vcd_change c;
    while (reader.next(c)) {
        changes.push_back(c);
        changes.back().text = {};
    }
    return changes;
}

void require_error(const std::string& text, const std::string& line, const std::string& why) {
    BOOST_CHECK_EXCEPTION(all_changes(text), trace_error, [&](const trace_error& e) {
        const std::string what = e.what();
        const bool told = what.find(" line " + line + ": ") != std::string::npos &&
                          what.find(why) != std::string::npos;
        if (!told)
            BOOST_TEST_MESSAGE(what);
        return told;
    });
}

/// Whatever reads waveforms reads this one; only trace_error may come out.
void read_in_every_way(const std::string& path) {
    const auto attempt = [](const auto& reading) {
        try {
            reading();
        } catch (const trace_error&) {
            // That is how bad input has to end.
        }
    };
    attempt([&] { (void)latency_table(measure_latencies(path)); });
    attempt([&] { (void)summary_json(summarise(path)); });
    attempt([&] { (void)draw_timing_diagram(find_exchange(path, std::nullopt, std::nullopt)); });
    attempt([&] { (void)draw_timing_diagram(find_exchange(path, 5, std::nullopt)); });
    attempt([&] { (void)gtkwave_layout(path, "t.vcd"); });
}

} // namespace

BOOST_AUTO_TEST_SUITE(reader)

BOOST_AUTO_TEST_CASE(signals_have_full_names_widths_and_shared_channels) {
    const memory_file file(header);
    const vcd_reader r(file.path());
    BOOST_REQUIRE(r.signals().size() == 5U);
    BOOST_TEST(r.channels() == 4U);
    BOOST_TEST(r.find("top.clk")->width == 1U);
    BOOST_TEST(r.find("top.bus")->width == 8U);
    BOOST_TEST(r.find("top.bus")->channel == r.find("top.alias")->channel);
    BOOST_TEST((r.find("top.text")->kind == vcd_kind::text));
    BOOST_TEST(r.find("top.nothing") == nullptr);
}

BOOST_AUTO_TEST_CASE(changes_may_be_separated_by_any_white_space) {
    const auto c = all_changes(header + "#1 1! b101\t\"\r\n\n\n#2\n$comment b1 ! $end 0!"
                                        " r1.5 r $dumpoff x! bx1 \" $end sa\\x20b #longid\n");
    BOOST_REQUIRE(c.size() == 7U);
    BOOST_TEST(c[0].time_ps == 1000U);
    BOOST_TEST(c[1].value == 5U);
    BOOST_TEST(c[2].time_ps == 2000U);
    BOOST_TEST(c[2].value == 0U);
    BOOST_TEST(c[4].unknown);
    BOOST_TEST(c[5].unknown);
    BOOST_TEST(c[5].value == 1U);
}

BOOST_AUTO_TEST_CASE(every_timescale_becomes_picoseconds) {
    const auto time = [](const std::string& scale, const std::string& ticks) {
        return all_changes("$timescale " + scale +
                           " $end $var wire 1 ! a $end "
                           "$enddefinitions $end #" +
                           ticks + " 1!\n")
            .front()
            .time_ps;
    };
    BOOST_TEST(time("1ps", "7") == 7U);
    BOOST_TEST(time("10 ps", "7") == 70U);
    BOOST_TEST(time("100ns", "7") == 700000U);
    BOOST_TEST(time("1 us", "7") == 7000000U);
    BOOST_TEST(time("1 ms", "7") == 7000000000U);
    BOOST_TEST(time("1 s", "7") == 7000000000000U);
    BOOST_TEST(time("100 fs", "70") == 7U);
}

BOOST_AUTO_TEST_CASE(an_fst_file_is_told_with_what_makes_a_vcd_of_it) {
    const std::string header_block("\0\0\0\0\0\0\0\x01\x49", 9);
    BOOST_CHECK_EXCEPTION(all_changes(header_block), trace_error, [](const trace_error& e) {
        const std::string what = e.what();
        return what.find("FST") != std::string::npos &&
               what.find("fst2vcd -f") != std::string::npos;
    });
}

BOOST_AUTO_TEST_CASE(errors_name_line_and_cause) {
    require_error("", "1", "the file is empty");
    require_error("hello world\n", "1", "not a VCD header");
    require_error("$timescale 1 ns $end\n$scope module a $end\n", "3", "ends in its header");
    require_error("$timescale 3 ns $end\n", "1", "bad $timescale");
    require_error("$upscope $end\n", "1", "$upscope without $scope");
    require_error("$var wire many ! a $end\n", "1", "bad width");
    require_error("$var wire 1 ! $end\n", "1", "$var without a name");
    require_error("$var wire 1 ! a $end\n$var string 1 ! b $end\n", "2", "two kinds");
    require_error(header + "#5\n1!\n1?\n", "12", "undeclared signal \"?\"");
    require_error(header + "#5\n#4\n", "11", "time runs backwards");
    require_error(header + "#12x\n", "10", "bad time");
    require_error(header + "#99999999999999999999\n", "10", "bad time");
    require_error(header + "#9999999999999999999\n", "10", "bad time"); // overflows as ps
    require_error(header + "#5\nb12 \"\n", "11", "bad value");
    require_error(header + "#5\nq!\n", "11", "not a value change");
    require_error(header + "#5\n1#longid\n", "11", "no text for a text signal");
    require_error(header + "#5\n$dumpports $end\n", "11", "unknown command");
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_an_error_with_its_reason) {
    BOOST_CHECK_EXCEPTION(vcd_reader("/nonexistent/t.vcd"), trace_error, [](const trace_error& e) {
        return std::string(e.what()) == "waveform /nonexistent/t.vcd: No such file or directory "
                                        "(give a VCD file)";
    });
}

BOOST_AUTO_TEST_CASE(a_file_cut_off_anywhere_gives_what_came_before) {
    const std::string whole = read_file(NTBSIM_TRACES_TEST_DATA "/exchange.vcd");
    const std::size_t body = whole.find("#0\n");
    std::size_t most = 0;
    for (std::size_t size = body; size <= whole.size(); ++size) {
        const memory_file file(whole.substr(0, size));
        vcd_reader r(file.path());
        vcd_change c;
        std::size_t n = 0;
        while (r.next(c))
            ++n;
        BOOST_REQUIRE(n >= most); // nothing is lost by a longer file
        most = n;
        const bool at_line_end = whole[size - 1] == '\n';
        if (at_line_end)
            BOOST_REQUIRE(!r.truncated());
    }
    BOOST_TEST(most > 60U);
}

BOOST_AUTO_TEST_CASE(a_last_word_without_its_end_is_left_out) {
    const memory_file file(header + "#5\n1!\nb1 #longi");
    vcd_reader r(file.path());
    vcd_change c;
    BOOST_TEST(r.next(c));
    BOOST_TEST(!r.next(c));
    BOOST_TEST(r.truncated());
}

BOOST_AUTO_TEST_CASE(long_words_across_the_buffer_are_read_whole) {
    std::string text = header + "#1\n";
    const std::string blanks(262140, '\n');
    text += blanks + "s" + std::string(300000, 'y') + " #longid\n";
    const memory_file file(text);
    vcd_reader r(file.path());
    vcd_change c;
    BOOST_REQUIRE(r.next(c));
    BOOST_TEST(c.text.size() == 300000U);
}

BOOST_AUTO_TEST_CASE(a_word_without_end_is_refused) {
    require_error(header + "#5\ns" + std::string(3000000, 'y') + "\n", "11",
                  "more than a million characters");
}

BOOST_AUTO_TEST_CASE(damaged_files_end_in_an_error_or_in_data_never_otherwise) {
    const std::string good = read_file(NTBSIM_TRACES_TEST_DATA "/exchange.vcd");
    const std::vector<std::string> words{"$end",
                                         "$var",
                                         "$scope",
                                         "$comment",
                                         "#",
                                         "b",
                                         "s",
                                         "\\",
                                         "\\x4",
                                         "#0",
                                         "\n",
                                         "$dumpoff",
                                         "$var wire 4294967295 ! a $end ",
                                         "bz1 ",
                                         "\\777"};
    std::mt19937 random(20240607); // the same damage in every run
    for (int round = 0; round < 3000; ++round) {
        std::string text = good;
        const auto edits = 1 + random() % 8;
        for (std::size_t i = 0; i < edits; ++i) {
            const std::size_t at = random() % text.size();
            switch (random() % 5) {
            case 0:
                text[at] = static_cast<char>(random());
                break;
            case 1:
                text.erase(at, random() % 64);
                break;
            case 2:
                text.insert(at, words[random() % words.size()]);
                break;
            case 3:
                text.insert(at, text.substr(random() % text.size(), random() % 200));
                break;
            default:
                text[at] = static_cast<char>('0' + random() % 10);
            }
            if (text.empty())
                text = "\n";
        }
        const memory_file file(text);
        read_in_every_way(file.path());
    }
}

BOOST_AUTO_TEST_CASE(random_bytes_end_in_an_error_or_in_data_never_otherwise) {
    std::mt19937 random(7);
    for (int round = 0; round < 1000; ++round) {
        std::string text = round % 2 == 0 ? header : std::string();
        for (auto i = random() % 400; i != 0; --i)
            text += static_cast<char>(random());
        const memory_file file(text);
        read_in_every_way(file.path());
    }
}

BOOST_AUTO_TEST_CASE(times_are_written_exactly_and_read_back) {
    BOOST_TEST(format_time(0) == "0 ns");
    BOOST_TEST(format_time(500) == "500 ps");
    BOOST_TEST(format_time(132000) == "132 ns");
    BOOST_TEST(format_time(1004500) == "1.0045 us");
    BOOST_TEST(format_time(3000000000000) == "3 s");
    BOOST_TEST(format_ns(1500) == "1.5");
    BOOST_TEST(format_cycles(133000, 4000) == "33.25");
    for (const std::uint64_t ps :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{999}, std::uint64_t{1004500},
          std::uint64_t{123456789012345}, UINT64_MAX})
        BOOST_TEST(parse_time(format_time(ps)).value() == ps);
    BOOST_TEST(parse_time("2000fs").value() == 2U);
    for (const char* bad : {"", "12", "ns", "1.5ps", "1fs", "-1ns", "1 h", "1..2ns",
                            "99999999999999999999s", "99999999999s"})
        BOOST_TEST(!parse_time(bad).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace ntb::traces::test
