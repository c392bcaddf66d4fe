// SPDX-License-Identifier: Apache-2.0
// The simulator's end of the stub: greeting, ring, page, and a stub that does what it may not. The
// test is the stub.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <vector>

#include "tlm_bridge/stub/stub_port.h"
#include "tlm_bridge/tests/messages.h"
#include "tlm_bridge/tests/plain_device.h"

using namespace ntb::bridge;
using namespace ntb::bridge::test;
namespace stub = ntb::stub;

namespace {

/// A function whose registers the test changes.
class test_control final : public port_control {
public:
    void set_link(bool) override {}
    void hot_reset() override {}
    [[nodiscard]] std::uint64_t bar_size(unsigned) const override { return 0; }
    void set_mirror(ntb::register_mirror* m) override { mirror = m; }
    ntb::register_mirror* mirror = nullptr;
};

/// What a stub does, by hand.
class fake_stub {
public:
    explicit fake_stub(const std::string& path, std::uint32_t version = stub::page_version) {
        socket_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        BOOST_REQUIRE(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address),
                                sizeof address) == 0);
        const stub::hello hello{stub::page_magic, version, 1};
        BOOST_REQUIRE(::send(socket_.get(), &hello, sizeof hello, 0) == sizeof hello);
    }
    fake_stub(const fake_stub&) = delete;
    fake_stub& operator=(const fake_stub&) = delete;
    ~fake_stub() {
        if (page != nullptr)
            ::munmap(page, sizeof *page);
    }

    /// Takes the answer; whether there was a page in it.
    bool welcomed() {
        std::array<int, 2> fds{-1, -1};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fds)> control{};
        stub::welcome answer{};
        iovec part{&answer, sizeof answer};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        if (::recvmsg(socket_.get(), &message, MSG_DONTWAIT) != sizeof answer)
            return false;
        if (const cmsghdr* const c = CMSG_FIRSTHDR(&message); c != nullptr)
            std::memcpy(fds.data(), CMSG_DATA(c), sizeof fds);
        if (answer.refused != 0 || fds[0] < 0)
            return false;
        file.reset(fds[0]);
        wake.reset(fds[1]);
        void* const base =
            ::mmap(nullptr, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
        BOOST_REQUIRE(base != MAP_FAILED);
        page = static_cast<stub::page*>(base);
        return true;
    }
    void post(const stub::entry& e) {
        page->ring[posted % stub::ring_entries] = e;
        page->posted.store(++posted);
    }
    void write(std::uint32_t offset, std::uint64_t value, std::uint8_t size = 4) {
        post({value, offset, 0, size, stub::entry_kind::write, {}});
    }
    [[nodiscard]] bool cut_off() const {
        char byte = 0;
        return ::recv(socket_.get(), &byte, 1, MSG_DONTWAIT) == 0;
    }
    void leave() { socket_.reset(); }

    stub::page* page = nullptr;
    unique_fd file;
    unique_fd wake;
    std::uint32_t posted = 0;

private:
    unique_fd socket_;
};

/// A function with a client, and the path at which its stub is awaited.
struct served_function {
    served_function() {
        char name[] = "/tmp/ntb-stub-XXXXXX";
        directory = ::mkdtemp(name);
        path = directory + "/0.sock.stub";
        port = std::make_unique<stub_port>(path, device, control, log.logger(), "port 0",
                                           stub_port::options{true, 7});
        port->connected();
    }
    served_function(const served_function&) = delete;
    served_function& operator=(const served_function&) = delete;
    ~served_function() {
        port.reset();
        std::error_code ignored;
        std::filesystem::remove_all(directory, ignored);
    }

    std::string directory;
    std::string path;
    captured_log log;
    plain_device device{log.logger()};
    test_control control;
    std::unique_ptr<stub_port> port;
};

