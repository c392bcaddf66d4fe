// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "tlm_bridge/rate_limit.h"
#include "tlm_bridge/tests/messages.h"

using namespace ntb::bridge;
using namespace ntb::bridge::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const rate_limiter::clock::time_point start{std::chrono::hours(5)};

unsigned allowed(rate_limiter& limit, rate_limiter::clock::time_point now, unsigned tries) {
    unsigned n = 0;
    for (unsigned i = 0; i < tries; ++i) {
        n += limit.allow(now) ? 1 : 0;
    }
    return n;
}

} // namespace

BOOST_AUTO_TEST_SUITE(rate_limit)

BOOST_AUTO_TEST_CASE(a_burst_passes_and_the_rest_is_counted) {
    rate_limiter limit(3, seconds(1));
    BOOST_TEST(allowed(limit, start, 10) == 3U);
    BOOST_TEST(limit.take_suppressed() == 7U);
    BOOST_TEST(limit.take_suppressed() == 0U);
}

BOOST_AUTO_TEST_CASE(one_more_passes_after_each_interval) {
    rate_limiter limit(3, seconds(1));
    (void)allowed(limit, start, 10);
    BOOST_TEST(allowed(limit, start + milliseconds(999), 10) == 0U);
    BOOST_TEST(allowed(limit, start + milliseconds(1000), 10) == 1U);
    BOOST_TEST(allowed(limit, start + milliseconds(1999), 10) == 0U);
    BOOST_TEST(allowed(limit, start + milliseconds(3500), 10) == 2U);
    BOOST_TEST(allowed(limit, start + milliseconds(4000), 10) == 1U); // halves are kept
}

BOOST_AUTO_TEST_CASE(a_long_pause_gives_no_more_than_a_burst) {
    rate_limiter limit(3, seconds(1));
    (void)allowed(limit, start, 10);
    BOOST_TEST(allowed(limit, start + std::chrono::hours(100), 10) == 3U);
}

BOOST_AUTO_TEST_CASE(a_steady_trickle_passes_whole) {
    rate_limiter limit(2, seconds(1));
    for (int i = 0; i < 100; ++i) {
        BOOST_TEST(limit.allow(start + seconds(i)));
    }
}

BOOST_AUTO_TEST_CASE(the_next_line_says_how_many_are_missing) {
    captured_log text;
    guest_log log(text.logger(), "port0", rate_limiter(2, milliseconds(1)));
    for (int i = 0; i < 5; ++i) {
        log.warn("line {}", i);
    }
    const auto before = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - before < milliseconds(20)) {
    }
    log.warn("afterwards");
    BOOST_TEST(text.has("port0: line 0"));
    BOOST_TEST(text.has("port0: afterwards"));
}

BOOST_AUTO_TEST_SUITE_END()
