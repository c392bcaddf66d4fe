// SPDX-License-Identifier: Apache-2.0
// Whether the millionth transaction between two hosts costs more than the tenth, in time and in
// memory. One run, default timing, not traced: N transactions of each kind, timed in groups of
// ten; the medians of the first and the last thousand groups are printed as JSON.
//
// Usage: bench_growth [TRANSACTIONS]      Units: nanoseconds per transaction; bytes.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>
#include <vector>

#include "model/regs/nt_refs.h"
#include "testbench/bench/simulated_benchmarks.h"

namespace {

using namespace ntb;
using clock_type = std::chrono::steady_clock;

constexpr std::size_t group = 10;

long resident_bytes() {
    long pages = 0;
    if (std::FILE* const f = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(f, "%*d %ld", &pages) != 1) // NOLINT: the kernel's own text
            pages = 0;
        std::fclose(f);
    }
    return pages * ::sysconf(_SC_PAGESIZE);
}

double median(std::vector<double> v) {
    std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
    return v[v.size() / 2];
}

template <class Transaction>
void measure(const char* name, std::size_t transactions, bool last, Transaction transact) {
    const std::size_t groups = transactions / group;
    std::vector<double> ns(groups); // allocated and touched before memory is looked at
    for (std::size_t i = 0; i < 100 * group; ++i)
        transact(); // caches and branch predictors are no growth
    const auto measure_group = [&](std::size_t g) {
        const auto begin = clock_type::now();
        for (std::size_t i = 0; i < group; ++i)
            transact();
        ns[g] = std::chrono::duration<double, std::nano>(clock_type::now() - begin).count() /
                static_cast<double>(group);
    };
    measure_group(0);
    const long at_ten = resident_bytes();
    for (std::size_t g = 1; g < groups; ++g)
        measure_group(g);
    const long at_end = resident_bytes();

    const auto window = static_cast<std::ptrdiff_t>(std::min<std::size_t>(1000, groups / 2));
    const double early = median({ns.begin(), ns.begin() + window});
    const double late = median({ns.end() - window, ns.end()});
    std::printf("  \"%s\": {\"first_ns\": %.2f, \"last_ns\": %.2f, \"rss_at_10\": %ld, "
                "\"rss_at_end\": %ld}%s\n",
                name, early, late, at_ten, at_end, last ? "" : ",");
}

} // namespace

int main(int argc, char** argv) {
    using namespace ntb;
    const unsigned long asked = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
    const std::size_t transactions = std::max<std::size_t>(asked, 10 * group);
    platform p("bench", bench::two_host_topology(), timing_config{});
    return bench::simulate([&] {
        bench::bring_up(p);
        root_complex& from = p.host(port_number(0));
        root_complex& to = p.host(port_number(2));
        const bar_number bar0(0);
        std::printf("{\n  \"transactions\": %zu,\n", transactions);
        measure("read", transactions, false, [&] { from.bar_read(bar0, nt::INDBELLSTS.at()); });
        measure("write", transactions, false,
                [&] { from.bar_write(bar0, nt::NTMTBLADDR.at(), 1); });
        measure("doorbell", transactions, true, [&] {
            const std::uint64_t before = to.interrupts().msi_count();
            from.bar_write(bar0, nt::OUTDBELLSET.at(), 4);
            while (to.interrupts().msi_count() == before)
                sc_core::wait(to.interrupts().changed());
            to.bar_write(bar0, nt::INDBELLSTS.at(), 4);
        });
        std::printf("}\n");
    });
}