/// With its stub.
struct stubbed_function : served_function {
    stubbed_function() {
        port->accept();
        BOOST_REQUIRE(guest.welcomed());
    }
    std::uint32_t bar(std::uint32_t offset) const {
        std::uint32_t v = 0;
        std::memcpy(&v, device.bar.data() + offset, sizeof v);
        return v;
    }
    /// Serves until nothing is left.
    void serve() const {
        while (port->serve(64)) {
        }
    }
    fake_stub guest{path};
};

} // namespace

BOOST_AUTO_TEST_SUITE(stub_greeting)

BOOST_FIXTURE_TEST_CASE(a_stub_gets_a_page_that_cannot_shrink, stubbed_function) {
    struct stat status {};
    BOOST_REQUIRE(::fstat(guest.file.get(), &status) == 0);
    BOOST_TEST(status.st_size == static_cast<off_t>(sizeof(stub::page)));
    BOOST_TEST(::ftruncate(guest.file.get(), 0) != 0);
    BOOST_TEST(guest.page->log_reads == 1U);
    BOOST_TEST(guest.page->spin_us == 7U);
    BOOST_TEST(port->control_fd() >= 0);
}

BOOST_FIXTURE_TEST_CASE(a_stub_without_a_client_is_refused, served_function) {
    port->disconnected();
    fake_stub early(path);
    port->accept();
    BOOST_TEST(!early.welcomed());
    BOOST_TEST(port->control_fd() == -1);
}

BOOST_FIXTURE_TEST_CASE(a_second_stub_is_refused, stubbed_function) {
    fake_stub second(path);
    port->accept();
    BOOST_TEST(!second.welcomed());
    guest.write(0x40, 5);
    serve();
    BOOST_TEST(bar(0x40) == 5U);
}

BOOST_FIXTURE_TEST_CASE(a_stub_of_another_version_is_refused, served_function) {
    fake_stub old(path, stub::page_version + 1);
    port->accept();
    BOOST_TEST(!old.welcomed());
}

