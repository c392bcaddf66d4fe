// SPDX-License-Identifier: Apache-2.0
// FST files, read back by GTKWave's own fst2vcd: they say what the VCD of the same changes says.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "traces/fst_recorder.h"
#include "traces/tests/ping_pong.h"
#include "traces/tests/support.h"
#include "traces/trace_error.h"
#include "traces/vcd_reader.h"
#include "traces/vcd_recorder.h"

namespace ntb::traces::test {
namespace {

struct fixture {
    temporary_directory directory;
    std::string fst = directory.file("t.fst");
    std::string vcd = directory.file("t.vcd");

    /// fst2vcd of the FST file.
    [[nodiscard]] std::string converted() const {
        std::string out = directory.file("converted.vcd");
        BOOST_REQUIRE_EQUAL(
            std::system(("fst2vcd -f " + fst + " -o " + out + " > /dev/null 2>&1").c_str()), 0);
        return out;
    }
};

/// Every value that the file shows, as "time name value", in order of time and name.
std::vector<std::string> told_by(const std::string& path) {
    vcd_reader reader(path);
    std::vector<std::string> names(reader.channels());
    for (const vcd_signal& s : reader.signals())
        names[s.channel] = s.name;
    std::vector<std::string> lines;
    vcd_change c;
    while (reader.next(c))
        lines.push_back(std::to_string(c.time_ps) + ' ' + names[c.channel] + ' ' +
                        std::to_string(c.value) + ' ' + std::string(c.text));
    std::sort(lines.begin(), lines.end());
    return lines;
}

template <class Recorder>
void play(const std::string& path) {
    Recorder r(recording_options{path, 0, {}});
    ping_pong model(r);
    for (unsigned i = 0; i < 200; ++i)
        model.ring(i & 1U);
    r.close(model.now());
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(fst, fixture)

BOOST_AUTO_TEST_CASE(it_says_what_the_vcd_says) {
    play<fst_recorder>(fst);
    play<vcd_recorder>(vcd);
    const std::vector<std::string> expected = told_by(vcd);
    BOOST_TEST(expected.size() > 1000U);
    BOOST_TEST(told_by(converted()) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(equal_runs_give_equal_files) {
    play<fst_recorder>(fst);
    const std::string first = read_file(fst);
    play<fst_recorder>(fst);
    BOOST_TEST((read_file(fst) == first));
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_refused_and_left_alone) {
    BOOST_CHECK_EXCEPTION(
        fst_recorder({"/dev/null", 0, {}}), trace_error, [](const trace_error& e) {
            return std::string(e.what()).find("no regular file") != std::string::npos;
        });
    BOOST_CHECK_THROW(fst_recorder({directory.file("none/t.fst"), 0, {}}), trace_error);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace ntb::traces::test
