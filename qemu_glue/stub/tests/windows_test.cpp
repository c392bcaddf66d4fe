// SPDX-License-Identifier: GPL-2.0-or-later
// Windows as RAM, by the stub's own code against a running simulator: a process that is no QEMU
// sees the other's memory in its window area, and loses it in time.
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <random>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

#include "qemu_glue/stub/tests/changed_topology.h"
#include "qemu_glue/stub/tests/control_client.h"
#include "qemu_glue/stub/tests/host_ram.h"
#include "qemu_glue/stub/tests/served_switch.h"
#include "qemu_glue/stub/tests/two_windows.h"

using namespace ntb::stub;
using namespace ntb::stub::test;

namespace {

namespace wire = ntb::vfio_user::wire;

/// A control socket of a simulator, in a directory of its own.
class control_path {
public:
    control_path() : directory_(::mkdtemp(template_)), name(directory_ + "/control.sock") {}
    control_path(const control_path&) = delete;
    control_path& operator=(const control_path&) = delete;
    ~control_path() {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }
    void say(const std::string& statement) const { control_client{name}.say(statement); }

private:
    char template_[32] = "/tmp/ntb-stub-control-XXXXXX";
    std::string directory_;

public:
    std::string name;
};

} // namespace

BOOST_AUTO_TEST_SUITE(windows_as_ram)

BOOST_AUTO_TEST_CASE(a_window_is_the_peer_s_memory_after_the_first_trapped_access) {
    two_windows t;
    t.lead(0, 0x200000);
    BOOST_TEST(!t.at(0).areas.any());
    const std::uint64_t expected = 0x0101010101010101U * (0x200 % 251);
    BOOST_TEST(t.trapped(0) == expected);
    BOOST_TEST(t.at(0).areas.any());
    BOOST_TEST(std::memcmp(t.window(0), t.ram[1].data + 0x200000, window_size) == 0);
    std::memcpy(t.window(0) + 0x1234, "arrived", 8);
    BOOST_TEST(std::memcmp(t.ram[1].data + 0x201234, "arrived", 8) == 0);
    BOOST_TEST(!t.at(1).areas.any()); // who uses none has none
}

