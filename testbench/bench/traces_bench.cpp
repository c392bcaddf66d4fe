// SPDX-License-Identifier: Apache-2.0
// What recording costs: two hosts play ping-pong over doorbells in the default timing, and one of
//   off       nothing is traced
//   vcd, fst  everything is recorded by traces/
//   vcd-bits  everything but the texts, as VCD
//   sc-trace  the same signals by SystemC's own sc_trace
// sc_trace knows no texts and no pulses that end by themselves; a pulse is one change of a counter
// there, so its file has fewer changes than ours, to its advantage.
//
// Prints JSON: pings, nanoseconds of the play, closing the file included (ns: on a core, all
// threads; thread_ns: the simulation's; wall_ns: elapsed), changes recorded. Usage: bench_traces
// MODE FILE PINGS
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <memory>
#include <string>

#include "model/regs/nt_refs.h"
#include "testbench/bench/simulated_benchmarks.h"
#include "traces/fst_recorder.h"
#include "traces/vcd_recorder.h"

namespace {

using namespace ntb;

/// Gives every signal a variable that sc_trace watches.
class sc_trace_sink final : public trace_sink {
public:
    explicit sc_trace_sink(const std::string& file)
        : file_(sc_core::sc_create_vcd_trace_file(file.c_str())) {
        file_->set_time_unit(1, sc_core::SC_PS);
    }
    sc_trace_sink(const sc_trace_sink&) = delete;
    sc_trace_sink& operator=(const sc_trace_sink&) = delete;
    ~sc_trace_sink() override { close(); }
    void close() {
        if (file_ != nullptr)
            sc_core::sc_close_vcd_trace_file(file_);
        file_ = nullptr;
    }

    signal_id declare_bits(std::string_view name, unsigned width, std::uint64_t initial) override {
        variables_.push_back({initial, width});
        variable& v = variables_.back();
        if (width == 1)
            sc_core::sc_trace(file_, v.bit, std::string(name));
        else
            sc_core::sc_trace(file_, v.value, std::string(name), static_cast<int>(width));
        return signal_id(static_cast<std::uint32_t>(variables_.size() - 1));
    }
    signal_id declare_text(std::string_view) override { return {}; }
    void set(signal_id id, std::uint64_t, std::uint64_t value) noexcept override {
        variable& v = variables_[id.index()];
        changes_ += v.value != value ? 1 : 0;
        v.value = value;
        v.bit = value != 0;
    }
    void pulse(signal_id id, std::uint64_t now, std::uint64_t, std::uint64_t) noexcept override {
        variable& v = variables_[id.index()];
        set(id, now, v.width == 1 ? v.value ^ 1U : v.value + 1);
    }
    void text(signal_id, std::uint64_t, std::uint64_t, std::uint64_t,
              std::string_view) noexcept override {}
    void tlp(signal_id, std::uint64_t, std::uint64_t, std::uint64_t,
             const tlp_appearance&) noexcept override {}
    void clear_text(signal_id, std::uint64_t) noexcept override {}
    [[nodiscard]] std::uint64_t changes() const { return changes_; }

private:
    struct variable {
        std::uint64_t value = 0;
        unsigned width = 0;
        bool bit = false;
    };
    sc_core::sc_trace_file* file_;
    std::deque<variable> variables_{}; ///< sc_trace keeps their addresses
    std::uint64_t changes_ = 0;
};

double clock_ns(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return 1e9 * static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec);
}

/// Nanoseconds.
struct times {
    double all_threads = 0; ///< on a core
    double this_thread = 0; ///< the simulation's
    double wall = 0;
};
times now() {
    return {clock_ns(CLOCK_PROCESS_CPUTIME_ID), clock_ns(CLOCK_THREAD_CPUTIME_ID),
            clock_ns(CLOCK_MONOTONIC)};
}
times since(const times& begin) {
    const times end = now();
    return {end.all_threads - begin.all_threads, end.this_thread - begin.this_thread,
            end.wall - begin.wall};
}

constexpr bar_number bar0(0);

/// One doorbell and its handler. The sender has that bit masked, or it would hear itself (B5.4).
void ring(root_complex& from, root_complex& to, std::uint32_t bit) {
    const std::uint64_t before = to.interrupts().msi_count();
    from.bar_write(bar0, nt::OUTDBELLSET.at(), bit);
    while (to.interrupts().msi_count() == before)
        sc_core::wait(to.interrupts().changed());
    (void)to.bar_read(bar0, nt::NTINTSTS.at());
    (void)to.bar_read(bar0, nt::INDBELLSTS.at());
    to.bar_write(bar0, nt::INDBELLSTS.at(), bit);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 4)
        bench::give_up("usage: bench_traces off|vcd|vcd-bits|fst|sc-trace FILE PINGS");
    // sc_trace tells of its time unit on stdout.
    sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
    const std::string mode = argv[1];
    const std::string file = argv[2];
    const unsigned long pings = std::strtoul(argv[3], nullptr, 10);
    std::unique_ptr<traces::recorder> recorder;
    std::unique_ptr<sc_trace_sink> sc_sink;
    traces::recording_options options;
    options.path = file;
    if (mode == "vcd-bits")
        options.signals = traces::signal_selection("!*.tlp");
    if (mode == "vcd" || mode == "vcd-bits")
        recorder = std::make_unique<traces::vcd_recorder>(std::move(options));
    else if (mode == "fst")
        recorder = std::make_unique<traces::fst_recorder>(std::move(options));
    else if (mode == "sc-trace")
        sc_sink = std::make_unique<sc_trace_sink>(file);
    else if (mode != "off")
        bench::give_up("there is no such mode");
    trace_sink* const sink = recorder ? static_cast<trace_sink*>(recorder.get()) : sc_sink.get();

    platform p("switch", bench::two_host_topology(), timing_config{}, sink);
    if (recorder)
        recorder->start();
    times took;
    std::uint64_t changes = 0;
    const int status = bench::simulate([&] {
        bench::bring_up(p);
        root_complex& a = p.host(port_number(0));
        root_complex& b = p.host(port_number(2));
        a.bar_write(bar0, nt::INDBELLMSK.at(), ~1U);
        b.bar_write(bar0, nt::INDBELLMSK.at(), ~4U);
        if (recorder)
            recorder->flush();
        const std::uint64_t changes_before =
            recorder ? recorder->changes() : (sc_sink ? sc_sink->changes() : 0);
        const times begin = now();
        for (unsigned long i = 0; i < pings; ++i) {
            ring(a, b, 4);
            ring(b, a, 1);
        }
        if (recorder) {
            recorder->close(sc_core::sc_time_stamp().value());
            changes = recorder->changes() - changes_before;
        } else if (sc_sink) {
            changes = sc_sink->changes() - changes_before;
        }
        took = since(begin);
    });
    std::printf("{\"pings\": %lu, \"ns\": %.0f, \"thread_ns\": %.0f, \"wall_ns\": %.0f, "
                "\"changes\": %llu}\n",
                pings, took.all_threads, took.this_thread, took.wall,
                static_cast<unsigned long long>(changes));
    return status;
}
