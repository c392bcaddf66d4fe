// SPDX-License-Identifier: Apache-2.0
// Taking a side of a switch in shared memory. The other simulator is a process of its own, because
// the locks that say who lives are those of processes.
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <functional>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tlm_bridge/eventfd.h"
#include "tlm_bridge/peer/attachment.h"
#include "tlm_bridge/peer/turns.h"
#include "tlm_bridge/setup_error.h"
#include "tlm_bridge/unique_fd.h"

using namespace ntb::peer;
using ntb::bridge::setup_error;
using ntb::bridge::unique_fd;

namespace {

struct shared_memory {
    unique_fd memory{::memfd_create("peer-test", MFD_CLOEXEC)};
    shared_memory() { resize(layout::memory_bytes); }

    void resize(std::size_t bytes) const {
        BOOST_REQUIRE(::ftruncate(memory.get(), static_cast<off_t>(bytes)) == 0);
    }
    [[nodiscard]] attachment::options options(std::uint32_t ports) const {
        attachment::options o;
        o.name = "peer";
        o.memory_fd = memory.get();
        o.ports = ports;
        o.topology_hash = 1;
        o.patience = std::chrono::milliseconds(100);
        return o;
    }
    /// Why it is refused; empty if it is not.
    [[nodiscard]] static std::string refusal(const attachment::options& o) {
        try {
            const attachment a(o);
        } catch (const setup_error& e) {
            return e.why;
        }
        return {};
    }
};

/// A simulator in another process, attached until it is killed.
class other_process {
public:
    other_process(const attachment::options& o, bool powered = true) {
        std::array<int, 2> ready{};
        BOOST_REQUIRE(::pipe(ready.data()) == 0);
        child_ = ::fork();
        if (child_ == 0) {
            try {
                attachment a(o);
                if (powered)
                    a.state_is_complete();
                (void)!::write(ready[1], "x", 1);
                for (;;)
                    ::pause();
            } catch (const setup_error&) {
                ::_exit(1);
            }
        }
        ::close(ready[1]);
        char x = 0;
        BOOST_CHECK_EQUAL(::read(ready[0], &x, 1), 1);
        ::close(ready[0]);
    }
    ~other_process() { kill(); }
    other_process(const other_process&) = delete;
    other_process& operator=(const other_process&) = delete;
    void kill() {
        if (child_ <= 0)
            return;
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
        child_ = 0;
    }

private:
    pid_t child_ = 0;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(sides, shared_memory)

BOOST_AUTO_TEST_CASE(who_comes_first_powers_the_switch_and_has_its_global_registers) {
    attachment a(options(1));
    BOOST_CHECK(!a.powered());
    BOOST_CHECK(!a.joined_another());
    BOOST_CHECK_EQUAL(a.header().core_side.load(), a.side());
    BOOST_CHECK(!a.other_alive());
}

BOOST_AUTO_TEST_CASE(who_comes_second_finds_the_switch_powered_and_another_with_its_registers) {
    const other_process first(options(1));
    attachment a(options(4));
    BOOST_CHECK(a.powered());
    BOOST_CHECK(a.joined_another());
    BOOST_CHECK(a.other_alive());
    BOOST_CHECK_NE(a.header().core_side.load(), a.side());
    BOOST_CHECK_EQUAL(a.other().ports.load(), 1);
}

BOOST_AUTO_TEST_CASE(a_process_that_is_killed_is_not_alive_and_its_place_is_free) {
    other_process first(options(1));
    attachment a(options(4));
    BOOST_CHECK(a.other_alive());
    first.kill();
    BOOST_CHECK(!a.other_alive());
    const std::uint32_t before = a.other().incarnation.load();
    const other_process again(options(1));
    BOOST_CHECK(a.other_alive());
    BOOST_CHECK_NE(a.other().incarnation.load(), before);
    // The comer left the global registers to who was there.
    BOOST_CHECK_EQUAL(a.header().core_side.load(), a.side());
}

BOOST_AUTO_TEST_CASE(the_state_outlives_everybody) {
    {
        attachment a(options(1));
        a.state_is_complete();
        a.state().registers[7] = 0x1234;
    }
    attachment b(options(4));
    BOOST_CHECK(b.powered());
    BOOST_CHECK_EQUAL(b.state().registers[7], 0x1234);
}

BOOST_AUTO_TEST_CASE(a_play_begins_with_a_new_switch_where_nobody_is) {
    {
        attachment before(options(1));
        before.state_is_complete();
    }
    attachment::options o = options(4);
    o.topology_hash = 2;
    o.fresh = true;
    attachment play(o);
    BOOST_CHECK(!play.powered());
    BOOST_CHECK_EQUAL(play.header().topology_hash.load(), 2);
}

BOOST_AUTO_TEST_CASE(a_play_takes_no_switch_away_from_who_is_there) {
    const other_process there(options(1));
    attachment::options o = options(4);
    o.topology_hash = 2;
    o.hashed = "stimulus";
    o.fresh = true;
    BOOST_CHECK_EQUAL(refusal(o), "its switch has another stimulus");
}

BOOST_AUTO_TEST_CASE(a_simulator_that_died_before_the_state_was_complete_leaves_nothing_behind) {
    other_process first(options(1), false);
    first.kill();
    const attachment b(options(4));
    BOOST_CHECK(!b.powered());
}

BOOST_AUTO_TEST_CASE(a_third_simulator_is_refused) {
    const other_process first(options(1));
    const other_process second(options(4));
    BOOST_CHECK_EQUAL(refusal(options(16)), "two simulators are attached already");
}

BOOST_AUTO_TEST_CASE(another_topology_pace_format_or_port_is_refused) {
    const other_process first(options(1));
    attachment::options o = options(4);
    o.topology_hash = 2;
    BOOST_CHECK_EQUAL(refusal(o), "its switch has another topology or timing");
    o = options(4);
    o.exact = true;
    BOOST_CHECK_EQUAL(refusal(o), "its switch has another --pace");
    BOOST_CHECK_EQUAL(refusal(options(5)), "the other simulator serves one of these ports");
    BOOST_CHECK_EQUAL(refusal(options(4)), ""); // and nothing of that has done harm

    attachment a(options(4));
    a.header().version.store(layout::version + 1);
    BOOST_CHECK(refusal(options(16)).find("format version") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(memory_that_is_too_small_or_in_use_is_refused) {
    resize(layout::memory_bytes - 1);
    BOOST_CHECK(refusal(options(1)).find("bytes") != std::string::npos);
    resize(layout::memory_bytes);
    const char something = 1;
    BOOST_REQUIRE(::pwrite(memory.get(), &something, 1, layout::memory_bytes - 1) == 1);
    BOOST_CHECK_EQUAL(refusal(options(1)), "its shared memory is in use by something else");
    BOOST_REQUIRE(::pwrite(memory.get(), &something, 1, 0) == 1);
    BOOST_CHECK_EQUAL(refusal(options(1)), "its shared memory is in use by something else");
}

BOOST_AUTO_TEST_CASE(memory_that_is_cut_off_reads_zero_and_is_known_as_damaged) {
    attachment a(options(1));
    BOOST_CHECK(!a.damaged());
    resize(0);
    BOOST_CHECK_EQUAL(a.header().magic.load(), 0);
    BOOST_CHECK(a.damaged());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(two_that_take_turns, shared_memory)

/// The other one did its last at 100, has nothing before it, and wishes to go on.
void let_the_other_one_wish(attachment& a) {
    a.header().turn.store(a.side());
    a.other().now_ps.store(100);
    a.other().next_ps.store(turns::never);
    a.header().wish.store(1U << (1 - a.side()));
}

BOOST_AUTO_TEST_CASE(what_the_first_has_before_a_wish_or_at_its_time_comes_before_it) {
    attachment a(options(1));
    BOOST_REQUIRE(a.side() == 0U);
    turns t(a, [] {});
    let_the_other_one_wish(a);
    BOOST_TEST(t.may_go_on({50, 90, false, false}, false));
    BOOST_TEST(t.may_go_on({100, 100, false, false}, false));
    BOOST_TEST(t.is_here());
    BOOST_TEST(!t.may_go_on({100, 101, false, false}, false)); // granted
    BOOST_TEST(!t.is_here());
    BOOST_TEST(a.mine().next_ps.load() == 101U);
}

BOOST_AUTO_TEST_CASE(what_the_second_has_at_the_time_of_a_wish_comes_after_it) {
    const other_process first(options(1));
    attachment a(options(4));
    BOOST_REQUIRE(a.side() == 1U);
    turns t(a, [] {});
    let_the_other_one_wish(a);
    BOOST_TEST(t.may_go_on({50, 90, false, false}, false));
    BOOST_TEST(!t.may_go_on({100, 100, false, false}, false));
    BOOST_TEST(!t.is_here());
}

BOOST_AUTO_TEST_CASE(who_has_nothing_before_it_grants_a_wish) {
    attachment a(options(1));
    turns t(a, [] {});
    let_the_other_one_wish(a);
    BOOST_TEST(!t.may_go_on({50, turns::never, false, false}, false));
    BOOST_TEST(!t.is_here());
}

BOOST_AUTO_TEST_SUITE_END()
