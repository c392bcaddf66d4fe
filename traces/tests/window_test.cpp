// SPDX-License-Identifier: Apache-2.0
// Recording only what was shortly before a trigger.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "traces/tests/support.h"
#include "traces/trace_error.h"
#include "traces/vcd_reader.h"
#include "traces/window_recorder.h"

namespace ntb::traces::test {
namespace {

constexpr std::uint64_t us = 1'000'000;

struct fixture {
    temporary_directory directory;
    std::string path = directory.file("t.vcd");
    signal_id doorbells;
    signal_id msi;
    signal_id tlp;

    [[nodiscard]] window_recorder make(const char* trigger, std::uint64_t window_ps,
                                       std::uint64_t after_ps = 0, std::uint64_t limit = 0) const {
        return window_recorder({path, limit, {}}, {window_ps, after_ps, trigger});
    }
    void declare(window_recorder& r) {
        doorbells = r.declare_bits("switch.port2.nt.indbellsts", 32, 0);
        msi = r.declare_bits("switch.port2.nt.msi", 1, 0);
        tlp = r.declare_text("switch.port2.link.tx.tlp");
        r.start();
    }
    /// Everything in the file, as "time name value".
    [[nodiscard]] std::vector<std::string> told() const {
        vcd_reader reader(path);
        std::vector<std::string> lines;
        vcd_change c;
        while (reader.next(c)) {
            for (const vcd_signal& s : reader.signals())
                if (s.channel == c.channel)
                    lines.push_back(
                        std::to_string(c.time_ps / us) + ' ' +
                        s.name.substr(s.name.rfind('.') + 1) + ' ' +
                        (s.kind == vcd_kind::text ? std::string(c.text) : std::to_string(c.value)));
        }
        lines.push_back("end " + std::to_string(reader.time_ps() / us));
        return lines;
    }
};

using told_lines = std::vector<std::string>;
constexpr auto each = boost::test_tools::per_element();

} // namespace

BOOST_FIXTURE_TEST_SUITE(window, fixture)

BOOST_AUTO_TEST_CASE(the_file_holds_the_window_before_the_trigger_and_the_values_at_its_begin) {
    window_recorder r = make("switch.port2.nt.indbellsts == 4", 10 * us);
    declare(r);
    r.set(doorbells, 1 * us, 1);
    r.text(tlp, 2 * us, 2 * us, 30 * us, "MWr");
    r.set(doorbells, 15 * us, 2);
    r.set(doorbells, 20 * us, 4);
    r.set(doorbells, 21 * us, 8); // behind the trigger
    r.close(50 * us);
    BOOST_TEST(told() == (told_lines{"10 indbellsts 1", "10 msi 0", "10 tlp MWr", "15 indbellsts 2",
                                     "20 indbellsts 4", "end 20"}),
               each);
}

BOOST_AUTO_TEST_CASE(what_follows_the_trigger_is_kept_as_long_as_asked_for) {
    window_recorder r = make("switch.port2.nt.indbellsts rises", 10 * us, 5 * us);
    declare(r);
    r.set(doorbells, 20 * us, 4);
    r.set(doorbells, 25 * us, 8);
    r.set(doorbells, 26 * us, 9);
    r.flush();
    BOOST_TEST(!r.recording()); // written, before the run ends
    BOOST_TEST(told() == (told_lines{"10 indbellsts 0", "10 msi 0", "10 tlp ", "20 indbellsts 4",
                                     "25 indbellsts 8", "end 25"}),
               each);
}

BOOST_AUTO_TEST_CASE(a_missing_interrupt_fires_when_its_time_has_run_out) {
    window_recorder r = make("switch.port2.nt.msi missing 100us after switch.port2.nt.indbellsts "
                             "rises",
                             110 * us);
    declare(r);
    r.set(doorbells, 10 * us, 1);
    r.pulse(msi, 50 * us, 51 * us, 1); // in time
    r.set(doorbells, 60 * us, 0);
    r.set(doorbells, 500 * us, 1); // no MSI follows
    r.set(doorbells, 700 * us, 0);
    r.flush();
    BOOST_TEST(told() == (told_lines{"490 indbellsts 0", "490 msi 0", "490 tlp ",
                                     "500 indbellsts 1", "end 600"}),
               each);
}

BOOST_AUTO_TEST_CASE(an_interrupt_at_the_last_moment_is_in_time) {
    window_recorder r = make("switch.port2.nt.msi missing 100us after switch.port2.nt.indbellsts "
                             "rises",
                             50 * us);
    declare(r);
    r.set(doorbells, 10 * us, 1);
    r.pulse(msi, 110 * us, 111 * us, 1);
    r.set(doorbells, 900 * us, 0);
    r.flush();
    BOOST_TEST(r.recording());
}

BOOST_AUTO_TEST_CASE(a_text_can_be_the_trigger) {
    window_recorder r = make("switch.port2.link.tx.tlp contains UR", 5 * us);
    declare(r);
    r.text(tlp, 2 * us, 2 * us, 3 * us, "CplD 4B");
    r.text(tlp, 20 * us, 20 * us, 21 * us, "Cpl UR");
    r.close(40 * us);
    BOOST_TEST(told().back() == "end 20");
}

BOOST_AUTO_TEST_CASE(without_a_trigger_it_is_the_end_of_the_run) {
    window_recorder r = make("", 10 * us);
    declare(r);
    r.set(doorbells, 20 * us, 4);
    r.set(doorbells, 95 * us, 5);
    r.close(100 * us);
    BOOST_TEST(told() == (told_lines{"90 indbellsts 4", "90 msi 0", "90 tlp ", "95 indbellsts 5",
                                     "end 100"}),
               each);
}

BOOST_AUTO_TEST_CASE(the_memory_is_bounded_and_the_window_shorter_then) {
    window_recorder r = make("", 1'000'000 * us, 0, std::uint64_t{64} * 10);
    declare(r);
    for (std::uint64_t i = 1; i <= 100; ++i)
        r.set(doorbells, i * us, i);
    r.close(101 * us);
    BOOST_TEST(told().size() <= 14U);
    BOOST_TEST(told().back() == "end 101");
}

BOOST_AUTO_TEST_CASE(what_is_no_trigger_is_refused) {
    for (const char* bad :
         {"", "x", "x rises now", "x ==", "x == y", "x becomes 5", "x missing 5 after y rises",
          "x missing 1ms", "x missing 1ms after y", "x contains"})
        BOOST_CHECK_THROW(trigger{bad}, trace_error);
}

BOOST_AUTO_TEST_CASE(a_trigger_on_a_signal_that_is_not_recorded_is_refused) {
    window_recorder r = make("switch.port4.nt.msi rises", us);
    BOOST_CHECK_EXCEPTION(declare(r), trace_error, [](const trace_error& e) {
        return std::string(e.what()).find("'switch.port4.nt.msi'") != std::string::npos;
    });
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace ntb::traces::test