BOOST_FIXTURE_TEST_CASE(who_says_nothing_is_sent_away, served_function) {
    unique_fd silent(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    BOOST_REQUIRE(
        ::connect(silent.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    port->accept();
    BOOST_TEST(port->control_fd() == -1);
    fake_stub good(path);
    port->accept();
    BOOST_TEST(good.welcomed());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(stub_ring, stubbed_function)

BOOST_AUTO_TEST_CASE(posted_writes_are_carried_out_in_order) {
    std::vector<std::uint32_t> seen;
    for (std::uint32_t i = 0; i < 200; ++i)
        guest.write(0x80, i);
    device.on_access = [this, &seen] { seen.push_back(bar(0x80)); };
    serve();
    BOOST_TEST(bar(0x80) == 199U);
    BOOST_TEST(guest.page->done == 200U);
    for (std::uint32_t i = 1; i < 200; ++i)
        BOOST_TEST(seen[i] == i - 1); // each write found what the one before it had left
}

BOOST_AUTO_TEST_CASE(the_ring_goes_round_and_so_do_its_counters) {
    for (std::uint32_t round = 0; round < 3; ++round) {
        for (std::uint32_t i = 0; i < stub::ring_entries; ++i)
            guest.write(0x80, guest.posted);
        serve();
        BOOST_TEST(bar(0x80) == guest.posted - 1);
        BOOST_TEST(guest.page->done == guest.posted);
    }
}

BOOST_AUTO_TEST_CASE(accesses_have_their_size) {
    guest.write(0x80, 0x8877665544332211, 8);
    guest.write(0x81, 0xAA, 1);
    guest.write(0x86, 0xBBCC, 2);
    serve();
    BOOST_TEST(bar(0x80) == 0x4433AA11U);
    BOOST_TEST(bar(0x84) == 0xBBCC6655U);
}

BOOST_AUTO_TEST_CASE(a_read_gets_the_value_after_the_writes_before_it) {
    guest.write(0x80, 0x1234);
    guest.post({0, 0x80, 0, 4, stub::entry_kind::read, {}});
    serve();
    BOOST_TEST(guest.page->reply == 0x1234U);
}

BOOST_AUTO_TEST_CASE(an_answered_read_reaches_the_device) {
    guest.post({0, 0x80, 0, 4, stub::entry_kind::answered, {}});
    serve();
    BOOST_TEST(device.reads == 1U);
}

BOOST_AUTO_TEST_CASE(what_was_posted_before_a_message_is_done_before_it) {
    std::uint32_t value = 0;
    guest.write(0x80, 0x77);
    BOOST_TEST(port->region_read(0, 0x80, {reinterpret_cast<std::uint8_t*>(&value), 4}) == 0);
    BOOST_TEST(value == 0x77U);
    guest.write(0x80, 0x78);
    BOOST_TEST(port->reset() == 0); // clears the BAR: the write must not come after it
    serve();
    BOOST_TEST(bar(0x80) == 0U);
}

BOOST_AUTO_TEST_CASE(a_turn_is_no_longer_than_its_budget) {
    for (unsigned i = 0; i < 10; ++i)
        guest.write(0x80, i);
    BOOST_TEST(port->serve(4));
    BOOST_TEST(guest.page->done == 4U);
    BOOST_TEST(!port->serve(6));
}

BOOST_AUTO_TEST_CASE(a_simulator_with_work_does_not_sleep) {
    BOOST_TEST(port->may_sleep());
    BOOST_TEST(guest.page->sleeping == 1U);
    port->woken();
    BOOST_TEST(guest.page->sleeping == 0U);
    guest.write(0x80, 1);
    BOOST_TEST(port->pending());
    BOOST_TEST(!port->may_sleep());
    BOOST_TEST(guest.page->sleeping == 0U);
}

BOOST_AUTO_TEST_CASE(the_eventfd_is_the_one_that_wakes_the_simulator) {
    const std::uint64_t one = 1;
    BOOST_TEST(::write(guest.wake.get(), &one, sizeof one) == 8);
    pollfd p{port->wake_fd(), POLLIN, 0};
    BOOST_TEST(::poll(&p, 1, 0) == 1);
}

BOOST_AUTO_TEST_CASE(what_a_stub_posted_before_it_left_is_carried_out) {
    guest.write(0x80, 3);
    guest.leave();
    port->hung_up();
    BOOST_TEST(port->pending());
    serve();
    BOOST_TEST(bar(0x80) == 3U);
    BOOST_TEST(port->control_fd() == -1);
    BOOST_TEST(control.mirror == nullptr);
}

BOOST_AUTO_TEST_CASE(the_stub_ends_with_its_client) {
    guest.write(0x80, 4);
    port->disconnected();
    BOOST_TEST(bar(0x80) == 4U);
    BOOST_TEST(guest.page->closed == 1U);
    BOOST_TEST(guest.cut_off());
    BOOST_TEST(device.disconnects == 1U);
    port->connected(); // the next client may have one again
    fake_stub next(path);
    port->accept();
    BOOST_TEST(next.welcomed());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(stub_mirror, stubbed_function)

BOOST_AUTO_TEST_CASE(the_page_shows_what_the_registers_hold) {
    BOOST_REQUIRE(control.mirror != nullptr);
    BOOST_TEST(guest.page->answers == 0U);
    control.mirror->changed(0x40, 0xABCD);
    control.mirror->plain(0x40, true);
    control.mirror->plain(0xFFC, true);
    control.mirror->answers(true);
    BOOST_TEST(guest.page->registers[0x10] == 0xABCDU);
    BOOST_TEST(guest.page->readable[0] == 1U << 0x10U);
    BOOST_TEST(guest.page->readable[31] == 1U << 31U);
    BOOST_TEST(guest.page->answers == 1U);
    control.mirror->plain(0x40, false);
    control.mirror->answers(false);
    BOOST_TEST(guest.page->readable[0] == 0U);
    BOOST_TEST(guest.page->answers == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(hostile_stubs, stubbed_function)

BOOST_AUTO_TEST_CASE(an_impossible_count_cuts_the_stub_off) {
    guest.page->posted.store(stub::ring_entries + 1);
    serve();
    BOOST_TEST(guest.cut_off());
    BOOST_TEST(guest.page->closed == 1U);
    BOOST_TEST(device.writes == 0U);
}

BOOST_AUTO_TEST_CASE(an_impossible_access_cuts_the_stub_off) {
    const std::vector<stub::entry> wrong{
        {0, 0x1000, 0, 4, stub::entry_kind::write, {}},     // past the end
        {0, 0xFFE, 0, 4, stub::entry_kind::write, {}},      // across it
        {0, 0xFFFFFFFF, 0, 8, stub::entry_kind::write, {}},
        {0, 1ULL << 32U, 0, 4, stub::entry_kind::write, {}}, // 0 in 32 bits
        {0, ~0ULL, 0, 8, stub::entry_kind::write, {}}, // would wrap
        {0, 0, 1, 4, stub::entry_kind::write, {}},          // no such BAR
        {0, 0, 7, 4, stub::entry_kind::write, {}},          // configuration space is not by this way
        {0, 0, 0, 3, stub::entry_kind::read, {}},
        {0, 0, 0, 0, stub::entry_kind::read, {}},
        {0, 0, 0, 255, stub::entry_kind::read, {}},
        {0, 0, 0, 4, static_cast<stub::entry_kind>(0), {}},
        {0, 0, 0, 4, static_cast<stub::entry_kind>(99), {}},
    };
    for (const stub::entry& e : wrong) {
        served_function other;
        fake_stub liar(other.path);
        other.port->accept();
        BOOST_REQUIRE(liar.welcomed());
        liar.post(e);
        BOOST_TEST(!other.port->serve(64));
        BOOST_TEST(liar.cut_off());
        BOOST_TEST(other.device.reads + other.device.writes == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_page_that_changes_all_the_time_does_not_harm) {
    // Every word of the page, at random, while it is served. What is checked is that nothing
    // outside the device is touched: the sanitizers' builds see to that.
    std::uint64_t random = 0x9E3779B97F4A7C15;
    const auto next = [&random] {
        random ^= random << 13U;
        random ^= random >> 7U;
        random ^= random << 17U;
        return static_cast<std::uint32_t>(random >> 32U);
    };
    for (unsigned session = 0; session < 300; ++session) {
        port->disconnected(); // the one before it
        port->connected();
        fake_stub s(path);
        port->accept();
        BOOST_REQUIRE(s.welcomed());
        auto* const words = reinterpret_cast<std::uint32_t*>(s.page);
        for (unsigned step = 0; step < 50; ++step) {
            const unsigned kind = next() % 8;
            for (unsigned i = 0; i < 4; ++i) {
                auto& e = s.page->ring[(s.posted + i) % stub::ring_entries];
                e = {next(),
                     next() % 0x1400,
                     static_cast<std::uint8_t>(next() % 3),
                     static_cast<std::uint8_t>(1U << (next() % 4)),
                     static_cast<stub::entry_kind>(1 + next() % 3),
                     {}};
                if (kind == 0)
                    e.offset = next();
            }
            if (kind == 1)
                words[next() % (sizeof(stub::page) / 4)] = next();
            s.posted += next() % 5;
            s.page->posted.store(kind == 2 ? next() : s.posted);
            s.page->waiting.store(next() % 2);
            s.page->wait_for.store(next());
            (void)port->serve(64);
            if (port->control_fd() < 0)
                break;
        }
    }
    BOOST_TEST(device.reads + device.writes != 0U);
}

BOOST_AUTO_TEST_SUITE_END()
