// SPDX-License-Identifier: Apache-2.0
// fuzz_readers READER: drives a reader with inputs made from good ones. See --help and
// docs/fuzzing.md. Exit status 0: no finding; 1: one, and its input is in the current directory.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sys/time.h>
#include <unistd.h>

#include "testbench/fuzz/mutator.h"
#include "testbench/fuzz/readers.h"

// Sanitizers, where there are any, end with SIGABRT, so that one handler names the input.
extern "C" {
void __asan_init() __attribute__((weak)); // NOLINT
const char* __asan_default_options() {    // NOLINT
    return "abort_on_error=1:handle_abort=0";
}
const char* __ubsan_default_options() { // NOLINT
    return "abort_on_error=1:print_stacktrace=1";
}
}

namespace {

struct fuzz_options {
    std::string reader;
    std::string source = ".";
    std::string replay;
    std::uint64_t seed = 1;
    std::uint64_t first = 0;
    std::uint64_t iterations = 10'000;
    unsigned seconds = 0;
    unsigned slow_ms = 2000;
    unsigned max_bytes = 1U << 16U;
};

// For the handlers of signals, which may only write.
std::array<char, 160> under_way{};

void tell_input() {
    if (under_way[0] != 0) {
        const auto ignored = ::write(2, under_way.data(), std::strlen(under_way.data()));
        static_cast<void>(ignored);
    }
}

extern "C" void on_signal(int number) {
    tell_input();
    ::signal(number, SIG_DFL);
    ::raise(number);
}

/// A crash or a hang names its input.
void watch_over_crashes() {
    ::signal(SIGABRT, &on_signal);
    ::signal(SIGPROF, &on_signal);
    if (__asan_init == nullptr) // else it reports first
        for (const int number : {SIGSEGV, SIGBUS, SIGFPE})
            ::signal(number, &on_signal);
}

/// An input that takes longer is a hang. Processor time, so that a busy machine is none.
constexpr time_t hang_seconds = 60;

void watch_over_hangs() {
    const itimerval limit{{0, 0}, {hang_seconds, 0}};
    ::setitimer(ITIMER_PROF, &limit, nullptr);
}

double processor_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Runs until the number, the time or a finding ends it.
int run(const fuzz_options& o, ntb::fuzz::reader& reader) {
    ntb::fuzz::mutator inputs(reader.corpus, o.max_bytes);
    const auto begin = std::chrono::steady_clock::now();
    std::uint64_t done = 0;
    std::uint64_t refused = 0;
    std::uint64_t bytes = 0;
    double slowest = 0;
    watch_over_crashes();
    std::uint64_t slowest_input = 0;
    const auto report = [&](const std::string& input, std::uint64_t n, const std::string& why) {
        const std::string path =
            reader.name + "-" + std::to_string(o.seed) + "-" + std::to_string(n) + ".finding";
        std::ofstream(path, std::ios::binary) << input;
        std::fprintf(stderr, "fuzz_readers: %s: %s\n  input %llu of seed %llu, saved as %s\n",
                     reader.name.c_str(), why.c_str(), static_cast<unsigned long long>(n),
                     static_cast<unsigned long long>(o.seed), path.c_str());
        return 1;
    };
    for (std::uint64_t n = o.first; o.seconds != 0 || n < o.first + o.iterations; ++n, ++done) {
        if (o.seconds != 0 &&
            std::chrono::steady_clock::now() - begin >= std::chrono::seconds(o.seconds))
            break;
        std::snprintf(under_way.data(), under_way.size(),
                      "\nfuzz_readers: %.20s: input %llu of seed %llu was being read\n",
                      reader.name.c_str(), static_cast<unsigned long long>(n),
                      static_cast<unsigned long long>(o.seed));
        const std::string input = inputs.make(o.seed, n);
        watch_over_hangs();
        const double before = processor_seconds();
        try {
            refused += reader.read(input) ? 0 : 1;
        } catch (const ntb::fuzz::finding& error) {
            return report(input, n, error.what());
        }
        const double took = processor_seconds() - before;
        bytes += input.size();
        if (took > slowest) {
            slowest = took;
            slowest_input = n;
        }
        if (took * 1000 > o.slow_ms)
            return report(input, n, "took " + std::to_string(took) + " s");
    }
    under_way[0] = 0;
    std::printf("%s: %llu inputs of %llu bytes on average, %llu refused, no finding; slowest %.1f "
                "ms (input %llu of seed %llu)\n",
                reader.name.c_str(), static_cast<unsigned long long>(done),
                static_cast<unsigned long long>(bytes / std::max<std::uint64_t>(done, 1)),
                static_cast<unsigned long long>(refused), slowest * 1000,
                static_cast<unsigned long long>(slowest_input),
                static_cast<unsigned long long>(o.seed));
    return 0;
}

/// Reads one file as it is.
int replay(const std::string& path, ntb::fuzz::reader& reader) {
    std::ifstream in(path, std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(in), {}};
    try {
        std::printf("%s: %s\n", path.c_str(), reader.read(input) ? "accepted" : "refused");
    } catch (const ntb::fuzz::finding& error) {
        std::fprintf(stderr, "fuzz_readers: %s: %s\n", path.c_str(), error.what());
        return 1;
    }
    return 0;
}

int fuzz_main(int argc, char** argv) {
    fuzz_options o;
    CLI::App app{"Drives a reader of files with inputs made from good ones", "fuzz_readers"};
    app.add_option("READER", o.reader, "topology, timing, stimulus, eeprom, vcd, analysis or merge")
        ->required();
    app.add_option("--source", o.source, "Root of the source tree")->capture_default_str();
    app.add_option("--seed", o.seed, "Seed of the inputs")->capture_default_str();
    app.add_option("--first", o.first, "Number of the first input")->capture_default_str();
    app.add_option("--iterations", o.iterations, "How many inputs")->capture_default_str();
    app.add_option("--seconds", o.seconds, "Instead: for so long");
    app.add_option("--slow-ms", o.slow_ms, "An input may take so much processor time")
        ->capture_default_str();
    app.add_option("--max-bytes", o.max_bytes, "Largest input")->capture_default_str();
    app.add_option("--replay", o.replay, "Read this file instead");
    app.footer("Example:\n  fuzz_readers stimulus --source . --seconds 300 --seed 7");
    CLI11_PARSE(app, argc, argv);
    std::vector<ntb::fuzz::reader> readers = ntb::fuzz::all_readers(o.source);
    const auto found = std::find_if(readers.begin(), readers.end(),
                                    [&o](const auto& r) { return r.name == o.reader; });
    if (found == readers.end()) {
        std::fprintf(stderr, "fuzz_readers: %s: no such reader (see --help)\n", o.reader.c_str());
        return 2;
    }
    return o.replay.empty() ? run(o, *found) : replay(o.replay, *found);
}

} // namespace

int main(int argc, char** argv) {
    try {
        return fuzz_main(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "fuzz_readers: %s\n", error.what());
        return 2;
    }
}
