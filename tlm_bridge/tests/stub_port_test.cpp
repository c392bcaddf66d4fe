// SPDX-License-Identifier: Apache-2.0
// The simulator's end of the stub: greeting, ring, page, and a stub that does what it may not. The
// test is the stub.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <random>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <vector>

#include "tlm_bridge/host_memory.h"
#include "tlm_bridge/stub/stub_port.h"
#include "tlm_bridge/stub/window_broker.h"
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
    void list_windows(ntb::window_list& out) const override { out = windows; }
    ntb::register_mirror* mirror = nullptr;
    ntb::window_list windows{};
};

/// A function with a window BAR that does nothing.
class window_device final : public device {
public:
    static constexpr std::uint64_t window_size = 1U << 20U;

    window_device() {
        description_.regions[0] = {4096, true, true};
        description_.regions[2] = {window_size, true, true};
    }
    [[nodiscard]] const device_description& description() const override { return description_; }
    void connected() override {}
    void disconnected() override {}
    [[nodiscard]] int region_read(std::uint32_t, std::uint64_t, mutable_bytes) override {
        return 0;
    }
    [[nodiscard]] int region_write(std::uint32_t, std::uint64_t, const_bytes) override { return 0; }
    [[nodiscard]] int dma_map(const dma_mapping&, unique_fd) override { return 0; }
    [[nodiscard]] int dma_unmap(const dma_range&) override { return 0; }
    [[nodiscard]] int reset() override { return 0; }
    [[nodiscard]] int set_irqs(const irq_request&) override { return 0; }

private:
    device_description description_{};
};

/// Numbers at random, from a seed that NTBSIM_TEST_SEED gives or that is always the same.
class random_numbers {
public:
    random_numbers() {
        const char* const text = std::getenv("NTBSIM_TEST_SEED");
        const unsigned long seed = text != nullptr ? std::strtoul(text, nullptr, 0) : 1;
        engine_.seed(seed);
        BOOST_TEST_MESSAGE("NTBSIM_TEST_SEED=" << seed);
    }
    std::uint32_t operator()() { return static_cast<std::uint32_t>(engine_()); }
    std::uint64_t wide() { return std::uint64_t{(*this)()} << 32U | (*this)(); }

private:
    std::mt19937 engine_;
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
    /// The next message of windows, with its file; false: there will be none.
    [[nodiscard]] bool hear(stub::window_message& m, unique_fd& with) const {
        int fd = -1;
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fd)> control{};
        iovec part{&m, sizeof m};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        if (::recvmsg(socket_.get(), &message, MSG_WAITALL) != sizeof m)
            return false;
        if (const cmsghdr* const c = CMSG_FIRSTHDR(&message); c != nullptr)
            std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
        with.reset(fd);
        return true;
    }

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

BOOST_AUTO_TEST_CASE(a_stub_that_waits_for_nothing_is_told_of_several_at_a_time) {
    std::vector<std::uint32_t> told;
    for (std::uint32_t i = 0; i < 200; ++i)
        guest.write(0x80, i);
    device.on_access = [this, &told] { told.push_back(guest.page->done); };
    serve();
    BOOST_TEST(guest.page->done == 200U); // nothing is left: all
    for (std::uint32_t i = 0; i < 200; ++i)
        BOOST_TEST((told[i] <= i && i - told[i] <= 16U)); // never of what is to come
    told.erase(std::unique(told.begin(), told.end()), told.end());
    BOOST_TEST(told.size() < 20U);
}

BOOST_AUTO_TEST_CASE(a_stub_is_told_at_once_of_what_it_waits_for) {
    std::vector<std::uint32_t> told;
    for (std::uint32_t i = 0; i < 20; ++i)
        guest.write(0x80, i);
    guest.page->wait_for = 5;
    guest.page->waiting = 1;
    device.on_access = [this, &told] { told.push_back(guest.page->done); };
    serve();
    BOOST_TEST(told[5] == 5U);
    BOOST_TEST(guest.page->waiting == 0U);
}

BOOST_AUTO_TEST_CASE(a_stub_is_told_of_what_was_done_before_a_read_which_may_take_long) {
    std::uint32_t told = 0;
    for (std::uint32_t i = 0; i < 5; ++i)
        guest.write(0x80, i);
    guest.post({0, 0x80, 0, 4, stub::entry_kind::read, {}});
    guest.write(0x80, 7);
    device.on_access = [this, &told] {
        if (device.reads == 1 && told == 0)
            told = guest.page->done;
    };
    serve();
    BOOST_TEST(told == 5U);
}

