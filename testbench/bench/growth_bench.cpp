// SPDX-License-Identifier: Apache-2.0
// Whether the millionth transaction costs more than the tenth, and one among eight hosts more than
// one among two, in time and in memory. Both switches are elaborated in this process and take
// turns, so that drift of the machine hits both. Default timing, not traced: N transactions of each
// kind on each switch, timed in groups of ten. Printed as JSON: the medians of the first, of the
// last thousand, and of all groups.
//
// Kinds: a register read and a write by one host after the other; a doorbell from each host to the
// next, awaited as MSI and cleared there; a broadcast that reaches every host, the sender too, by
// the doorbell that it delivers.
//
// Usage: bench_growth [TRANSACTIONS]      Units: nanoseconds per transaction; bytes.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>
#include <vector>

#include "model/regs/nt_refs.h"
#include "model/regs/sw_refs.h"
#include "testbench/bench/simulated_benchmarks.h"
#include "testbench/config/topology_file.h"

namespace {

using namespace ntb;
using clock_type = std::chrono::steady_clock;

constexpr std::size_t group = 10;
constexpr bar_number bar0(0);

/// One switch and its hosts, the n-th in partition n.
struct set_up {
    std::vector<root_complex*> hosts;
    std::vector<double> ns; ///< per transaction, a group each
    std::size_t done = 0;

    set_up(platform& p, std::size_t groups) : ns(groups) {
        bench::bring_up(p);
        for (unsigned port = 0; port < max_ports; ++port)
            if (p.has_host(port_number(port)))
                hosts.push_back(&p.host(port_number(port)));
        for (unsigned n = 0; n < hosts.size(); ++n) { // doorbell n is for partition n only
            hosts.front()->bar_write(bar0, nt::GASAADDR.at(), sw::GIDBELLMSK.at(n));
            hosts.front()->bar_write(bar0, nt::GASADATA.at(), 0xFFU & ~(1U << n));
        }
    }
    [[nodiscard]] root_complex& host(std::size_t n) { return *hosts[n % hosts.size()]; }
};

void read_register(set_up& s, std::size_t i) {
    s.host(i).bar_read(bar0, nt::INDBELLSTS.at());
}
void write_register(set_up& s, std::size_t i) {
    s.host(i).bar_write(bar0, nt::NTMTBLADDR.at(), 1);
}
void await_msi(root_complex& host, std::uint64_t before) {
    while (host.interrupts().msi_count() == before)
        sc_core::wait(host.interrupts().changed());
}
void ring_next(set_up& s, std::size_t i) {
    root_complex& to = s.host(i + 1);
    const std::uint64_t bit = std::uint64_t{1} << ((i + 1) % s.hosts.size());
    const std::uint64_t before = to.interrupts().msi_count();
    s.host(i).bar_write(bar0, nt::OUTDBELLSET.at(), bit);
    await_msi(to, before);
    to.bar_write(bar0, nt::INDBELLSTS.at(), bit);
}
void ring_all(set_up& s, std::size_t i) {
    constexpr std::uint64_t bit = 0x80000000; // masked for nobody
    std::array<std::uint64_t, max_nt_ports> before{};
    for (std::size_t n = 0; n < s.hosts.size(); ++n)
        before.at(n) = s.host(n).interrupts().msi_count();
    s.host(i).bar_write(bar0, nt::OUTDBELLSET.at(), bit);
    for (std::size_t n = 0; n < s.hosts.size(); ++n)
        await_msi(s.host(n), before.at(n));
    for (root_complex* const host : s.hosts)
        host->bar_write(bar0, nt::INDBELLSTS.at(), bit);
}

long resident_bytes() {
    long pages = 0;
    if (std::FILE* const f = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(f, "%*d %ld", &pages) != 1) // NOLINT: the kernel's own text
            pages = 0;
        std::fclose(f);
    }
    return pages * ::sysconf(_SC_PAGESIZE);
}

using iterator = std::vector<double>::const_iterator;
/// `v` is room for them, so that sorting them does not look like growth.
double median(std::vector<double>& v, iterator begin, iterator end) {
    v.assign(begin, end);
    std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
    return v[v.size() / 2];
}

using transaction = void (*)(set_up&, std::size_t);

/// `transact(s, i)` is the i-th transaction at `s`; `per_host`: counted once for each host.
void measure(const char* name, std::array<set_up*, 2> set_ups, transaction transact, bool per_host,
             std::vector<double>& room) {
    const auto measure_group = [&](set_up& s, std::size_t g) {
        const auto begin = clock_type::now();
        for (std::size_t i = 0; i < group; ++i)
            transact(s, s.done++);
        const double took =
            std::chrono::duration<double, std::nano>(clock_type::now() - begin).count();
        s.ns[g] = took / static_cast<double>(group * (per_host ? s.hosts.size() : 1));
    };
    for (set_up* const s : set_ups)
        for (std::size_t i = 0; i < 100 * group; ++i)
            transact(*s, s->done++); // caches and branch predictors are no growth
    for (set_up* const s : set_ups)
        measure_group(*s, 0);
    const long at_ten = resident_bytes();
    const std::size_t groups = set_ups.front()->ns.size();
    for (std::size_t g = 1; g < groups; ++g)
        for (set_up* const s : set_ups)
            measure_group(*s, g);
    const long at_end = resident_bytes();

    const auto window = static_cast<std::ptrdiff_t>(std::min<std::size_t>(1000, groups / 2));
    std::printf(",\n  \"%s\": {\"rss_at_10\": %ld, \"rss_at_end\": %ld", name, at_ten, at_end);
    for (const set_up* const s : set_ups)
        std::printf(",\n    \"%zu\": {\"first_ns\": %.2f, \"last_ns\": %.2f, \"all_ns\": %.2f}",
                    s->hosts.size(), median(room, s->ns.begin(), s->ns.begin() + window),
                    median(room, s->ns.end() - window, s->ns.end()),
                    median(room, s->ns.begin(), s->ns.end()));
    std::printf("}");
}

} // namespace

int main(int argc, char** argv) {
    using namespace ntb;
    const unsigned long asked = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
    const std::size_t transactions = std::max<std::size_t>(asked, 10 * group);
    platform few("two", config::load_topology("two-host").topology, timing_config{});
    platform many("eight", config::load_topology("eight-host").topology, timing_config{});
    return bench::simulate([&] {
        set_up two(few, transactions / group);
        set_up eight(many, transactions / group);
        std::vector<double> room(transactions / group);
        std::printf("{\n  \"transactions\": %zu", transactions);
        measure("read", {&two, &eight}, read_register, false, room);
        measure("write", {&two, &eight}, write_register, false, room);
        measure("doorbell", {&two, &eight}, ring_next, false, room);
        measure("broadcast", {&two, &eight}, ring_all, true, room);
        std::printf("\n}\n");
    });
}
