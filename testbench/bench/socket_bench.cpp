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
//   bench_socket stream DEVICE COUNT
//       the same for the waveform: OUTMSG0 = 1..COUNT and as many OUTDBELLSET, nothing timed
//   bench_socket hold DEVICE
//       stays connected until its standard input ends
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
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

int main(int argc, char** argv) {
    const std::vector<std::string> a(argv + 1, argv + argc);
    const auto number = [&](std::size_t i) { return std::strtoul(a[i].c_str(), nullptr, 10); };
    if (a.size() >= 5 && a[0] == "read")
        return measure_reads(a[1], a[2], number(3), number(4),
                             a.size() > 5 ? client_shape::queued : client_shape::plain);
    if (a.size() == 5 && a[0] == "posted")
        return measure_posted(a[1], a[2], number(3), number(4));
    if (a.size() == 3 && a[0] == "stream")
        return stream(a[1], number(2));
    if (a.size() == 2 && a[0] == "hold")
        return hold(a[1]);
    std::fputs("usage: bench_socket read|posted|stream|hold DEVICE ... (see its source)\n", stderr);
    return 2;
}
