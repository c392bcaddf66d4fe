// SPDX-License-Identifier: GPL-2.0-or-later
// Windows as RAM between the hosts of two simulators (docs/peer-link.md), by the stub's own code.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <cstring>
#include <random>
#include <set>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include "qemu_glue/stub/tests/control_client.h"
#include "qemu_glue/stub/tests/linked_windows.h"

using namespace ntb::stub;
using namespace ntb::stub::test;

namespace {

namespace wire = ntb::vfio_user::wire;
using clock_type = std::chrono::steady_clock;

} // namespace

BOOST_AUTO_TEST_SUITE(linked_windows_as_ram)

BOOST_AUTO_TEST_CASE(a_window_is_the_memory_of_the_other_simulator_s_guest) {
    linked_windows t;
    t.lead(0, 0x200000);
    BOOST_TEST(!t.at(0).areas.any());
    BOOST_REQUIRE(t.shows(0, 0x200));
    BOOST_TEST(std::memcmp(t.window(0), t.ram[1].data + 0x200000, window_size) == 0);
    std::memcpy(t.window(0) + 0x1234, "arrived", 8);
    BOOST_TEST(std::memcmp(t.ram[1].data + 0x201234, "arrived", 8) == 0);
    BOOST_TEST(!t.at(1).areas.any()); // who uses none has none
    t.lead(1, 0x300000);
    BOOST_REQUIRE(t.shows(1, 0x300)); // and back
}

BOOST_AUTO_TEST_CASE(a_window_follows_its_base_at_once) {
    linked_windows t;
    t.lead(0, 0x200000);
    BOOST_REQUIRE(t.shows(0, 0x200));
    std::mt19937 random(5);
    for (unsigned i = 0; i < 10'000; ++i) {
        const auto page = static_cast<std::uint32_t>(random() % 1500);
        t.lead(0, page * 4096);
        BOOST_REQUIRE(t.window(0)[77] == page % 251);
        t.window(0)[8] = static_cast<unsigned char>(i);
        BOOST_REQUIRE(t.ram[1].data[page * 4096 + 8] == static_cast<unsigned char>(i));
        t.window(0)[8] = static_cast<unsigned char>(page % 251);
    }
}

