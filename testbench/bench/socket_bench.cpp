// SPDX-License-Identifier: Apache-2.0
// Measures the bridge from outside, as a client of a running `ntbsim serve`. JSON on stdout, times
// in nanoseconds for one access.
//
//   bench_socket read DEVICE ECHO COUNT ROUNDS [queued]
//       round trips of a 4-byte region read: COUNT against the floor (bench_echo_server), COUNT
//       against the device, ROUNDS times in turn: {"floor": [...], "device": [...]}
//   bench_socket posted DEVICE ECHO COUNT ROUNDS
//       COUNT posted writes of consecutive values, then a read that has to give the last one; the
//       same against the floor, without looking; COUNT posted doorbells
//   bench_socket windows DEVICE TARGET ECHO COUNT ROUNDS
//       COUNT posted 4-byte writes into the window that BAR2 of DEVICE has into the memory that a
//       second client mapped at TARGET, then a read of a register, one by one and many to a
//       message; the same against the floor; every byte is compared in the end
//   bench_socket stream DEVICE COUNT
//       the same for the waveform: OUTMSG0 = 1..COUNT and as many OUTDBELLSET, nothing timed
//   bench_socket hold DEVICE
//       stays connected until its standard input ends
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "model/regs/nt_refs.h"
#include "testbench/bench/vfio_client.h"

