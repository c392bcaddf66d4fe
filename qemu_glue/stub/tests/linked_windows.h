// SPDX-License-Identifier: GPL-2.0-or-later
// Hosts of two simulators whose windows are RAM, the memory that the simulators share, and the name
// of the socket at which one of them listens: for tests of windows between simulators.
//
// Units: bytes. Threading: none. Errors: fail the test.
#pragma once

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <set>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "qemu_glue/stub/tests/two_windows.h"

namespace ntb::stub::test {

inline constexpr std::uint32_t ntmtbladdr = 0x4D0;
inline constexpr std::uint32_t ntmtbldata = 0x4D8;
inline constexpr std::uint32_t reqidcap = 0x4DC;
inline constexpr std::uint32_t gasaaddr = 0xFF8;
inline constexpr std::uint32_t gasadata = 0xFFC;

template <class Condition>
bool eventually(Condition condition, std::chrono::seconds limit = std::chrono::seconds(20)) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
}

/// Two hosts with a simulator each.
struct linked_windows : two_windows {
    explicit linked_windows(bool sealed = true, const std::vector<std::string>& more = {})
        : two_windows(sealed, more, window_use::area, served_by::two) {}
    /// Its window shows the other's memory from that page on, at the latest some time after a
    /// trapped access.
    [[nodiscard]] bool shows(std::size_t i, std::uint64_t page) {
        (void)trapped(i);
        return eventually([&] { return window(i)[0x80] == page % 251; });
    }

protected:
    linked_windows(served_by by, const std::vector<std::string>& more)
        : two_windows(true, more, window_use::area, by) {}
};

/// A third host, at port 4, whose simulator is that of port 0. Its window leads to port 0.
struct three_linked_windows : linked_windows {
    explicit three_linked_windows(const std::vector<std::string>& more = {})
        : linked_windows(served_by::two_of_three, more) {
        set_up(at(2), third_ram);
    }
    host_ram third_ram{true};
};

/// The memory that the simulators share, from the server's descriptors.
class shared_memory {
public:
    explicit shared_memory(pid_t server) {
        const std::string folder = "/proc/" + std::to_string(server) + "/fd";
        DIR* const all = ::opendir(folder.c_str());
        BOOST_REQUIRE(all != nullptr);
        while (const dirent* const one = ::readdir(all)) {
            const std::string path = folder + "/" + one->d_name;
            char target[256] = {};
            if (::readlink(path.c_str(), target, sizeof target - 1) > 0 &&
                std::strncmp(target, "/memfd:", 7) == 0)
                file_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
        }
        ::closedir(all);
        BOOST_REQUIRE(file_ >= 0);
        words = static_cast<std::uint32_t*>(
            ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0));
    }
    shared_memory(const shared_memory&) = delete;
    shared_memory& operator=(const shared_memory&) = delete;
    ~shared_memory() {
        ::munmap(words, size);
        ::close(file_);
    }
    [[nodiscard]] ino_t inode() const {
        struct stat s {};
        BOOST_REQUIRE(::fstat(file_, &s) == 0);
        return s.st_ino;
    }
    static constexpr std::size_t size = 0x204000;
    std::uint32_t* words = nullptr;

private:
    int file_ = -1;
};

/// Names of the sockets at which simulators at that memory listen for windows.
inline std::set<std::string> window_sockets(const shared_memory& memory) {
    std::set<std::string> out;
    char own[32];
    std::snprintf(own, sizeof own, "-%llx-", static_cast<unsigned long long>(memory.inode()));
    std::ifstream all("/proc/net/unix");
    for (std::string line; std::getline(all, line);)
        if (const std::size_t at = line.find("@ntbsim-windows-");
            at != std::string::npos && line.find(own, at) != std::string::npos)
            out.insert(line.substr(at + 1)); // accepted ones have it, too
    return out;
}

} // namespace ntb::stub::test
