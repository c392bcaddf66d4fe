// SPDX-License-Identifier: Apache-2.0
// Doorbells between two hosts in the model, not traced: host 0 writes OUTDBELLSET, host 2 gets the
// MSI and clears INDBELLSTS. Every doorbell's MSI is awaited, so none can be merged with another,
// and a lost one ends the simulation, which simulate() notices.
//   floor/thread_wake     a timed notification that wakes an SC_THREAD, and back
//   model/doorbell_ideal  timing `ideal`;  model/doorbell  the default timing
#include <benchmark/benchmark.h>
#include <string>

#include "model/regs/nt_refs.h"
#include "testbench/bench/simulated_benchmarks.h"

namespace {

using namespace ntb;

void ring(benchmark::State& state, platform& p) {
    root_complex& from = p.host(port_number(0));
    root_complex& to = p.host(port_number(2));
    const bar_number bar0(0);
    const std::uint64_t before = to.interrupts().msi_count();
    std::uint64_t rung = 0;
    for (auto _ : state) {
        from.bar_write(bar0, nt::OUTDBELLSET.at(), 4);
        ++rung;
        while (to.interrupts().msi_count() != before + rung)
            sc_core::wait(to.interrupts().changed());
        to.bar_write(bar0, nt::INDBELLSTS.at(), 4);
    }
    sc_core::wait(10, sc_core::SC_US);
    if (to.interrupts().msi_count() != before + rung)
        bench::give_up("there are more MSIs than doorbells");
    state.SetItemsProcessed(static_cast<std::int64_t>(rung));
}

/// What the kernel takes for one timed wait of a thread: nothing crosses the model for less.
void thread_wake(benchmark::State& state) {
    for (auto _ : state)
        sc_core::wait(4, sc_core::SC_NS);
    state.SetItemsProcessed(state.iterations());
}

} // namespace

int main(int argc, char** argv) {
    using namespace ntb;
    platform ideal("ideal", bench::two_host_topology(), ideal_timing());
    platform timed("timed", bench::two_host_topology(), timing_config{});
    benchmark::RegisterBenchmark("floor/thread_wake", thread_wake);
    benchmark::RegisterBenchmark("model/doorbell_ideal",
                                 [&](benchmark::State& s) { ring(s, ideal); });
    benchmark::RegisterBenchmark("model/doorbell", [&](benchmark::State& s) { ring(s, timed); });
    return bench::run_benchmarks(argc, argv, [&] {
        bench::bring_up(ideal);
        bench::bring_up(timed);
    });
}