BOOST_AUTO_TEST_CASE(accesses_that_were_there_together_are_on_time_together) {
    std::vector<std::uint32_t> on_time; // how many had been carried out then
    std::uint32_t carried_out = 0;
    port->set_on_time([&] { on_time.push_back(carried_out); });
    device.on_access = [this, &carried_out] {
        if (++carried_out == 2)
            guest.write(0x80, 4); // not there with the others
    };
    for (std::uint32_t i = 0; i < 3; ++i)
        guest.write(0x80, i);
    serve();
    BOOST_TEST(carried_out == 4U);
    // The first has its own time, the last may be later than they.
    BOOST_TEST(on_time == (std::vector<std::uint32_t>{1, 2}), boost::test_tools::per_element());
    for (std::uint32_t i = 0; i < 1000; ++i)
        guest.write(0x80, i);
    on_time.clear();
    port->serve(1000); // as long as that takes, the clock has gone on
    BOOST_TEST(on_time.size() == 63U);
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

BOOST_AUTO_TEST_CASE(what_comes_after_the_end_of_the_ring_is_left_to_the_stub) {
    for (std::uint32_t i = 1; i <= 3; ++i)
        guest.write(0x80, i);
    port->hung_up();
    BOOST_TEST(guest.page->closed == stub::ring_ending);
    guest.write(0x80, 4);
    serve();
    BOOST_TEST(bar(0x80) == 3U);
    BOOST_TEST(guest.page->done == 3U);
    BOOST_TEST(guest.page->closed == stub::ring_over);
}

BOOST_AUTO_TEST_CASE(the_stub_ends_with_its_client) {
    guest.write(0x80, 4);
    port->disconnected();
    BOOST_TEST(bar(0x80) == 4U);
    BOOST_TEST(guest.page->closed == stub::ring_over);
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
    BOOST_TEST(guest.page->closed == stub::ring_over);
    BOOST_TEST(device.writes == 0U);
}

BOOST_AUTO_TEST_CASE(an_impossible_access_cuts_the_stub_off) {
    const std::vector<stub::entry> wrong{
        {0, 0x1000, 0, 4, stub::entry_kind::write, {}}, // past the end
        {0, 0xFFE, 0, 4, stub::entry_kind::write, {}},  // across it
        {0, 0xFFFFFFFF, 0, 8, stub::entry_kind::write, {}},
        {0, 1ULL << 32U, 0, 4, stub::entry_kind::write, {}}, // 0 in 32 bits
        {0, ~0ULL, 0, 8, stub::entry_kind::write, {}},       // would wrap
        {0, 0, 1, 4, stub::entry_kind::write, {}},           // no such BAR
        {0, 0, 7, 4, stub::entry_kind::write, {}}, // configuration space is not by this way
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
    random_numbers next;
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

BOOST_AUTO_TEST_SUITE(windows_of_any_shape)

BOOST_AUTO_TEST_CASE(a_stub_is_told_of_memory_within_its_bar_only) {
    // Windows as the registers of a guest may make them, over memory as its peer may map it.
    constexpr std::uint64_t page = stub::window_page;
    constexpr std::uint64_t file_size = 64 * page;
    constexpr auto patience = std::chrono::seconds(20);
    random_numbers next;
    captured_log log;
    char name[] = "/tmp/ntb-stub-XXXXXX";
    const std::string directory = ::mkdtemp(name);
    const std::string path = directory + "/0.sock.stub";
    window_device device;
    test_control control;
    test_control peer_control;
    host_memory memory{log.logger(), "port 2"};
    host_memory own{log.logger(), "port 0"};
    window_broker broker;
    {
        stub_port port(path, device, control, log.logger(), "port 0", {});
        broker.add(ntb::port_number(0), &port, control, own);
        broker.add(ntb::port_number(2), nullptr, peer_control, memory);
        port.connected();
        fake_stub guest(path);
        port.accept();
        BOOST_REQUIRE(guest.welcomed());
        unsigned wrong = 0;
        std::uint64_t maps = 0;
        std::thread hears([&] {
            std::vector<stub::window_message> mapped;
            stub::window_message m{};
            for (unique_fd file; guest.hear(m, file);) {
                if (m.command == stub::window_command::commit) {
                    guest.page->windows_done.store(m.serial);
                } else if (m.command == stub::window_command::map) {
                    ++maps;
                    struct stat status {};
                    const bool good =
                        m.bar == 2 && m.offset % page == 0 && m.size % page == 0 && m.size != 0 &&
                        m.offset < window_device::window_size &&
                        m.size <= window_device::window_size - m.offset &&
                        m.file_offset % page == 0 && ::fstat(file.get(), &status) == 0 &&
                        m.file_offset + m.size <= file_size && mapped.size() < stub::max_windows;
                    wrong += good ? 0 : 1;
                    mapped.push_back(m);
                } else { // one of those that are mapped
                    const auto found = std::find_if(
                        mapped.begin(), mapped.end(), [&m](const stub::window_message& one) {
                            return one.bar == m.bar && one.offset == m.offset && one.size == m.size;
                        });
                    wrong += found == mapped.end() ? 1 : 0;
                    if (found != mapped.end())
                        mapped.erase(found);
                }
            }
        });
        guest.post({0, 0, 2, 4, stub::entry_kind::read, {}}); // it uses windows
        (void)port.serve(64);
        const auto begin = std::chrono::steady_clock::now();
        const auto seldom = [&next] { return next() % 8 == 0; };
        for (unsigned round = 0; round < 2000 && port.control_fd() >= 0; ++round) {
            const std::uint64_t iova = (next() % 8) << (seldom() ? next() % 50 : 12 + next() % 30);
            if (next() % 2 == 0)
                (void)memory.unmap({0, 0, true});
            const unique_fd ram(::memfd_create("ram", MFD_CLOEXEC | MFD_ALLOW_SEALING));
            BOOST_REQUIRE(::ftruncate(ram.get(), file_size) == 0);
            (void)::fcntl(ram.get(), F_ADD_SEALS, seldom() ? F_SEAL_GROW : F_SEAL_SHRINK);
            (void)memory.map({iova, (1 + next() % 16) * page, next() % 48 * page, true, !seldom()},
                             duplicate(ram));
            control.windows.clear();
            for (std::uint32_t n = next() % 6; n != 0; --n) {
                ntb::window_range r;
                r.bar = 2;
                r.offset = seldom() ? next.wide() : next() % 300 * (seldom() ? 1 : page);
                r.size = seldom() ? next.wide() : 1ULL << (10 + next() % 54);
                r.target = ntb::port_number(seldom() ? 4 : 2);
                r.address = seldom() ? next.wide() : iova + next() % 16 * page;
                control.windows.add(r);
            }
            if (next() % 8 == 0)
                broker.take_from(port);
            broker.refresh();
            broker.update_now();
        }
        BOOST_TEST((std::chrono::steady_clock::now() - begin < patience));
        BOOST_TEST(port.control_fd() >= 0);
        port.disconnected();
        hears.join();
        BOOST_TEST(maps > 500U);
        BOOST_TEST(wrong == 0U);
    }
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
}

BOOST_AUTO_TEST_CASE(stubs_that_stand_still_are_waited_for_together) {
    // A simulator that is told of a change has little more than that time to answer.
    captured_log log;
    char name[] = "/tmp/ntb-stub-XXXXXX";
    const std::string directory = ::mkdtemp(name);
    host_memory memory{log.logger(), "port 2"};
    host_memory own{log.logger(), "own"};
    test_control peer_control;
    window_broker broker;
    struct guest {
        guest(const std::string& path, unsigned number, captured_log& log, window_broker& broker,
              const host_memory& own)
            : port(path, device, control, log.logger(), "port " + std::to_string(number), {}) {
            broker.add(ntb::port_number(number), &port, control, own);
            port.connected();
            stub = std::make_unique<fake_stub>(path);
            port.accept();
            BOOST_REQUIRE(stub->welcomed());
            ntb::window_range r;
            r.bar = 2;
            r.size = stub::window_page;
            r.target = ntb::port_number(2);
            control.windows.add(r);
            stub->post({0, 0, 2, 4, stub::entry_kind::read, {}}); // it uses windows
        }
        /// Lets go of what it is told to, once.
        void follow() {
            stub::window_message m{};
            for (unique_fd file; m.command != stub::window_command::commit;)
                BOOST_REQUIRE(stub->hear(m, file));
            stub->page->windows_done.store(m.serial);
        }
        window_device device;
        test_control control;
        stub_port port;
        std::unique_ptr<fake_stub> stub;
    };
    {
        const unique_fd ram(::memfd_create("ram", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        BOOST_REQUIRE(::ftruncate(ram.get(), stub::window_page) == 0);
        BOOST_REQUIRE(::fcntl(ram.get(), F_ADD_SEALS, F_SEAL_SHRINK) == 0);
        BOOST_REQUIRE(memory.map({0, stub::window_page, 0, true, true}, duplicate(ram)) == 0);
        guest first(directory + "/0.sock.stub", 0, log, broker, own);
        guest second(directory + "/4.sock.stub", 4, log, broker, own);
        broker.add(ntb::port_number(2), nullptr, peer_control, memory);
        for (guest* const g : {&first, &second}) {
            std::thread hears([g] { g->follow(); });
            (void)g->port.serve(64);
            hears.join();
        }
        const auto begin = std::chrono::steady_clock::now();
        (void)memory.unmap({0, 0, true});
        broker.refresh();
        broker.update_now();
        const auto took = std::chrono::steady_clock::now() - begin;
        BOOST_TEST((took > std::chrono::milliseconds(window_broker::let_go_limit) / 2));
        BOOST_TEST((took < std::chrono::milliseconds(window_broker::let_go_limit) * 3 / 2));
        first.port.disconnected();
        second.port.disconnected();
    }
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
}

BOOST_AUTO_TEST_SUITE_END()