BOOST_AUTO_TEST_CASE(memory_that_can_shrink_stays_trapped) {
    linked_windows t(false);
    t.lead(0, 0x200000);
    for (unsigned i = 0; i < 100; ++i) {
        BOOST_REQUIRE(t.trapped(0) == 0x0101010101010101U * (0x200 % 251));
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    BOOST_TEST(!t.at(0).areas.any());
}

BOOST_AUTO_TEST_CASE(trapped_windows_work_where_one_simulator_has_no_broker) {
    linked_windows t(true, {"--trace-windows"});
    t.lead(0, 0x200000);
    BOOST_TEST(t.trapped(0) == 0x0101010101010101U * (0x200 % 251));
    BOOST_TEST(!t.at(0).areas.any());
}

BOOST_AUTO_TEST_CASE(whatever_forbids_access_takes_the_window_away_first) {
    linked_windows t;
    t.lead(0, 0x200000);
    BOOST_REQUIRE(t.shows(0, 0x200));
    // Each act has been carried out when its call returns, so the window must be gone by then.
    for (unsigned round = 0; round < 20; ++round) {
        t.at(1).write_by_socket(config_space, pcicmd, 2, 2); // the peer's bus master
        BOOST_REQUIRE(is_ones(t.window(0)));
        t.at(1).write_by_socket(config_space, pcicmd, 2, 6);
        BOOST_REQUIRE(t.shows(0, 0x200));
        t.at(0).write_by_socket(config_space, pcicmd, 2, 0); // ours, and memory space
        BOOST_REQUIRE(is_ones(t.window(0)));
        t.at(0).write_by_socket(config_space, pcicmd, 2, 6);
        BOOST_REQUIRE(t.shows(0, 0x200));
        BOOST_REQUIRE(t.at(0).stub.write(bar0, ntctl, 4, 1)); // completions
        BOOST_REQUIRE(is_ones(t.window(0)));
        BOOST_REQUIRE(t.at(0).stub.write(bar0, ntctl, 4, id_protection_off));
        BOOST_REQUIRE(t.shows(0, 0x200));
        host_ram::unmap(t.at(1));
        BOOST_REQUIRE(is_ones(t.window(0)));
        t.ram[1].map(t.at(1));
        BOOST_REQUIRE(t.shows(0, 0x200));
        t.at(1).connection.round_trip(
            t.at(1).connection.make(wire::command::device_reset, 0, nullptr, 0));
        BOOST_REQUIRE(is_ones(t.window(0)));
        host_ram::unmap(t.at(1));
        set_up(t.at(1), t.ram[1]);
        BOOST_REQUIRE(t.shows(0, 0x200));
    }
}

BOOST_AUTO_TEST_CASE(what_either_host_does_to_tables_and_partitions_takes_the_window_away) {
    linked_windows t;
    t.lead(0, 0x200000);
    BOOST_REQUIRE(t.shows(0, 0x200));
    std::uint64_t id = 0;
    BOOST_REQUIRE(t.at(0).stub.read(bar0, reqidcap, 4, id));
    const auto write = [&t](std::size_t by, std::uint32_t address_register, std::uint32_t address,
                            std::uint32_t data_register, std::uint32_t data) {
        BOOST_REQUIRE(t.at(by).stub.write(bar0, address_register, 4, address));
        BOOST_REQUIRE(t.at(by).stub.write(bar0, data_register, 4, data));
        BOOST_REQUIRE(t.at(by).stub.drain());
    };
    const auto entry = static_cast<std::uint32_t>((id & 0xFFFFU) << 1U | 1U); // partition 0, valid
    BOOST_REQUIRE(t.at(0).stub.write(bar0, ntctl, 4, 2)); // requesters are looked up
    BOOST_TEST(is_ones(t.window(0)));
    for (unsigned round = 0; round < 10; ++round) {
        for (std::size_t by = 0; by < 2; ++by) {
            write(by, ntmtbladdr, 7, ntmtbldata, entry);
            BOOST_REQUIRE(t.shows(0, 0x200));
            write(by, ntmtbladdr, 7, ntmtbldata, 0);
            BOOST_REQUIRE(is_ones(t.window(0)));
        }
    }
    write(0, ntmtbladdr, 7, ntmtbldata, entry);
    for (unsigned round = 0; round < 4; ++round) { // SWPART1CTL: takes effect after a while
        constexpr std::uint32_t control = 0x3E120;
        {
            const std::size_t by = round % 2;
            BOOST_REQUIRE(t.shows(0, 0x200));
            write(by, gasaaddr, control, gasadata, 0); // disabled
            BOOST_REQUIRE(eventually([&] { return is_ones(t.window(0)); }));
            write(by, gasaaddr, control, gasadata, 1); // active
        }
    }
    BOOST_REQUIRE(t.shows(0, 0x200));
}

BOOST_AUTO_TEST_CASE(faults_at_the_other_simulator_take_the_window_away_first) {
    const std::string name = "/tmp/ntb-linked-faults-" + std::to_string(::getpid()) + ".";
    linked_windows t(true, {"--control", name + "@"});
    t.lead(0, 0x200000);
    for (const char* const statement :
         {"link port2 down", "reset port2 hot", "reset partition 1 fundamental",
          "reset switch fundamental"}) {
        BOOST_REQUIRE(t.shows(0, 0x200));
        control_client{name + "1"}.say(statement); // has been carried out by now
        BOOST_TEST(is_ones(t.window(0)), statement);
        if (std::string(statement) == "link port2 down")
            control_client{name + "1"}.say("link port2 up");
        for (std::size_t i = 0; i < 2; ++i) {
            host_ram::unmap(t.at(i));
            set_up(t.at(i), t.ram[i]);
        }
        t.lead(0, 0x200000);
    }
}

BOOST_AUTO_TEST_CASE(what_does_not_concern_a_window_leaves_it_mapped) {
    linked_windows t;
    t.lead(0, 0x200000);
    for (std::size_t i = 0; i < 2; ++i)
        t.open_trapped(i, 0x300000);
    BOOST_REQUIRE(t.shows(0, 0x200));
    std::atomic<bool> enough{false};
    std::uint64_t stores = 0;
    std::uint64_t lost = 0;
    std::thread guest([&] { // another processor of host 0
        auto* const there = reinterpret_cast<std::atomic<std::uint64_t>*>(t.ram[1].data + 0x200100);
        auto* const here = reinterpret_cast<std::atomic<std::uint64_t>*>(t.window(0) + 0x100);
        while (!enough) {
            here->store(++stores);
            lost += there->load() == stores ? 0 : 1;
        }
    });
    for (unsigned i = 0; i < 1000; ++i) {
        BOOST_REQUIRE(t.at(i % 2).stub.write(bar0, barltbase3, 4, i << 12U));
        t.lead(1, i << 12U);
    }
    (void)t.trapped(1); // which has windows now, too
    for (unsigned i = 0; i < 1000; ++i)
        t.lead(1, i << 12U);
    for (std::uint64_t i = 0; i < 50; ++i) // more memory of the peer's
        t.ram[1].map(t.at(1), 0x10000000 + i * ram_size);
    for (std::size_t i = 0; i < 2; ++i)
        BOOST_REQUIRE(t.at(i).stub.drain());
    enough = true;
    guest.join();
    BOOST_TEST(stores > 1000U);
    BOOST_TEST(lost == 0U);
}

BOOST_AUTO_TEST_CASE(two_that_wait_for_each_other_do_not_stand_still) {
    linked_windows t;
    for (std::size_t i = 0; i < 2; ++i) {
        t.lead(i, 0x200000);
        BOOST_REQUIRE(t.shows(i, 0x200));
    }
    const auto begin = clock_type::now();
    std::atomic<unsigned> wrong{0};
    const auto disturb = [&](std::size_t i) {
        for (unsigned n = 0; n < 500; ++n) {
            t.at(i).write_by_socket(config_space, pcicmd, 2, 2);
            wrong += is_ones(t.window(1 - i)) ? 0U : 1U;
            t.at(i).write_by_socket(config_space, pcicmd, 2, 6);
        }
    };
    std::thread other(disturb, 1);
    disturb(0);
    other.join();
    BOOST_TEST(wrong == 0U);
    BOOST_TEST((clock_type::now() - begin < std::chrono::seconds(60)));
    for (std::size_t i = 0; i < 2; ++i)
        BOOST_TEST(t.shows(i, 0x200));
}

BOOST_AUTO_TEST_CASE(memory_does_not_overtake_a_trapped_write) {
    // The other simulator takes nothing for a while.
    linked_windows t;
    t.lead(0, 0x200000);
    t.open_trapped(0, 0x300000);
    BOOST_REQUIRE(t.shows(0, 0x200));
    for (std::uint32_t i = 1; i < 4; ++i) {
        t.simulator.signal(1, SIGSTOP);
        BOOST_REQUIRE(t.at(0).stub.write(trapped_bar, 0x40, 4, i));
        BOOST_REQUIRE(t.at(0).stub.drain());
        BOOST_TEST(is_ones(t.window(0)));
        BOOST_TEST(word(t.ram[1].data + 0x300040) != i);
        t.simulator.signal(1, SIGCONT);
        BOOST_REQUIRE(eventually([&] { return t.window(0)[0x80] == 0x200 % 251; }));
        BOOST_TEST(word(t.ram[1].data + 0x300040) == i); // mapped, and it is there
    }
}

BOOST_AUTO_TEST_CASE(a_window_is_mapped_when_the_other_simulator_has_got_rid_of_writes) {
    // Its host takes no writes for a while: one is under way there when the window could be mapped.
    const std::string name = "/tmp/ntb-linked-" + std::to_string(::getpid()) + ".";
    linked_windows t(true, {"--control", name + "@"});
    const control_client control{name + "1"};
    t.lead(0, 0x200000);
    t.open_trapped(0, 0x300000);
    for (std::uint32_t i = 1; i < 4; ++i) {
        control.say("fault port2 credits stuck tx posted");
        BOOST_REQUIRE(t.at(0).stub.write(window_bar, 0x40, 4, i));
        BOOST_REQUIRE(t.at(0).stub.write(trapped_bar, 0x40, 4, i));
        BOOST_REQUIRE(t.at(0).stub.drain());
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        if (i == 1)
            BOOST_TEST((!t.at(0).areas.any() || is_ones(t.window(0))));
        BOOST_TEST(word(t.ram[1].data + 0x300040) != i);
        control.say("fault port2 credits free tx posted");
        BOOST_REQUIRE(eventually([&] { return t.window(0)[0x80] == 0x200 % 251; }));
        BOOST_TEST(word(t.window(0) + 0x40) == i); // mapped, and it is there
        BOOST_TEST(word(t.ram[1].data + 0x300040) == i);
        t.lead(0, 0x300000);
        t.lead(0, 0x200000);
    }
}

BOOST_AUTO_TEST_CASE(a_trapped_write_is_in_memory_before_the_guest_writes_there_by_itself) {
    linked_windows t;
    t.lead(0, 0x200000);
    BOOST_REQUIRE(t.at(0).areas.reserve(trapped_bar, window_size) != nullptr);
    t.open_trapped(0, 0x300100); // pages do not fit
    BOOST_REQUIRE(t.shows(0, 0x200));
    for (std::uint32_t i = 1; i < 500; ++i) { // data by the one, a flag by the other
        BOOST_REQUIRE(t.at(0).stub.write(trapped_bar, 0x40, 4, i));
        BOOST_REQUIRE(word(t.ram[1].data + 0x300140) == i);
        t.window(0)[0] = 1;
    }
}

BOOST_AUTO_TEST_CASE(a_trapped_write_is_in_memory_before_its_guest_goes_on_while_the_other_maps) {
    // Who waits for a flag in its own memory, which the other one sees there, finds the data.
    for (const served_by by : {served_by::one, served_by::two}) {
        two_windows t(true, {}, window_use::area, by);
        t.open_trapped(1, 0x300100); // pages do not fit: this one has nothing mapped
        t.lead(0, 0x200000);
        BOOST_REQUIRE(eventually([&] {
            (void)t.trapped(0);
            return t.window(0)[0x80] == 0x200 % 251;
        }));
        BOOST_REQUIRE(!t.at(1).areas.any());
        for (std::uint32_t i = 1; i < 500; ++i) {
            BOOST_REQUIRE(t.at(1).stub.write(trapped_bar, 0x40, 4, i));
            BOOST_REQUIRE(word(t.ram[0].data + 0x300140) == i);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_doorbell_comes_after_what_was_written_into_memory) {
    linked_windows t;
    t.lead(0, 0x200000);
    BOOST_REQUIRE(t.shows(0, 0x200));
    constexpr std::uint32_t indbellsts = 0x428;
    for (std::uint32_t i = 1; i < 500; ++i) {
        BOOST_REQUIRE(t.at(1).stub.write(bar0, indbellsts, 4, 1));
        BOOST_REQUIRE(t.at(1).stub.drain());
        std::memcpy(t.window(0) + 0x40, &i, sizeof i);
        BOOST_REQUIRE(t.at(0).stub.write(bar0, outdbellset, 4, 1));
        BOOST_REQUIRE(eventually([&] {
            std::uint64_t rung = 0;
            return t.at(1).stub.read(bar0, indbellsts, 4, rung) && (rung & 1U) != 0;
        }));
        BOOST_REQUIRE(word(t.ram[1].data + 0x200040) == i);
    }
}

BOOST_AUTO_TEST_CASE(a_simulator_that_dies_takes_its_guest_s_memory_away_and_comes_back) {
    linked_windows t;
    for (std::size_t i = 0; i < 2; ++i)
        t.lead(i, 0x200000);
    for (unsigned round = 0; round < 6; ++round) {
        const std::size_t dying = round % 2;
        const std::size_t staying = 1 - dying;
        for (std::size_t i = 0; i < 2; ++i)
            BOOST_REQUIRE(t.shows(i, 0x200));
        t.simulator.signal(dying, SIGKILL);
        BOOST_REQUIRE(eventually([&] { return is_ones(t.window(staying)); }));
        BOOST_REQUIRE(eventually([&] { return is_ones(t.window(dying)); }));
        std::uint64_t value = 0;
        BOOST_REQUIRE(t.at(staying).stub.read(window_bar, 0, 8, value));
        BOOST_TEST(value == ~0ULL); // as PCIe has it
        t.simulator.restart(dying);
        set_up(t.at(dying), t.ram[dying]);
        t.lead(dying, 0x200000);
    }
}

BOOST_AUTO_TEST_CASE(a_guest_that_dies_takes_its_memory_away) {
    linked_windows t;
    t.lead(0, 0x200000);
    BOOST_REQUIRE(t.shows(0, 0x200));
    t.simulator.hosts[1].reset();
    BOOST_REQUIRE(eventually([&] { return is_ones(t.window(0)); }));
    t.simulator.rejoin(1);
    set_up(t.at(1), t.ram[1]);
    BOOST_REQUIRE(t.shows(0, 0x200));
}

BOOST_AUTO_TEST_CASE(a_simulator_that_stands_still_is_not_waited_for_for_ever) {
    linked_windows t;
    t.lead(0, 0x200000);
    BOOST_REQUIRE(t.shows(0, 0x200));
    t.simulator.signal(0, SIGSTOP);
    const auto begin = clock_type::now();
    t.at(1).write_by_socket(config_space, pcicmd, 2, 2);
    const auto took = clock_type::now() - begin;
    BOOST_TEST((took > std::chrono::seconds(1)));
    BOOST_TEST((took < std::chrono::seconds(4)));
    t.simulator.signal(0, SIGCONT);
    BOOST_REQUIRE(eventually([&] { return is_ones(t.window(0)); }));
    t.at(1).write_by_socket(config_space, pcicmd, 2, 6);
    for (unsigned i = 0; i < 50; ++i) { // trapped from now on, and right
        BOOST_REQUIRE(t.trapped(0) == 0x0101010101010101U * (0x200 % 251));
        BOOST_REQUIRE(is_ones(t.window(0)));
    }
    t.simulator.signal(0, SIGKILL); // until another one comes
    t.simulator.restart(0);
    set_up(t.at(0), t.ram[0]);
    t.lead(0, 0x200000);
    BOOST_TEST(t.shows(0, 0x200));
}

BOOST_AUTO_TEST_CASE(words_of_the_shared_memory_let_nobody_reach_what_he_must_not) {
    // Somebody writes there what he likes while the peer's bus master is off.
    for (unsigned seed = 0; seed < 12; ++seed) {
        linked_windows t;
        t.lead(0, 0x200000);
        BOOST_REQUIRE(t.shows(0, 0x200));
        t.at(1).write_by_socket(config_space, pcicmd, 2, 2);
        BOOST_REQUIRE(is_ones(t.window(0)));
        shared_memory memory(t.simulator.server());
        std::mt19937 random(seed);
        const auto look_again = [&] {
            t.lead(0, static_cast<std::uint32_t>(random() % 256) << 12U);
            (void)t.trapped(0);
            BOOST_REQUIRE(is_ones(t.window(0)));
        };
        // Every port of either side takes requests (layout.h: views in the two blocks of 256).
        for (std::size_t side = 0; side < 2; ++side)
            for (std::size_t port = 0; port < 24; ++port)
                memory.words[(128 + 256 * side + 40 + 8 * port) / 4] = 1;
        look_again();
        // The views, and the registers and tables (layout.h), while the link is up.
        for (unsigned i = 0; i < 300; ++i) {
            const std::size_t views = 128 + 256 * (random() % 2) + 40 + random() % (8 * 24);
            const std::size_t at = i % 2 == 0 ? views : 0x1000 + random() % 0x2000;
            memory.words[at / 4] = static_cast<std::uint32_t>(random());
            if (i % 10 == 0)
                look_again();
        }
        // Anything, which soon ends the link.
        const std::size_t limit = seed % 3 == 0 ? 0x1000 : seed % 3 == 1 ? 0x4000 : memory.size;
        for (unsigned i = 0; i < 3000; ++i) {
            const std::size_t at = random() % (limit / 4);
            if (at >= 2) // the magic number says whose it is
                memory.words[at] = seed % 2 == 0 ? 1 : static_cast<std::uint32_t>(random());
            if (i % 100 == 0)
                look_again();
        }
        (void)t.trapped(0);
        BOOST_TEST(is_ones(t.window(0)));
        BOOST_TEST(t.simulator.runs());
    }
}

BOOST_AUTO_TEST_CASE(a_link_that_is_given_up_takes_windows_away) {
    linked_windows t;
    t.lead(0, 0x200000);
    BOOST_REQUIRE(t.shows(0, 0x200));
    const shared_memory memory(t.simulator.server());
    for (const std::size_t ring : {640U, 832U}) // the readers' positions (layout.h)
        memory.words[(ring + 64) / 4] = 0x7FFFFFFF;
    for (std::size_t i = 0; i < 2; ++i) // a doorbell finds that they cannot be
        BOOST_REQUIRE(t.at(i).stub.write(bar0, 0x420, 4, 1));
    BOOST_TEST(eventually([&] { return is_ones(t.window(0)); }));
    BOOST_TEST(t.simulator.runs());
}

BOOST_AUTO_TEST_CASE(who_talks_nonsense_at_the_socket_harms_nothing) {
    linked_windows t;
    t.lead(0, 0x200000);
    BOOST_REQUIRE(t.shows(0, 0x200));
    const shared_memory memory(t.simulator.server());
    const std::set<std::string> sockets = window_sockets(memory);
    BOOST_REQUIRE(sockets.size() == 1U);
    std::mt19937 random(2);
    for (unsigned i = 0; i < 300; ++i) {
        for (const std::string& name : sockets) {
            const int s = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
            sockaddr_un address{};
            address.sun_family = AF_UNIX;
            name.copy(address.sun_path + 1, sizeof address.sun_path - 2);
            if (::connect(s, reinterpret_cast<const sockaddr*>(&address),
                          static_cast<socklen_t>(sizeof(sa_family_t) + 1 + name.size())) == 0) {
                std::uint32_t words[10] = {1, 1, 1};
                if (i % 2 == 0)
                    (void)!::send(s, words, sizeof words, MSG_NOSIGNAL | MSG_DONTWAIT);
                for (std::uint32_t& w : words)
                    w = random() % 3 == 0 ? static_cast<std::uint32_t>(random()) : random() % 8;
                (void)!::send(s, words, 4 + random() % 37, MSG_NOSIGNAL | MSG_DONTWAIT);
                (void)!::send(s, words, sizeof words, MSG_NOSIGNAL | MSG_DONTWAIT);
            }
            ::close(s);
        }
    }
    BOOST_TEST(t.window(0)[0x80] == 0x200 % 251); // not for a moment
    t.lead(0, 0x300000);
    BOOST_TEST(t.window(0)[0x80] == 0x300 % 251);
    BOOST_TEST(t.simulator.runs());
}

BOOST_AUTO_TEST_SUITE_END()
