// SPDX-License-Identifier: Apache-2.0
// Guest memory: what is refused, what an access does, and memory that goes away.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <csignal>
#include <numeric>
#include <sys/wait.h>

#include "tlm_bridge/host_memory.h"
#include "tlm_bridge/tests/messages.h"

using namespace ntb::bridge;
using namespace ntb::bridge::test;

namespace {

constexpr std::uint64_t page = 4096;

struct guest {
    captured_log log;
    host_memory memory{log.logger(), "port2"};
    unique_fd ram = new_memory(16 * page);

    int map(std::uint64_t iova, std::uint64_t size, std::uint64_t offset = 0, bool readable = true,
            bool writable = true) {
        return memory.map({iova, size, offset, readable, writable}, duplicate(ram));
    }
    memory_status write(std::uint64_t iova, const byte_vector& bytes) {
        return memory.write(iova, {bytes.data(), bytes.size()});
    }
    memory_status read(std::uint64_t iova, std::size_t size, byte_vector& into) {
        into.assign(size, 0xee);
        return memory.read(iova, {into.data(), into.size()});
    }
    memory_status read(std::uint64_t iova, std::size_t size) {
        byte_vector unused;
        return read(iova, size, unused);
    }
    /// What the guest itself sees in its RAM.
    byte_vector in_ram(std::uint64_t offset, std::size_t size) const {
        byte_vector b(size);
        return ::pread(ram.get(), b.data(), size, static_cast<off_t>(offset)) ==
                       static_cast<ssize_t>(size)
                   ? b
                   : byte_vector();
    }
};

byte_vector counting(std::size_t n) {
    byte_vector b(n);
    std::iota(b.begin(), b.end(), std::uint8_t{1});
    return b;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(guest_memory, guest)

BOOST_AUTO_TEST_CASE(an_access_to_what_is_not_mapped_does_nothing) {
    BOOST_TEST((read(0, 4) == memory_status::not_mapped));
    BOOST_TEST(map(0x10000, 2 * page) == 0);
    for (const std::uint64_t at : {0x10000ULL - 1, 0x10000ULL + 2 * page, 0ULL, ~0ULL}) {
        BOOST_TEST((write(at, {1}) == memory_status::not_mapped));
    }
    BOOST_TEST((write(0x10000 + 2 * page - 2, {1, 2, 3, 4}) == memory_status::not_mapped));
    BOOST_TEST((write(0x10000 - 2, {1, 2, 3, 4}) == memory_status::not_mapped));
    BOOST_TEST(in_ram(0, 2 * page) == byte_vector(2 * page));
}

BOOST_AUTO_TEST_CASE(an_access_never_wraps_around_the_address_space) {
    BOOST_TEST(map(~std::uint64_t{0} - page + 1, page) == 0);
    BOOST_TEST(map(0, page, page) == 0);
    BOOST_TEST((write(~std::uint64_t{0} - 1, {1, 2, 3, 4}) == memory_status::not_mapped));
    BOOST_TEST((write(~std::uint64_t{0}, {7}) == memory_status::ok));
    BOOST_TEST(in_ram(page - 1, 1) == byte_vector{7});
    BOOST_TEST(in_ram(page, 2) == (byte_vector{0, 0}));
}

BOOST_AUTO_TEST_CASE(a_write_reaches_the_guest_and_a_read_comes_from_it) {
    BOOST_TEST(map(0x10000, 4 * page, 2 * page) == 0);
    for (const std::size_t size : {1U, 2U, 3U, 4U, 5U, 8U, 9U, 64U, 4096U, 9000U}) {
        for (const std::uint64_t at : {0x10000ULL, 0x10001ULL, 0x10004ULL}) {
            BOOST_TEST((write(at, counting(size)) == memory_status::ok));
            BOOST_TEST(in_ram(2 * page + at - 0x10000, size) == counting(size));
            byte_vector got;
            BOOST_TEST((read(at, size, got) == memory_status::ok));
            BOOST_TEST(got == counting(size));
        }
    }
}

BOOST_AUTO_TEST_CASE(an_empty_access_is_no_access) {
    BOOST_TEST((write(0x1234, {}) == memory_status::ok));
}

BOOST_AUTO_TEST_CASE(an_access_may_span_maps_that_adjoin) {
    BOOST_TEST(map(0x10000, page, 5 * page) == 0);
    BOOST_TEST(map(0x10000 + page, page, 2 * page) == 0);
    BOOST_TEST(map(0x10000 + 2 * page, page, 7 * page) == 0);
    BOOST_TEST((write(0x10000 + page - 2, counting(page + 4)) == memory_status::ok));
    BOOST_TEST(in_ram(6 * page - 2, 2) == (byte_vector{1, 2}));
    BOOST_TEST(in_ram(2 * page, 2) == (byte_vector{3, 4}));
    byte_vector got;
    BOOST_TEST((read(0x10000 + page - 2, page + 4, got) == memory_status::ok));
    BOOST_TEST(got == counting(page + 4));
}

BOOST_AUTO_TEST_CASE(a_write_that_would_end_in_a_hole_writes_nothing) {
    BOOST_TEST(map(0x10000, page) == 0);
    BOOST_TEST(map(0x10000 + 2 * page, page, page) == 0);
    BOOST_TEST((write(0x10000 + page - 2, counting(page + 4)) == memory_status::not_mapped));
    BOOST_TEST(in_ram(page - 2, 2) == (byte_vector{0, 0}));
}

BOOST_AUTO_TEST_CASE(protection_is_checked_at_each_use) {
    BOOST_TEST(map(0x10000, page, 0, true, false) == 0);
    BOOST_TEST(map(0x20000, page, page, false, true) == 0);
    BOOST_TEST((write(0x10000, {1, 2, 3, 4}) == memory_status::protection));
    BOOST_TEST((read(0x10000, 4) == memory_status::ok));
    BOOST_TEST((read(0x20000, 4) == memory_status::protection));
    BOOST_TEST((write(0x20000, {1, 2, 3, 4}) == memory_status::ok));
}

BOOST_AUTO_TEST_CASE(the_map_used_last_is_forgotten_when_it_goes) {
    BOOST_TEST(map(0x10000, page) == 0);
    BOOST_TEST(map(0x20000, page, page) == 0);
    BOOST_TEST((write(0x20000, {1}) == memory_status::ok));
    BOOST_TEST(memory.unmap({0x20000, page, false}) == 0);
    BOOST_TEST((write(0x20000, {1}) == memory_status::not_mapped));
    BOOST_TEST((write(0x10000, {1}) == memory_status::ok));
    BOOST_TEST(map(0x0, page, 2 * page) == 0); // moves the others in the table
    BOOST_TEST((write(0x10000, {2}) == memory_status::ok));
    BOOST_TEST(in_ram(0, 1) == byte_vector{2});
    memory.unmap_all();
    BOOST_TEST((write(0x10000, {1}) == memory_status::not_mapped));
}

BOOST_AUTO_TEST_CASE(memory_that_is_not_shared_is_reported_once_with_what_to_do) {
    BOOST_TEST(memory.map({0x10000, page, 0, true, true}, unique_fd()) == 0);
    BOOST_TEST(log.text().empty()); // QEMU has memory like that which no device uses
    for (int i = 0; i < 5; ++i) {
        BOOST_TEST((write(0x10000, {1}) == memory_status::no_file));
    }
    BOOST_TEST(log.count("share=on:") == 1U);
}

BOOST_AUTO_TEST_CASE(a_writable_map_of_a_read_only_file_is_refused) {
    const std::string path = "/proc/self/fd/" + std::to_string(ram.get());
    const unique_fd read_only(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    BOOST_REQUIRE(read_only);
    BOOST_TEST(memory.map({0, page, 0, true, true}, duplicate(read_only)) == EACCES);
    BOOST_TEST(memory.map({0, page, 0, true, false}, duplicate(read_only)) == 0);
}

BOOST_AUTO_TEST_CASE(memory_truncated_after_mapping_fails_the_access_and_not_the_process) {
    BOOST_TEST(map(0x10000, 8 * page) == 0);
    BOOST_TEST(map(0x40000, page) == 0);
    BOOST_TEST((write(0x10000 + 5 * page, {1, 2, 3, 4}) == memory_status::ok));
    BOOST_REQUIRE(::ftruncate(ram.get(), 2 * page) == 0);
    BOOST_TEST((write(0x10000 + 5 * page, {1, 2, 3, 4}) == memory_status::failed));
    BOOST_TEST((read(0x10000 + 5 * page, 4) == memory_status::failed));
    BOOST_TEST((read(0x10000, 4) == memory_status::failed)); // until it is mapped anew
    BOOST_TEST(log.count("is gone") == 1U);
    BOOST_TEST((write(0x40000, {9}) == memory_status::ok)); // other maps go on
    BOOST_TEST(memory.unmap({0x10000, 8 * page, false}) == 0);
    BOOST_TEST(map(0x10000, 2 * page) == 0);
    BOOST_TEST((write(0x10000, {5}) == memory_status::ok));
    BOOST_TEST(in_ram(0, 1) == byte_vector{5});
}

BOOST_AUTO_TEST_CASE(a_long_access_over_many_lost_pages_survives) {
    BOOST_TEST(map(0x10000, 16 * page) == 0);
    BOOST_REQUIRE(::ftruncate(ram.get(), 0) == 0);
    BOOST_TEST((write(0x10000, byte_vector(16 * page, 1)) == memory_status::failed));
    byte_vector got;
    BOOST_TEST((read(0x10000, 16 * page, got) == memory_status::failed));
}

BOOST_AUTO_TEST_CASE(memory_for_others_to_map_is_told_with_its_gaps) {
    const unique_fd sealed(::memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    BOOST_REQUIRE(::ftruncate(sealed.get(), 16 * page) == 0);
    BOOST_REQUIRE(::fcntl(sealed.get(), F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    BOOST_TEST(memory.map({1ULL << 40, 4 * page, page, true, true}, duplicate(sealed)) == 0);
    BOOST_TEST(map(1ULL << 50, 2 * page) == 0); // its owner can shrink it
    const host_memory::file_part below = memory.file_at(0x1000);
    BOOST_TEST(below.file == -1);
    BOOST_TEST(below.gap == (1ULL << 40) - 0x1000);
    const host_memory::file_part inside = memory.file_at((1ULL << 40) + page);
    BOOST_TEST(inside.file >= 0);
    BOOST_TEST(inside.offset == 2 * page);
    BOOST_TEST(inside.size == 3 * page);
    const host_memory::file_part unusable = memory.file_at((1ULL << 50) + page);
    BOOST_TEST(unusable.file == -1);
    BOOST_TEST(unusable.gap == page);
    const host_memory::file_part above = memory.file_at(1ULL << 60);
    BOOST_TEST(above.file == -1);
    BOOST_TEST(above.gap == 0U);
    BOOST_TEST(memory.bytes_in((1ULL << 40) + page, 1ULL << 60) == 5 * page);
    BOOST_TEST(memory.bytes_in((1ULL << 40) + page, page + 5) == page + 5);
    BOOST_TEST(memory.bytes_in(1ULL << 60, ~0ULL) == 0U);
}

BOOST_AUTO_TEST_CASE(a_bus_error_elsewhere_still_ends_the_process) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGBUS, SIG_DFL); // not Boost's handler
        if (map(0x10000, page) != 0) {
            ::_exit(3);
        }
        void* other = ::mmap(nullptr, page, PROT_READ, MAP_SHARED, ram.get(), 0);
        if (::ftruncate(ram.get(), 0) != 0) {
            ::_exit(3);
        }
        ::_exit(*static_cast<volatile char*>(other));
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_TEST(WIFSIGNALED(status));
    BOOST_TEST(WTERMSIG(status) == SIGBUS);
}

BOOST_AUTO_TEST_CASE(a_bus_error_elsewhere_goes_to_the_handler_that_was_there_before) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGBUS, [](int) { ::_exit(42); });
        if (map(0x10000, page) != 0) {
            ::_exit(3);
        }
        ::raise(SIGBUS);
        ::_exit(0);
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_TEST(WIFEXITED(status));
    BOOST_TEST(WEXITSTATUS(status) == 42);
}

BOOST_AUTO_TEST_SUITE_END()
