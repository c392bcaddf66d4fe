// SPDX-License-Identifier: Apache-2.0
// The recorder: what it writes, when pulses go back, what it leaves behind when it is stopped.
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdlib>
#include <map>
#include <memory>
#include <sys/resource.h>
#include <sys/wait.h>

#include "traces/tests/ping_pong.h"
#include "traces/tests/support.h"
#include "traces/trace_error.h"
#include "traces/vcd_reader.h"
#include "traces/vcd_recorder.h"

namespace ntb::traces::test {
namespace {

struct fixture {
    temporary_directory directory;
    std::string path = directory.file("t.vcd");

    [[nodiscard]] recording_options options(const char* patterns = "") const {
        return {path, line_writer::no_limit, signal_selection(patterns)};
    }
    /// The file behind its initial values, blank lines left out.
    [[nodiscard]] std::string changes() const {
        std::string text = read_file(path);
        const std::size_t dump = text.find("$dumpvars");
        text.erase(0, text.find("$end\n", dump) + 5);
        for (std::size_t at = text.find("\n\n"); at != std::string::npos; at = text.find("\n\n"))
            text.erase(at, 1);
        return text;
    }
};

/// Every line ends, and the reader finds nothing amiss; gives the number of changes.
std::size_t require_whole(const std::string& path) {
    const std::string text = read_file(path);
    BOOST_REQUIRE(!text.empty());
    BOOST_TEST(text.back() == '\n');
    vcd_reader reader(path);
    vcd_change change;
    std::size_t n = 0;
    while (reader.next(change))
        ++n;
    BOOST_TEST(!reader.truncated());
    return n;
}

/// Rings until the recorder stops, or `rounds` times.
void play(vcd_recorder& recorder, unsigned rounds) {
    ping_pong model(recorder);
    for (unsigned i = 0; i < rounds && recorder.recording(); ++i)
        model.ring(i & 1U);
    recorder.close(model.now());
}

bool installed(const char* program) {
    return std::system((std::string("command -v ") + program + " >/dev/null").c_str()) == 0;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(recorder, fixture)

BOOST_AUTO_TEST_CASE(a_recording_consists_of_exactly_these_bytes) {
    {
        vcd_recorder r(options());
        const signal_id reg = r.declare_bits("switch.port0.nt.indbellsts", 32, 5);
        const signal_id tlp = r.declare_text("switch.port0.link.rx.tlp");
        const signal_id msi = r.declare_bits("switch.port0.nt.msi", 1, 0);
        r.declare_bits("switch.core_clock_ps", 32, 4000);
        r.text(tlp, 1000, 1000, 13000, "MWr bar0+0x0420 4B 0x1");
        r.set(reg, 2000, 0x80000001);
        r.pulse(msi, 2000, 6000, 1);
        r.close(20000);
    }
    BOOST_TEST(read_file(path) == "$version ntbsim waveform 1 $end\n"
                                  "$timescale 1 ps $end\n"
                                  "$scope module switch $end\n"
                                  "$var wire 32 $ core_clock_ps [31:0] $end\n"
                                  "$scope module port0 $end\n"
                                  "$scope module nt $end\n"
                                  "$var wire 32 ! indbellsts [31:0] $end\n"
                                  "$var wire 1 # msi $end\n"
                                  "$upscope $end\n"
                                  "$scope module link $end\n"
                                  "$scope module rx $end\n"
                                  "$var string 1 \" tlp $end\n"
                                  "$upscope $end\n"
                                  "$upscope $end\n"
                                  "$upscope $end\n"
                                  "$upscope $end\n"
                                  "$enddefinitions $end\n"
                                  "#0\n"
                                  "$dumpvars\n"
                                  "b101 !\n"
                                  "s \"\n"
                                  "0#\n"
                                  "b111110100000 $\n"
                                  "$end\n"
                                  "#1000\n"
                                  "sMWr\\040bar0+0x0420\\0404B\\0400x1 \"\n"
                                  "#2000\n"
                                  "b10000000000000000000000000000001 !\n"
                                  "1#\n"
                                  "#6000\n"
                                  "0#\n"
                                  "#13000\n"
                                  "s \"\n"
                                  "#20000\n");
}

BOOST_AUTO_TEST_CASE(reversions_are_merged_into_the_stream_in_time_order) {
    vcd_recorder r(options());
    const signal_id a = r.declare_bits("a", 1, 0);
    const signal_id b = r.declare_bits("b", 1, 0);
    const signal_id c = r.declare_bits("c", 1, 0);
    const signal_id d = r.declare_bits("d", 8, 0);
    r.pulse(a, 10, 40, 1);
    r.pulse(b, 11, 20, 1); // declared later to go back, but goes back first
    r.pulse(c, 12, 20, 1);
    r.set(d, 30, 3);
    r.set(d, 50, 4);
    r.close(50);
    BOOST_TEST(changes() ==
               "#10\n1!\n#11\n1\"\n#12\n1#\n#20\n0\"\n0#\n#30\nb11 $\n#40\n0!\n#50\nb100 $\n");
}

BOOST_AUTO_TEST_CASE(a_later_call_overtakes_a_reversion) {
    vcd_recorder r(options());
    const signal_id a = r.declare_bits("a", 8, 0);
    r.pulse(a, 10, 20, 1);
    r.pulse(a, 15, 25, 2); // the first would have gone back at 20
    r.set(a, 22, 3);       // the second at 25
    r.set(a, 40, 4);
    r.close(40);
    BOOST_TEST(changes() == "#10\nb1 !\n#15\nb10 !\n#22\nb11 !\n#40\nb100 !\n");
}

BOOST_AUTO_TEST_CASE(a_value_that_follows_a_pulse_without_pause_leaves_no_glitch) {
    vcd_recorder r(options());
    const signal_id a = r.declare_bits("a", 8, 0);
    r.pulse(a, 10, 20, 1);
    r.pulse(a, 20, 30, 2);
    r.pulse(a, 30, 40, 2);
    r.close(50);
    BOOST_TEST(changes() == "#10\nb1 !\n#20\nb10 !\n#40\nb0 !\n#50\n");
}

BOOST_AUTO_TEST_CASE(an_equal_text_without_pause_shows_as_a_second_packet) {
    vcd_recorder r(options());
    const signal_id a = r.declare_text("a");
    r.text(a, 10, 10, 20, "x");
    r.text(a, 20, 20, 30, "x");
    r.text(a, 30, 30, 40, "y");
    r.close(50);
    BOOST_TEST(changes() == "#10\nsx !\n#20\ns !\nsx !\n#30\nsy !\n#40\ns !\n#50\n");
}

BOOST_AUTO_TEST_CASE(a_text_told_in_advance_is_shown_at_its_time) {
    vcd_recorder r(options());
    const signal_id a = r.declare_text("a");
    const signal_id b = r.declare_bits("b", 1, 0);
    r.text(a, 10, 40, 50, "second");
    r.text(a, 10, 20, 30, "first");
    r.set(b, 25, 1);
    r.text(a, 25, 50, 60, "third"); // replaces the one that ends then
    r.set(b, 55, 0);
    r.close(70);
    BOOST_TEST(changes() == "#20\nsfirst !\n#25\n1\"\n#30\ns !\n#40\nssecond !\n#50\nsthird !\n"
                            "#55\n0\"\n#60\ns !\n#70\n");
}

BOOST_AUTO_TEST_CASE(a_tlp_is_a_text_that_is_spelled_when_it_is_written) {
    vcd_recorder r(options());
    const signal_id a = r.declare_text("a");
    tlp_appearance read;
    read.head = tlp_head::bar_read;
    read.address = 0x428;
    read.length = 4;
    read.tag = 7;
    read.set_name("INDBELLSTS");
    tlp_appearance other = read;
    other.tag = 8;
    r.tlp(a, 10, 10, 20, read);
    r.tlp(a, 20, 20, 30, read); // without a pause, and equal
    r.tlp(a, 20, 30, 40, other);
    r.text(a, 40, 40, 50, "MRd bar0+0x0428 INDBELLSTS 4B tag 9");
    r.tlp(a, 40, 60, 70, read);
    r.tlp(a, 40, 80, 90, read);
    r.clear_text(a, 65);
    r.close(100);
    const std::string tag = "sMRd\\040bar0+0x0428\\040INDBELLSTS\\0404B\\040tag\\040";
    BOOST_TEST(changes() == "#10\n" + tag + "7 !\n#20\ns !\n" + tag + "7 !\n#30\n" + tag +
                                "8 !\n#40\n" + tag + "9 !\n#50\ns !\n#60\n" + tag +
                                "7 !\n#65\ns !\n#100\n");
}

BOOST_AUTO_TEST_CASE(tlps_are_the_same_bytes_as_their_texts) {
    const std::string other = directory.file("u.vcd");
    vcd_recorder as_tlps(options());
    vcd_recorder as_texts({other});
    const signal_id a = as_tlps.declare_text("a");
    const signal_id b = as_texts.declare_text("a");
    std::uint64_t t = 0;
    for (unsigned i = 0; i < 5000; ++i, t += 40) { // many pages, each with another end
        tlp_appearance tlp;
        tlp.head = static_cast<tlp_head>(i % 14);
        tlp.address = (std::uint64_t{1} << i % 64) + i;
        tlp.length = i;
        tlp.tag = static_cast<std::uint8_t>(i);
        tlp.set_name(std::string_view("A_REGISTER").substr(0, i % 11));
        std::array<char, tlp_room<plain_blank>> text{};
        const char* const end = put_tlp<plain_blank>(text.data(), tlp);
        as_tlps.tlp(a, t, t + 10, t + 30, tlp);
        as_texts.text(b, t, t + 10, t + 30,
                      {text.data(), static_cast<std::size_t>(end - text.data())});
    }
    as_tlps.close(t);
    as_texts.close(t);
    const bool same = read_file(path) == read_file(other);
    BOOST_TEST(same);
    BOOST_TEST(read_file(path).size() > 50 * line_writer::page);
}

BOOST_AUTO_TEST_CASE(a_text_at_the_time_of_one_told_in_advance_replaces_it) {
    vcd_recorder r(options());
    const signal_id a = r.declare_text("a");
    r.text(a, 10, 20, 30, "early");
    r.text(a, 20, 20, 40, "late");
    r.close(50);
    BOOST_TEST(changes() == "#20\nsearly !\nslate !\n#40\ns !\n#50\n");
}

BOOST_AUTO_TEST_CASE(a_cleared_text_shows_nothing_of_what_was_to_come) {
    vcd_recorder r(options());
    const signal_id a = r.declare_text("a");
    const signal_id b = r.declare_text("b");
    r.text(a, 10, 10, 100, "on its way");
    r.text(a, 10, 40, 50, "to come");
    r.text(b, 10, 40, 50, "of another");
    r.clear_text(a, 20);
    r.close(70);
    BOOST_TEST(changes() ==
               "#10\nson\\040its\\040way !\n#20\ns !\n#40\nsof\\040another \"\n#50\ns \"\n#70\n");
}

BOOST_AUTO_TEST_CASE(times_are_written_with_all_their_digits) {
    vcd_recorder r(options());
    const signal_id a = r.declare_bits("a", 1, 0);
    std::string expected;
    std::uint64_t value = 0;
    for (const std::uint64_t t :
         {std::uint64_t{7}, std::uint64_t{99'999'999}, std::uint64_t{100'000'000},
          std::uint64_t{100'000'001}, std::uint64_t{12'300'000'045}, std::uint64_t{999'999'999'999},
          std::uint64_t{1'000'000'000'000}, std::uint64_t{18'446'744'073'709'551'614U}}) {
        value ^= 1U;
        r.set(a, t, value);
        expected += '#' + std::to_string(t) + '\n' + (value != 0 ? "1!\n" : "0!\n");
    }
    r.close(18'446'744'073'709'551'614U);
    BOOST_TEST(changes() == expected);
}

BOOST_AUTO_TEST_CASE(a_value_set_again_is_not_recorded) {
    vcd_recorder r(options());
    const signal_id a = r.declare_bits("a", 32, 7);
    r.set(a, 10, 7);
    r.set(a, 20, 8);
    r.set(a, 30, 8);
    r.set(a, 40, 0x100000008); // the bits beyond the width do not count
    r.flush();
    BOOST_TEST(r.changes() == 1U);
    r.close(30);
    BOOST_TEST(changes() == "#20\nb1000 !\n#30\n");
}

BOOST_AUTO_TEST_CASE(texts_come_back_as_they_were_but_for_what_cannot_be_printed) {
    {
        vcd_recorder r(options());
        const signal_id a = r.declare_text("a");
        r.text(a, 10, 10, 20, "a b\\n c\\040d");
        r.text(a, 30, 30, 40, std::string_view("\x01\x7f\xff\n", 4));
        r.text(a, 50, 50, 60, std::string(1000, ' '));
        r.close(60);
    }
    vcd_reader reader(path);
    vcd_change c;
    std::vector<std::string> texts;
    while (reader.next(c)) {
        if (!c.text.empty())
            texts.emplace_back(c.text);
    }
    const std::vector<std::string> expected{"a b\\n c\\040d", "????", std::string(max_text, ' ')};
    BOOST_TEST(texts == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(only_selected_signals_are_declared_and_recorded) {
    {
        vcd_recorder r(options("switch.port0.*,!*.msi switch.port?.link.*.tlp"));
        BOOST_TEST(r.declare_bits("switch.port0.nt.indbellsts", 32, 0).traced());
        BOOST_TEST(!r.declare_bits("switch.port0.nt.msi", 1, 0).traced());
        BOOST_TEST(!r.declare_bits("switch.port2.nt.indbellsts", 32, 0).traced());
        BOOST_TEST(r.declare_text("switch.port2.link.tx.tlp").traced());
        r.set(signal_id(), 10, 1); // an untraced handle is ignored
        r.close(10);
        BOOST_TEST(r.signals() == 2U);
    }
    BOOST_TEST(vcd_reader(path).signals().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_list_that_begins_with_an_exclusion_begins_from_everything) {
    signal_selection selection("!*.tlp");
    BOOST_TEST(selection.selects("switch.sests"));
    BOOST_TEST(!selection.selects("switch.port0.link.rx.tlp"));
}

BOOST_AUTO_TEST_CASE(a_pattern_that_matches_nothing_is_told) {
    const captured_stderr err;
    vcd_recorder r(options("switch.*,switch.prot0.*"));
    r.declare_bits("switch.sests", 32, 0);
    r.close(0);
    BOOST_TEST(lines(err.text()) == 1U);
    BOOST_TEST(err.text().find("switch.prot0.*: matches no signal") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(patterns_with_many_stars_end_in_time) {
    const std::string name(2000, 'a');
    std::string pattern;
    for (int i = 0; i < 200; ++i)
        pattern += "*a";
    BOOST_TEST(glob_matches(pattern, name));
    BOOST_TEST(!glob_matches(pattern + 'b', name));
}

BOOST_AUTO_TEST_CASE(equal_runs_give_equal_files_however_often_they_are_flushed) {
    const std::string other = directory.file("u.vcd");
    {
        vcd_recorder a(options());
        play(a, 500);
        vcd_recorder b({other});
        ping_pong model(b);
        for (unsigned i = 0; i < 500; ++i) {
            model.ring(i & 1U);
            if (i % 7 == 0)
                b.flush();
            if (i % 5 == 0)
                b.flush_soon();
        }
        b.close(model.now());
    }
    const bool equal = read_file(path) == read_file(other);
    BOOST_TEST(equal);
    BOOST_TEST(read_file(path).size() > 4 * line_writer::page);
}

BOOST_AUTO_TEST_CASE(no_line_crosses_a_page_of_the_file) {
    {
        vcd_recorder r(options());
        play(r, 2000);
        BOOST_TEST(r.size() > line_writer::capacity);
    }
    const std::string text = read_file(path);
    for (std::size_t at = line_writer::page; at < text.size(); at += line_writer::page)
        BOOST_REQUIRE(text[at - 1] == '\n');
}

BOOST_AUTO_TEST_CASE(flush_hands_everything_to_the_file) {
    vcd_recorder r(options());
    const signal_id a = r.declare_bits("a", 8, 0);
    r.set(a, 10, 1);
    r.flush();
    BOOST_TEST(changes() == "#10\nb1 !\n");
    BOOST_TEST(r.size() == read_file(path).size());
}

BOOST_AUTO_TEST_CASE(nothing_is_allocated_while_recording) {
    vcd_recorder r(options());
    ping_pong model(r);
    model.ring(0);
    const std::size_t before = allocations;
    for (unsigned i = 1; i < 5000; ++i)
        model.ring(i & 1U);
    BOOST_TEST(allocations == before);
    BOOST_TEST(before > 0U);
}

BOOST_AUTO_TEST_CASE(the_limit_ends_the_recording_at_a_whole_time_step) {
    for (const std::uint64_t limit : {3000U, 4096U, 5001U, 100000U, 300001U, 524288U}) {
        const captured_stderr err;
        {
            vcd_recorder r({path, limit});
            play(r, 10000);
            BOOST_TEST(!r.recording());
            BOOST_TEST(r.size() == read_file(path).size());
        }
        const std::string text = read_file(path);
        BOOST_TEST(text.size() <= limit);
        BOOST_TEST(text.size() + 200 > limit);
        BOOST_TEST(require_whole(path) > 10U);
        BOOST_TEST(lines(err.text()) == 1U);
        BOOST_TEST(err.text().find("stopped at simulated time ") != std::string::npos);
        BOOST_TEST(err.text().find("its limit of " + std::to_string(limit) + " bytes") !=
                   std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(what_a_limit_leaves_is_the_begin_of_the_whole_recording) {
    {
        const captured_stderr err;
        vcd_recorder limited({path, 50000});
        play(limited, 1000);
    }
    const std::string other = directory.file("u.vcd");
    {
        vcd_recorder whole({other});
        play(whole, 1000);
    }
    const std::string begin = read_file(path);
    const std::string text = read_file(other);
    const bool same = text.compare(0, begin.size(), begin) == 0;
    BOOST_TEST(same);
    // Behind it, perhaps after padding, a new time step begins.
    BOOST_TEST(text[text.find_first_not_of('\n', begin.size())] == '#');
}

BOOST_AUTO_TEST_CASE(a_full_device_is_told_once_and_stops_only_the_recording) {
    const captured_stderr err;
    vcd_recorder r({"/dev/full"});
    BOOST_TEST(!r.failed());
    play(r, 10000);
    BOOST_TEST(!r.recording());
    BOOST_TEST(r.failed());
    BOOST_TEST(lines(err.text()) == 1U);
    BOOST_TEST(err.text().find("ntbsim: waveform /dev/full stopped at simulated time ") == 0U);
    BOOST_TEST(err.text().find("No space left on device (") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_disk_that_fills_up_leaves_whole_time_steps) {
    // A file size limit gives what a full disk gives: a short write, then an error.
    for (const rlim_t room : {100001U, 262144U, 700003U}) {
        const pid_t child = ::fork();
        BOOST_REQUIRE(child >= 0);
        if (child == 0) {
            std::signal(SIGXFSZ, SIG_IGN);
            const rlimit limit{room, room};
            ::setrlimit(RLIMIT_FSIZE, &limit);
            std::fclose(stderr);
            vcd_recorder r(options());
            play(r, 20000);
            ::_exit(r.recording() ? 1 : 0);
        }
        int status = -1;
        ::waitpid(child, &status, 0);
        BOOST_TEST(status == 0);
        const std::string text = read_file(path);
        BOOST_TEST(text.size() <= room);
        BOOST_TEST(text.size() + 400 > room);
        require_whole(path);
    }
}

BOOST_AUTO_TEST_CASE(kill_9_in_the_middle_leaves_whole_lines) {
    for (int round = 0; round < 8; ++round) {
        const pid_t child = ::fork();
        BOOST_REQUIRE(child >= 0);
        if (child == 0) {
            vcd_recorder r(options());
            play(r, 100000000);
            ::_exit(0);
        }
        const std::uintmax_t wanted = 1000000U + 777777U * static_cast<unsigned>(round);
        std::error_code error;
        while (std::filesystem::file_size(path, error) < wanted || error)
            ::usleep(100);
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        BOOST_TEST(WIFSIGNALED(status));
        BOOST_TEST(require_whole(path) > 1000U);
        std::filesystem::remove(path);
    }
}

BOOST_AUTO_TEST_CASE(vcd2fst_takes_the_file_and_gives_the_same_changes_back) {
    BOOST_REQUIRE_MESSAGE(installed("vcd2fst") && installed("fst2vcd"),
                          "vcd2fst and fst2vcd are missing: install the package gtkwave");
    {
        vcd_recorder r(options());
        play(r, 400); // long enough for padding between pages
    }
    const std::string fst = directory.file("t.fst");
    const std::string back = directory.file("back.vcd");
    const std::string command =
        "vcd2fst '" + path + "' '" + fst + "' >/dev/null && fst2vcd '" + fst + "' >'" + back + "'";
    BOOST_REQUIRE(std::system(command.c_str()) == 0);
    // FST keeps the last of several values of one instant, in an order of its own: compare what
    // each signal shows at the end of each instant.
    const auto values = [](const std::string& file) {
        vcd_reader reader(file);
        std::vector<std::string> names(reader.channels());
        for (const vcd_signal& s : reader.signals())
            names[s.channel] = s.name;
        std::map<std::pair<std::uint64_t, std::string>, std::string> shown;
        vcd_change c;
        while (reader.next(c))
            shown[{c.time_ps, names[c.channel]}] = std::string(c.text) + std::to_string(c.value);
        return shown;
    };
    const auto ours = values(path);
    const bool same = ours == values(back);
    BOOST_TEST(same);
    BOOST_TEST(ours.size() > 5000U);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_made_is_an_error_with_its_reason) {
    BOOST_CHECK_EXCEPTION(
        vcd_recorder({directory.file("none/t.vcd")}), trace_error, [](const trace_error& e) {
            return std::string(e.what()).find("No such file or directory (") != std::string::npos;
        });
}

BOOST_AUTO_TEST_CASE(many_signals_and_odd_names_give_a_readable_header) {
    {
        vcd_recorder r(options());
        for (unsigned i = 0; i < 20000; ++i)
            r.declare_bits("top.s" + std::to_string(i), 1 + i % 64, i);
        r.declare_bits("a b.c$[3]..x", 1, 1);
        r.declare_text(std::string(5000, 'n') + '.' + std::string(5000, 'n'));
        r.close(5);
    }
    vcd_reader reader(path);
    BOOST_TEST(reader.signals().size() == 20002U);
    vcd_change c;
    std::vector<std::uint64_t> initial(reader.channels());
    while (reader.next(c))
        initial[c.channel] = c.value;
    BOOST_TEST(initial[reader.find("top.s12345")->channel] ==
               (12345U & ((std::uint64_t{1} << (1 + 12345 % 64)) - 1)));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace ntb::traces::test
