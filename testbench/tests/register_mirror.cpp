// SPDX-License-Identifier: Apache-2.0
// Who mirrors the registers outside the model: it always holds what BAR0 would show.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <random>

#include "testbench/fixture/two_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr bar_number bar0(0);
constexpr unsigned dwords = 1024;

class kept_mirror final : public register_mirror {
public:
    void changed(std::uint32_t offset, std::uint32_t value) noexcept override {
        values.at(offset / 4) = value;
        ++changes;
    }
    void plain(std::uint32_t offset, bool is) noexcept override { is_plain.at(offset / 4) = is; }
    void decides_windows(std::uint32_t offset) noexcept override {
        to_windows.at(offset / 4) = true;
    }
    void answers(bool does) noexcept override { answering = does; }

    std::array<std::uint32_t, dwords> values{};
    std::array<bool, dwords> is_plain{};
    std::array<bool, dwords> to_windows{};
    bool answering = false;
    std::uint64_t changes = 0;
};

class mirrored_hosts : public two_hosts {
public:
    kept_mirror mirror{};

    void mirror_port0() { bench.device().set_mirror(port0, &mirror); }
    /// Every plain register reads as the mirror has it.
    void compare() {
        for (unsigned d = 0; d < dwords; ++d) {
            if (!mirror.is_plain.at(d))
                continue;
            BOOST_TEST_CONTEXT("dword at " << 4 * d)
            BOOST_TEST(host0.bar_read(bar0, 4 * d).data == mirror.values.at(d));
        }
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(mirrored_registers, mirrored_hosts)

BOOST_AUTO_TEST_CASE(the_mirror_holds_what_bar0_shows) {
    run([this] {
        enumerate_both();
        mirror_port0();
        BOOST_TEST(mirror.answering);
        compare();
        std::mt19937 random(3);
        constexpr std::array<const char*, 6> names{"OUTDBELLSET", "INDBELLSTS", "INDBELLMSK",
                                                   "OUTMSG0",     "MSGSTSMSK",  "NTSDATA"};
        for (unsigned i = 0; i < 500; ++i) {
            root_complex& host = random() % 2 == 0 ? host0 : host2;
            write(host, names.at(random() % names.size()), static_cast<std::uint32_t>(random()));
        }
        settle();
        compare();
        BOOST_TEST(mirror.changes > dwords);
    });
}

BOOST_AUTO_TEST_CASE(what_does_more_than_show_its_value_is_not_plain) {
    run([this] {
        enumerate_both();
        mirror_port0();
        for (const std::uint32_t offset : {0xFFCU, 0x4D8U}) // GASADATA, NTMTBLDATA
            BOOST_TEST(!mirror.is_plain.at(offset / 4));
        BOOST_TEST(mirror.is_plain.at(0x428 / 4)); // INDBELLSTS
    });
}

BOOST_AUTO_TEST_CASE(the_message_status_is_plain_unless_a_message_is_under_way) {
    run([this] {
        enumerate_both();
        mirror_port0();
        constexpr unsigned msgsts = 0x460 / 4;
        BOOST_TEST(mirror.is_plain.at(msgsts));
        write(host0, "OUTMSG0", 1);
        BOOST_TEST(!mirror.is_plain.at(msgsts)); // its outcome is not known yet
        settle();
        BOOST_TEST(mirror.is_plain.at(msgsts));
    });
}

BOOST_AUTO_TEST_CASE(bar0_answers_while_there_is_a_link_and_memory_space) {
    run([this] {
        mirror_port0();
        BOOST_TEST(!mirror.answering); // memory space is not enabled
        enumerate_both();
        BOOST_TEST(mirror.answering);
        config_write(host0, "PCICMD", 4); // bus master alone
        BOOST_TEST(!mirror.answering);
        config_write(host0, "PCICMD", 6);
        BOOST_TEST(mirror.answering);
        config_write(host0, "PMCSR", 3); // D3hot
        BOOST_TEST(!mirror.answering);
        config_write(host0, "PMCSR", 0); // resets the function: memory space is off
        BOOST_TEST(!mirror.answering);
        config_write(host0, "PCICMD", 6);
        BOOST_TEST(mirror.answering);
        bench.set_link(port0, false);
        BOOST_TEST(!mirror.answering);
    });
}

BOOST_AUTO_TEST_CASE(nobody_is_told_after_the_mirror_has_been_taken_away) {
    run([this] {
        enumerate_both();
        mirror_port0();
        bench.device().set_mirror(port0, nullptr);
        const std::uint64_t before = mirror.changes;
        write(host0, "NTSDATA", 5);
        config_write(host0, "PCICMD", 0);
        BOOST_TEST(mirror.changes == before);
        BOOST_TEST(mirror.answering); // as it was
    });
}

BOOST_AUTO_TEST_SUITE_END()
