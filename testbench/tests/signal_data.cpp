// SPDX-License-Identifier: Apache-2.0
// NTSDATA, the argument of a global signal (docs/reference/behaviour.md B10.2, B11.8): storage that
// everybody sees and that does nothing. Its twin in bridges is in bridge_registers.cpp.
#include <boost/test/unit_test.hpp>

#include "testbench/fixture/two_hosts.h"
#include "testbench/tests/bits.h"

using namespace ntb;
using namespace ntb::test;

BOOST_AUTO_TEST_SUITE(signal_data)

BOOST_FIXTURE_TEST_CASE(a_peer_reads_the_argument_of_a_global_signal, two_hosts) { // B10.2 B11.8
    run([this] {
        enumerate_both();
        global_write(host2, "SEGSIGMSK", 0);
        global_write(host2, "SEMSK", 0);
        global_write(host2, "SEPMSK", 0);
        write(host2, "NTINTMSK", int_all & ~int_sevent);
        const std::uint64_t before = host2.interrupts().msi_count();
        write(host0, "NTSDATA", 0x1234ABCD);
        write(host0, "NTGSIGNAL", 1);
        await_msi(host2, before);
        BOOST_TEST(global_read(host2, "SEGSIGSTS") == 1U); // partition 0 signals
        BOOST_TEST(global_read(host2, "NTSDATA", port0) == 0x1234ABCDU);
        BOOST_TEST(read(host2, "NTSDATA") == 0U); // its own is another one
    });
}

BOOST_FIXTURE_TEST_CASE(writing_it_does_nothing_else, two_hosts) { // B10.2
    run([this] {
        enumerate_both();
        global_write(host2, "SEGSIGMSK", 0);
        global_write(host2, "SEMSK", 0);
        global_write(host2, "SEPMSK", 0);
        write(host2, "NTINTMSK", 0);
        const std::uint64_t before = host2.interrupts().msi_count();
        write(host0, "NTSDATA", 0xFFFFFFFF);
        global_write(host2, "NTSDATA", 0x0BADF00D, port0); // a peer may write it, too
        settle();
        BOOST_TEST(read(host0, "NTSDATA") == 0x0BADF00DU);
        BOOST_TEST(global_read(host2, "SEGSIGSTS") == 0U);
        BOOST_TEST(read(host2, "NTINTSTS") == 0U);
        BOOST_TEST(host2.interrupts().msi_count() == before);
    });
}

BOOST_FIXTURE_TEST_CASE(it_takes_bytes_and_goes_with_a_reset, two_hosts) { // B1.11 B10.2
    run([this] {
        enumerate_both();
        write(host0, "NTSDATA", 0x11223344);
        BOOST_TEST(host0.bar_write(bar_number(0), 0x40D, 0xEE, 1).ok());
        BOOST_TEST(host0.bar_write(bar_number(0), 0x40E, 0x5566, 2).ok());
        BOOST_TEST(read(host0, "NTSDATA") == 0x5566EE44U);
        bench.hot_reset(port0); // resets it: not confirmed
        BOOST_TEST(config_read(host0, "NTSDATA") == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