namespace {

using namespace ntb;
using namespace ntb::bench;
using clock_type = std::chrono::steady_clock;

template <class Function>
double ns_each(unsigned long count, Function function) {
    const auto begin = clock_type::now();
    for (unsigned long i = 0; i < count; ++i)
        function();
    return std::chrono::duration<double, std::nano>(clock_type::now() - begin).count() /
           static_cast<double>(count);
}

void print(const char* name, const std::vector<double>& values, const char* end) {
    std::printf("\"%s\": [", name);
    for (std::size_t i = 0; i < values.size(); ++i)
        std::printf("%s%.1f", i == 0 ? "" : ", ", values[i]);
    std::printf("]%s", end);
}

int measure_reads(const std::string& device, const std::string& echo, unsigned long count,
                  unsigned long rounds, client_shape shape) {
    vfio_client floor(echo, shape, false);
    vfio_client ours(device, shape, true);
    if ((ours.read(0) & 0xFFFFU) != 0x111DU)
        give_up("the first register does not hold the device's ID");
    std::vector<double> floor_ns, device_ns;
    for (unsigned long r = 0; r <= rounds; ++r) {
        const double a = ns_each(count, [&] { floor.read(0); });
        const double b = ns_each(count, [&] { ours.read(nt::INDBELLSTS.at()); });
        if (r == 0)
            continue; // warming up
        floor_ns.push_back(a);
        device_ns.push_back(b);
    }
    std::printf("{");
    print("floor", floor_ns, ", ");
    print("device", device_ns, "}\n");
    return 0;
}

int measure_posted(const std::string& device, const std::string& echo, unsigned long count,
                   unsigned long rounds) {
    vfio_client floor(echo, client_shape::plain, false);
    vfio_client ours(device, client_shape::plain, true);
    std::vector<double> floor_ns, register_ns, doorbell_ns;
    std::uint32_t value = 0;
    // The time of a run includes the read that ends it: only then have all writes been carried out.
    const auto run = [count](vfio_client& client, std::uint32_t offset, auto next_value) {
        const auto begin = clock_type::now();
        for (unsigned long i = 0; i < count; ++i)
            client.post(offset, next_value());
        const std::uint32_t last = client.read(offset);
        const auto time = std::chrono::duration<double, std::nano>(clock_type::now() - begin);
        return std::pair(time.count() / static_cast<double>(count), last);
    };
    const auto one = [] { return 1U; };
    // All bits that GASAADDR stores, dword by dword.
    const auto consecutive = [&value] { return value = (value + 4) & 0x3FFFCU; };
    for (unsigned long r = 0; r <= rounds; ++r) {
        const double a = run(floor, 0, one).first;
        const auto [b, last] = run(ours, nt::GASAADDR.at(), consecutive);
        if (last != value)
            give_up("the register does not hold the last posted write");
        const double c = run(ours, nt::OUTDBELLSET.at(), one).first;
        if (r == 0)
            continue; // warming up
        floor_ns.push_back(a);
        register_ns.push_back(b);
        doorbell_ns.push_back(c);
    }
    std::printf("{");
    print("floor", floor_ns, ", ");
    print("register", register_ns, ", ");
    print("doorbell", doorbell_ns, "}\n");
    return 0;
}

int measure_windows(const std::string& device, const std::string& target, const std::string& echo,
                    unsigned long count, unsigned long rounds) {
    constexpr std::uint32_t bar2 = 2, window_bytes = 1U << 20, many = 128;
    constexpr std::uint64_t base = 0x40000000;
    vfio_client floor(echo, client_shape::plain, false);
    vfio_client ours(device, client_shape::plain, true);
    vfio_client peer(target, client_shape::plain, true);
    const bridge::unique_fd file(::memfd_create("ram", MFD_CLOEXEC));
    if (!file || ::ftruncate(file.get(), window_bytes) != 0)
        give_up("no memory file");
    peer.map(file.get(), base, window_bytes);
    ours.post(nt::NTCTL.at(), 3); // completions on, requesters not checked
    ours.post(nt::BARLTBASE.at(bar2), static_cast<std::uint32_t>(base));
    ours.post(nt::BARUTBASE.at(bar2), 0);
    count -= count % many;
    std::vector<std::uint32_t> expected(window_bytes / 4), found(window_bytes / 4);
    std::uint32_t value = 1;
    // The read behind them is answered when all of them have been carried out.
    const auto time_of = [count](vfio_client& client, auto write_all) {
        const auto begin = clock_type::now();
        write_all();
        client.read(nt::INDBELLSTS.at());
        return std::chrono::duration<double, std::nano>(clock_type::now() - begin).count() /
               static_cast<double>(count);
    };
    const auto at = [](unsigned long i) {
        return static_cast<std::uint32_t>(4 * i % window_bytes);
    };
    const auto one_by_one = [&](vfio_client& client) {
        for (unsigned long i = 0; i < count; ++i)
            client.post(at(i), value + static_cast<std::uint32_t>(i), bar2);
    };
    const auto together = [&] {
        for (unsigned long i = 0; i < count; i += many)
            ours.post_many(at(i), value + static_cast<std::uint32_t>(i), many, bar2);
    };
    const auto verify = [&] {
        for (unsigned long i = 0; i < count; ++i)
            expected[at(i) / 4] = value++;
        if (::pread(file.get(), found.data(), window_bytes, 0) != window_bytes || found != expected)
            give_up("the memory behind the window does not hold what was written");
    };
    std::vector<double> floor_ns, single_ns, multi_ns;
    for (unsigned long r = 0; r <= rounds; ++r) {
        const double a = time_of(floor, [&] { one_by_one(floor); });
        const double b = time_of(ours, [&] { one_by_one(ours); });
        verify();
        const double c = time_of(ours, together);
        verify();
        if (r == 0)
            continue; // warming up
        floor_ns.push_back(a);
        single_ns.push_back(b);
        multi_ns.push_back(c);
    }
    std::printf("{");
    print("floor", floor_ns, ", ");
    print("single", single_ns, ", ");
    print("multi", multi_ns, "}\n");
    return 0;
}

int stream(const std::string& device, unsigned long count) {
    vfio_client ours(device, client_shape::plain, true);
    for (std::uint32_t i = 1; i <= count; ++i) {
        ours.post(nt::OUTMSG.at(0), i);
        ours.post(nt::OUTDBELLSET.at(), 1);
    }
    ours.read(nt::INDBELLSTS.at()); // posted writes before it have been carried out
    return 0;
}

int hold(const std::string& device) {
    vfio_client ours(device, client_shape::plain, true);
    ours.read(0);
    std::puts("connected");
    std::fflush(stdout);
    char c = 0;
    while (::read(STDIN_FILENO, &c, 1) > 0) {
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) try {
    const std::vector<std::string> a(argv + 1, argv + argc);
    const auto number = [&](std::size_t i) { return std::strtoul(a[i].c_str(), nullptr, 10); };
    if (a.size() >= 5 && a[0] == "read")
        return measure_reads(a[1], a[2], number(3), number(4),
                             a.size() > 5 ? client_shape::queued : client_shape::plain);
    if (a.size() == 5 && a[0] == "posted")
        return measure_posted(a[1], a[2], number(3), number(4));
    if (a.size() == 6 && a[0] == "windows")
        return measure_windows(a[1], a[2], a[3], number(4), number(5));
    if (a.size() == 3 && a[0] == "stream")
        return stream(a[1], number(2));
    if (a.size() == 2 && a[0] == "hold")
        return hold(a[1]);
    std::fputs("usage: bench_socket read|posted|windows|stream|hold DEVICE ... (see its source)\n",
               stderr);
    return 2;
} catch (const vfio_user::client_error& e) {
    give_up(e.what());
}
