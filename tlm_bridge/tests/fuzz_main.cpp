// SPDX-License-Identifier: Apache-2.0
// fuzz_session [FIRST_SEED [COUNT]]: drives the fuzz entry point over pseudo-random scripts of
// fixed seeds, so that every run does the same. A crash
// happened within `report_every` seeds of the last one printed.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {
constexpr unsigned long report_every = 1000;
}

int main(int argc, char** argv) {
    const unsigned long first = argc > 1 ? std::strtoul(argv[1], nullptr, 0) : 1;
    const unsigned long count = argc > 2 ? std::strtoul(argv[2], nullptr, 0) : 20000;
    for (unsigned long seed = first; seed < first + count; ++seed) {
        if (seed % report_every == 0) {
            std::fprintf(stderr, "seed %lu ...\n", seed); // where to look after a crash
        }
        std::mt19937_64 random(seed);
        std::vector<std::uint8_t> script(random() % 2000);
        for (auto& b : script) {
            b = static_cast<std::uint8_t>(random());
        }
        LLVMFuzzerTestOneInput(script.data(), script.size());
    }
    std::fprintf(stderr, "%lu scripts, no crash\n", count);
    return 0;
}