BOOST_AUTO_TEST_CASE(a_window_follows_its_base_at_once) {
    // A store of the base, then a load: ten thousand times.
    two_windows t;
    (void)t.trapped(0);
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

BOOST_AUTO_TEST_CASE(what_does_not_fit_pages_stays_trapped) {
    two_windows t;
    t.lead(0, 0x200100); // the adder takes it, pages do not (B9.4)
    (void)t.trapped(0);
    BOOST_TEST(!t.at(0).areas.any());
    t.lead(0, ram_size - 0x8000); // only the beginning is memory
    (void)t.trapped(0);
    window wanted[max_windows];
    std::uint32_t count = 0;
    (void)t.at(0).areas.wanted(wanted, count);
    BOOST_REQUIRE(count == 1U);
    BOOST_TEST(wanted[0].size == 0x8000U);
}

BOOST_AUTO_TEST_CASE(a_window_that_claims_more_than_its_bar_is_mapped_as_far_as_the_bar_goes) {
    // The guest may write any size into BARSETUP, 2^63 bytes of a 64-bit BAR, too.
    constexpr std::uint32_t huge = 0x80000000U | 1U << 13U | 63U << 4U | 2U << 1U;
    two_windows t;
    (void)t.trapped(0);
    BOOST_REQUIRE(t.at(0).stub.write(bar0, barlimit3, 4, 0xFFFFFFFF));
    BOOST_REQUIRE(t.at(0).stub.write(bar0, barsetup2, 4, huge));
    t.lead(0, 0x40000000); // there is no memory for as far as can be seen
    BOOST_REQUIRE(t.at(0).stub.drain());
    BOOST_TEST(!t.at(0).areas.any());
    t.lead(0, 0x200000);
    BOOST_REQUIRE(t.at(0).stub.drain());
    window wanted[max_windows];
    std::uint32_t count = 0;
    (void)t.at(0).areas.wanted(wanted, count);
    BOOST_REQUIRE(count == 1U);
    BOOST_TEST(wanted[0].size == window_size);
}

BOOST_AUTO_TEST_CASE(memory_that_can_shrink_stays_trapped) {
    two_windows t(false);
    t.lead(0, 0x200000);
    BOOST_TEST(t.trapped(0) == 0x0101010101010101U * (0x200 % 251));
    BOOST_TEST(!t.at(0).areas.any());
}

BOOST_AUTO_TEST_CASE(trace_windows_keeps_them_trapped) {
    two_windows t(true, {"--trace-windows"});
    BOOST_TEST(t.trapped(0) == 0U);
    BOOST_TEST(!t.at(0).areas.any());
}

BOOST_AUTO_TEST_CASE(windows_are_trapped_and_mapped_on_demand) {
    control_path path;
    two_windows t(true, {"--trace-windows", "--control", path.name});
    t.lead(0, 0x200000);
    (void)t.trapped(0);
    BOOST_TEST(!t.at(0).areas.any()); // --trace-windows
    path.say("windows map");
    (void)t.trapped(0);
    BOOST_TEST(t.at(0).areas.any());
    path.say("windows trap");
    (void)t.trapped(0);
    // A window in use stays until something changes: no write of its guest is lost.
    std::memcpy(t.window(0) + 0x1234, "arrived", 8);
    BOOST_TEST(std::memcmp(t.ram[1].data + 0x201234, "arrived", 8) == 0);
    t.lead(0, 0x300000);
    BOOST_TEST(t.trapped(0) == 0x0101010101010101U * (0x300 % 251));
    BOOST_TEST(is_ones(t.window(0)));
    window wanted[max_windows];
    std::uint32_t count = 1;
    (void)t.at(0).areas.wanted(wanted, count);
    BOOST_TEST(count == 0U); // QEMU is to trap it
    path.say("windows map");
    (void)t.trapped(0);
    BOOST_TEST(t.window(0)[0] == 0x300 % 251);
}

BOOST_AUTO_TEST_CASE(whatever_forbids_access_takes_the_window_away_first) {
    two_windows t;
    t.lead(0, 0x200000);
    const auto map_again = [&t] {
        (void)t.trapped(0);
        BOOST_REQUIRE(t.window(0)[0] == 0x200 % 251);
    };
    map_again();
    // Each act has been carried out when its call returns, so the window must be gone by then.
    t.at(1).write_by_socket(config_space, pcicmd, 2, 2); // the peer's bus master
    BOOST_TEST(is_ones(t.window(0)));
    t.at(1).write_by_socket(config_space, pcicmd, 2, 6);
    map_again();
    t.at(0).write_by_socket(config_space, pcicmd, 2, 0); // ours, and memory space
    BOOST_TEST(is_ones(t.window(0)));
    t.at(0).write_by_socket(config_space, pcicmd, 2, 6);
    map_again();
    BOOST_REQUIRE(t.at(0).stub.write(bar0, ntctl, 4, 1)); // completions
    BOOST_TEST(is_ones(t.window(0)));
    BOOST_REQUIRE(t.at(0).stub.write(bar0, ntctl, 4, id_protection_off));
    map_again();
    host_ram::unmap(t.at(1));
    BOOST_TEST(is_ones(t.window(0)));
    t.ram[1].map(t.at(1));
    map_again();
    t.at(1).connection.round_trip(
        t.at(1).connection.make(wire::command::device_reset, 0, nullptr, 0));
    BOOST_TEST(is_ones(t.window(0)));
}

BOOST_AUTO_TEST_CASE(what_does_not_concern_a_window_leaves_it_mapped) {
    // Neither a guest's other windows nor those of its peer: not one store is lost meanwhile.
    two_windows t;
    t.lead(0, 0x200000);
    for (std::size_t i = 0; i < 2; ++i)
        t.open_trapped(i, 0x300000);
    (void)t.trapped(0);
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
    for (unsigned i = 0; i < 2000; ++i) {
        BOOST_REQUIRE(t.at(i % 2).stub.write(bar0, barltbase3, 4, i << 12U));
        t.lead(1, i << 12U);
    }
    (void)t.trapped(1); // which has windows now, too
    for (unsigned i = 0; i < 2000; ++i)
        t.lead(1, i << 12U);
    for (std::size_t i = 0; i < 2; ++i)
        BOOST_REQUIRE(t.at(i).stub.drain());
    enough = true;
    guest.join();
    BOOST_TEST(stores > 1000U);
    BOOST_TEST(lost == 0U);
}

BOOST_AUTO_TEST_CASE(memory_does_not_overtake_a_trapped_write) {
    // The peer takes no writes for a while: one is under way when its window could be mapped.
    control_path control;
    two_windows t(true, {"--control", control.name});
    t.lead(0, 0x200000);
    t.open_trapped(0, 0x300000);
    control.say("fault port2 credits stuck tx posted");
    BOOST_REQUIRE(t.at(0).stub.write(window_bar, 0x40, 4, 1));
    BOOST_REQUIRE(t.at(0).stub.drain());
    BOOST_TEST(!t.at(0).areas.any());
    BOOST_TEST(word(t.ram[1].data + 0x200040) != 1U);
    control.say("fault port2 credits free tx posted");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!t.at(0).areas.any() && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    BOOST_TEST(word(t.window(0) + 0x40) == 1U); // mapped, and it is there
    // The same with the window mapped: another one is trapped.
    control.say("fault port2 credits stuck tx posted");
    BOOST_REQUIRE(t.at(0).stub.write(trapped_bar, 0x40, 4, 2));
    BOOST_TEST(is_ones(t.window(0)));
    control.say("fault port2 credits free tx posted");
}

BOOST_AUTO_TEST_CASE(a_trapped_write_is_in_memory_before_the_guest_writes_there_by_itself) {
    two_windows t;
    t.lead(0, 0x200000);
    BOOST_REQUIRE(t.at(0).areas.reserve(trapped_bar, window_size) != nullptr);
    t.open_trapped(0, 0x300100); // pages do not fit
    (void)t.trapped(0);
    for (std::uint32_t i = 1; i < 500; ++i) { // data by the one, a flag by the other
        BOOST_REQUIRE(t.at(0).stub.write(trapped_bar, 0x40, 4, i));
        BOOST_REQUIRE(word(t.ram[1].data + 0x300140) == i);
        t.window(0)[0] = 1;
    }
}

BOOST_AUTO_TEST_CASE(a_trapped_write_that_goes_nowhere_is_not_waited_for) {
    // ntb_perf as shipped writes a good deal that nobody takes.
    two_windows t;
    t.lead(0, 0x200000);
    BOOST_REQUIRE(t.at(0).areas.reserve(trapped_bar, window_size) != nullptr);
    t.open_trapped(0, 0x40000000); // no memory
    (void)t.trapped(0);
    BOOST_REQUIRE(t.at(0).areas.any());
    // The best of many short rounds: a busy machine does not disturb all of them, and two changes
    // of process for each write would be in every one.
    constexpr std::uint32_t many = 500;
    auto best = std::chrono::steady_clock::duration::max();
    for (unsigned round = 0; round < 40; ++round) { // all of them fit into the ring
        const auto begin = std::chrono::steady_clock::now();
        for (std::uint32_t i = 0; i < many; ++i)
            BOOST_REQUIRE(t.at(0).stub.write(trapped_bar, 0x40, 4, i));
        best = std::min(best, (std::chrono::steady_clock::now() - begin) / many);
    }
    BOOST_TEST((best < std::chrono::microseconds(4)));
    BOOST_REQUIRE(t.at(0).stub.drain());
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_takes_its_memory_away_though_its_link_stays_up) {
    // The client of the port's DMA function is still there.
    const changed_topology topology("mode = \"nt\"", "mode = \"nt_dma\"");
    const std::string dma = "/tmp/ntb-stub-dma-" + std::to_string(::getpid());
    two_windows t(true, {"--topology", topology.path(), "--port", "0.1=" + dma});
    ntb::vfio_user::client_connection other(dma);
    other.shake_hands();
    t.lead(1, 0x200000);
    (void)t.trapped(1);
    BOOST_REQUIRE(t.window(1)[0] == 0x200 % 251);
    t.simulator.hosts[0].reset();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (t.window(1)[0] != 0xFF && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    BOOST_TEST(is_ones(t.window(1)));
}

BOOST_AUTO_TEST_CASE(a_peer_that_dies_takes_its_memory_away) {
    two_windows t;
    t.lead(0, 0x200000);
    (void)t.trapped(0);
    std::thread guest([&t] { // a guest that writes all the time
        for (unsigned i = 0; i < 2'000'000 && t.window(0)[0x2000] != 0xFF; ++i)
            std::memset(t.window(0), 0x11, 64);
    });
    t.simulator.hosts[1].reset();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (t.window(0)[0x3000] != 0xFF && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    BOOST_TEST(t.window(0)[0x3000] == 0xFF);
    guest.join();
    std::uint64_t value = 0;
    BOOST_REQUIRE(t.at(0).stub.read(window_bar, 0, 8, value));
    BOOST_TEST(value == ~0ULL); // as PCIe has it
}

BOOST_AUTO_TEST_CASE(a_simulator_that_dies_takes_the_windows_with_it) {
    two_windows t;
    t.lead(0, 0x200000);
    (void)t.trapped(0);
    t.simulator.kill();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (t.window(0)[0] != 0xFF && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    BOOST_TEST(is_ones(t.window(0)));
}

BOOST_AUTO_TEST_CASE(doorbells_do_not_wait_for_windows) {
    two_windows t;
    (void)t.trapped(0);
    const std::uint32_t before = t.at(0).areas.generation();
    for (unsigned i = 0; i < 1000; ++i)
        BOOST_REQUIRE(t.at(0).stub.write(bar0, ntsdata, 4, i));
    BOOST_TEST(t.at(0).areas.generation() == before);
}

BOOST_AUTO_TEST_CASE(a_stub_that_leaves_has_let_go_before_the_simulator_sees_it) {
    two_windows t;
    t.lead(0, 0x200000);
    (void)t.trapped(0);
    t.at(0).stub.close();
    BOOST_TEST(is_ones(t.window(0)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cut_off_stubs)

namespace {
host* cut_off_host = nullptr;
unsigned handed_over = 0;
} // namespace

BOOST_AUTO_TEST_CASE(no_posted_write_is_lost_when_the_simulator_ends_the_ring) {
    // A stub that does not answer when windows are to be mapped is cut off a second later, while
    // its guest goes on writing.
    two_windows t(true, {}, window_use::later);
    host& h = *(cut_off_host = &t.at(0));
    h.stub.set_way_out(
        [](std::uint8_t region, std::uint64_t offset, std::uint8_t size, std::uint64_t value) {
            ++handed_over;
            cut_off_host->write_by_socket(region, offset, size, value);
        });
    t.lead(0, 0x200000);
    std::mt19937 random(3);
    const std::uint32_t all = window_size / 4;
    std::uint32_t written = 0;
    std::uint32_t last = all; // some more when it has gone over to the socket
    while (written < last) {
        for (auto burst = 1 + random() % 40; burst != 0 && written < last; --burst) {
            const std::uint64_t at = 4ULL * written++;
            if (!h.stub.write(window_bar, at, 4, written))
                h.write_by_socket(window_bar, at, 4, written);
        }
        if (last == all && !h.stub.alive())
            last = std::min(all, written + 200);
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 300));
    }
    BOOST_TEST(!h.stub.alive());
    BOOST_TEST(h.read_by_socket(window_bar, 4ULL * (written - 1), 4) == written); // after all
    for (std::uint32_t i = 0; i < written; ++i) {
        std::uint32_t got = 0;
        std::memcpy(&got, t.ram[1].data + 0x200000 + 4ULL * i, sizeof got);
        BOOST_REQUIRE(got == i + 1);
    }
    BOOST_TEST_MESSAGE(written << " written, " << handed_over << " handed over");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hostile_simulators)

BOOST_AUTO_TEST_CASE(ranges_that_lie_are_not_mapped) {
    windows w;
    BOOST_REQUIRE(w.reserve(2, window_size) != nullptr);
    const int file = ::memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    BOOST_REQUIRE(::ftruncate(file, 0x10000) == 0);
    const auto tried = [&w](std::uint64_t bar, std::uint64_t offset, std::uint64_t size,
                            std::uint64_t file_offset, int from) {
        w.revoke();
        w.map({window_command::map, 0, bar, offset, size, file_offset}, from);
        w.commit();
        return w.any();
    };
    BOOST_TEST(!tried(2, 0, 0x1000, 0, file)); // can shrink
    BOOST_REQUIRE(::fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    BOOST_TEST(!tried(2, 0, 0, 0, file));
    BOOST_TEST(!tried(2, 0x10, 0x1000, 0, file));
    BOOST_TEST(!tried(2, 0, 0x1010, 0, file));
    BOOST_TEST(!tried(2, 0, 0x1000, 0x10, file));
    BOOST_TEST(!tried(2, 0, 0x11000, 0, file));            // past the file
    BOOST_TEST(!tried(2, 0, 0x1000, 0x10000, file));       // behind it
    BOOST_TEST(!tried(2, 0, 0x2000, ~0ULL - 0xFFF, file)); // wraps
    BOOST_TEST(!tried(2, window_size, 0x1000, 0, file));   // past the BAR
    BOOST_TEST(!tried(2, window_size - 0x1000, 0x2000, 0, file));
    BOOST_TEST(!tried(2, ~0ULL - 0xFFF, 0x2000, 0, file)); // wraps
    BOOST_TEST(!tried(3, 0, 0x1000, 0, file));             // no area
    BOOST_TEST(!tried(6, 0, 0x1000, 0, file));             // no BAR
    BOOST_TEST(!tried(2, 0, 0x1000, 0, -1));               // no file
    BOOST_TEST(tried(2, 0x1000, 0x1000, 0x2000, file));
    w.map({window_command::map, 0, 2, 0, 0x3000, 0}, file); // over another one
    w.commit();
    window wanted[max_windows];
    std::uint32_t count = 0;
    (void)w.wanted(wanted, count);
    BOOST_TEST(count == 1U);
    const auto unmapped = [&w](std::uint64_t bar, std::uint64_t offset, std::uint64_t size) {
        w.unmap({window_command::unmap, 0, bar, offset, size, 0});
        w.commit();
        return !w.any();
    };
    BOOST_TEST(!unmapped(2, 0x1000, 0x2000)); // not what is mapped
    BOOST_TEST(!unmapped(2, 0, 0x2000));
    BOOST_TEST(!unmapped(7, 0x1000, 0x1000));
    BOOST_TEST(unmapped(2, 0x1000, 0x1000));
    ::close(file);
}

BOOST_AUTO_TEST_SUITE_END()
