// SPDX-License-Identifier: Apache-2.0
// Window traffic between two hosts in the model, not traced: bursts of 64 KiB, one transaction
// each, over a working set, beside memcpy of the same blocks over a working set of the same size.
//   floor/memcpy/BYTES
//   model/write/BYTES, model/read/BYTES              the default timing
//   model/write_ideal/BYTES, model/read_ideal/BYTES  links and pipelines take no time
// BYTES is the working set: one block, all twelve 1 MiB windows of the table at BAR4.
#include <algorithm>
#include <benchmark/benchmark.h>
#include <cstring>
#include <string>
#include <vector>

#include "model/regs/nt_refs.h"
#include "testbench/bench/simulated_benchmarks.h"

namespace {

using namespace ntb;

constexpr unsigned block = 64U << 10;
constexpr unsigned mib = 1U << 20;
constexpr unsigned windows = 12;
constexpr std::uint64_t target = 0x1000000; ///< where the windows lie in the other host's RAM
constexpr bar_number bar0(0);
constexpr bar_number bar4(4);

std::vector<unsigned char> pattern(std::size_t bytes) {
    std::vector<unsigned char> data(bytes);
    std::uint32_t x = 1;
    for (unsigned char& byte : data) {
        x = x * 1664525U + 1013904223U;
        byte = static_cast<unsigned char>(x >> 24);
    }
    return data;
}

void set_up_windows(platform& p) {
    bench::bring_up(p);
    root_complex& host = p.host(port_number(0));
    host.bar_write(bar0, nt::NTCTL.at(), 3); // completions on, requesters not checked
    for (unsigned i = 0; i < windows; ++i) {
        host.bar_write(bar0, nt::LUTOFFSET.at(), bar4.value() << 8 | i);
        host.bar_write(bar0, nt::LUTLDATA.at(), target + std::uint64_t{i} * mib);
        host.bar_write(bar0, nt::LUTMDATA.at(), 0);
        host.bar_write(bar0, nt::LUTUDATA.at(), 0x80000001U); // valid, partition 1
    }
}

void cross(benchmark::State& state, platform& p, tlm::tlm_command command, std::size_t bytes) {
    root_complex& from = p.host(port_number(0));
    host_ram& ram = p.host(port_number(2)).ram();
    const std::vector<unsigned char> data = pattern(bytes);
    std::vector<unsigned char> here(bytes), there(bytes);
    const bool is_write = command == tlm::TLM_WRITE_COMMAND;
    if (is_write)
        here = data;
    ram.write(target, is_write ? there.data() : data.data(), bytes);
    std::size_t at = 0, most = 0;
    for (auto _ : state) {
        if (from.bar_transfer(bar4, command, at, here.data() + at, block) != tlm::TLM_OK_RESPONSE)
            bench::give_up("a window refuses");
        at = at + block < bytes ? at + block : 0;
        most = std::max(most, at == 0 ? bytes : at);
    }
    ram.read(target, there.data(), bytes);
    if (!std::equal(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(most),
                    is_write ? there.begin() : here.begin()))
        bench::give_up("what went through a window is not what came out");
    state.SetBytesProcessed(state.iterations() * block);
}

void copy(benchmark::State& state, std::size_t bytes) {
    const std::vector<unsigned char> from = pattern(bytes);
    std::vector<unsigned char> to(bytes);
    std::size_t at = 0;
    for (auto _ : state) {
        std::memcpy(to.data() + at, from.data() + at, block);
        benchmark::ClobberMemory();
        at = at + block < bytes ? at + block : 0;
    }
    state.SetBytesProcessed(state.iterations() * block);
}

} // namespace

int main(int argc, char** argv) {
    platform ideal("ideal", bench::two_host_topology(), ideal_timing());
    platform timed("timed", bench::two_host_topology(), timing_config{});
    for (const std::size_t bytes : {std::size_t{block}, std::size_t{windows} * mib}) {
        const std::string size = "/" + std::to_string(bytes);
        const auto add = [&](const std::string& name, platform& p, tlm::tlm_command command) {
            const std::string full = std::string("model/").append(name).append(size);
            benchmark::RegisterBenchmark(full.c_str(), [&p, command, bytes](benchmark::State& s) {
                cross(s, p, command, bytes);
            });
        };
        benchmark::RegisterBenchmark(("floor/memcpy" + size).c_str(),
                                     [bytes](benchmark::State& s) { copy(s, bytes); });
        add("write", timed, tlm::TLM_WRITE_COMMAND);
        add("read", timed, tlm::TLM_READ_COMMAND);
        add("write_ideal", ideal, tlm::TLM_WRITE_COMMAND);
        add("read_ideal", ideal, tlm::TLM_READ_COMMAND);
    }
    return bench::run_benchmarks(argc, argv, [&] {
        set_up_windows(ideal);
        set_up_windows(timed);
    });
}
