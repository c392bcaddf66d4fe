// SPDX-License-Identifier: Apache-2.0
#include "testbench/bench/simulated_benchmarks.h"

#include <benchmark/benchmark.h>
#include <cstdio>
#include <cstdlib>

#include "model/regs/nt_refs.h"
#include "testbench/config/topology_file.h"
#include "testbench/root_complex/enumeration.h"

namespace ntb::bench {

topology_config two_host_topology() {
    return config::load_topology("two-host").topology;
}

void give_up(const char* what) {
    std::fprintf(stderr, "bench: %s\n", what);
    std::exit(2);
}

void bring_up(platform& p) {
    p.power_on();
    for (unsigned n = 0; n < max_ports; ++n) {
        if (!p.has_host(port_number(n)))
            continue;
        root_complex& host = p.host(port_number(n));
        if (!enumerate(host).present)
            give_up("a host does not find its NT function");
        const bar_number bar0(0);
        host.bar_write(bar0, nt::NTINTMSK.at(), 0);
        host.bar_write(bar0, nt::INDBELLMSK.at(), 0);
    }
}

int simulate(const std::function<void()>& body) {
    sc_core::sc_spawn_options thread;
    thread.set_stack_size(8 << 20); // Google Benchmark compiles regular expressions on it
    bool finished = false;
    sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
    sc_core::sc_spawn(
        [&body, &finished] {
            body();
            finished = true;
            sc_core::sc_stop();
        },
        "benchmarks", &thread);
    sc_core::sc_start();
    if (!finished)
        give_up("what a benchmark waits for does not happen");
    return 0;
}

int run_benchmarks(int argc, char** argv, const std::function<void()>& prepare) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    return simulate([&prepare] {
        prepare();
        benchmark::RunSpecifiedBenchmarks();
    });
}

} // namespace ntb::bench

// SystemC's library asks for it; the benchmarks have a main() of their own.
int sc_main(int, char**) {
    return 2;
}
