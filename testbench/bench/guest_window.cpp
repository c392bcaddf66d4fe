// SPDX-License-Identifier: Apache-2.0
// Runs inside a guest without a driver: opens the direct window of BAR2 into the other host's
// memory, and times copies from memory into it, out of it, and from memory to memory, in turn. A
// static program; the offsets of the few registers that it needs come from the register map.
//
// Usage: bench_guest_window DEVICE TARGET BYTES ROUNDS     DEVICE: a directory in
// /sys/bus/pci/devices Output: one line for each round, "INTO OUT_OF MEMORY" in MB/s; then "equal"
// if what is read back is what was written, else "different".
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "model/regs/nt_refs.h"

namespace {

constexpr std::size_t working_set = 1U << 20; ///< bytes; that of the window
constexpr std::size_t page = 4096;
constexpr double seconds = 0.2; ///< of each measurement
/// Copies between two looks at the clock, which a guest may have to ask a device for.
constexpr unsigned copies_a_look = 8;
constexpr off_t pcicmd = 0x04;
constexpr std::uint16_t memory_and_master = 0x6;

double now() {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// Every copy is from one place to that which follows it, 1 MiB on, so all are equally far. QEMU
/// finds guest pages in a table that has one place for all pages whose numbers agree in their low
/// bits (9 of them or more): copies between pages that share places were less than half as fast.
constexpr std::uintptr_t source_place = 0x7000'0000'0000;
constexpr std::uintptr_t window_place = source_place + working_set;
constexpr std::uintptr_t sink_place = window_place + working_set;
/// As far from the source as the window is, in the low bits.
constexpr std::uintptr_t memory_sink_place = window_place + (std::uintptr_t{1} << 32U);

/// Null `place`: anywhere.
void* map(const std::string& file, std::size_t bytes, std::uintptr_t place = 0) {
    const int fd = ::open(file.c_str(), O_RDWR | O_SYNC | O_CLOEXEC);
    void* const at = fd < 0 ? MAP_FAILED
                            : ::mmap(reinterpret_cast<void*>(place), bytes, PROT_READ | PROT_WRITE,
                                     MAP_SHARED | (place != 0 ? MAP_FIXED_NOREPLACE : 0), fd, 0);
    if (at == MAP_FAILED) {
        std::perror(file.c_str());
        std::exit(1);
    }
    return at;
}

unsigned char* memory_at(std::uintptr_t place) {
    void* const at =
        ::mmap(reinterpret_cast<void*>(place), working_set, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1, 0);
    if (at == MAP_FAILED) {
        std::perror("memory");
        std::exit(1);
    }
    return static_cast<unsigned char*>(at);
}

/// MB/s of copying `bytes` again and again.
double speed(void* to, const void* from, std::size_t bytes) {
    const double begin = now();
    double copied = 0;
    double end = begin;
    while (end - begin < seconds) {
        for (unsigned i = 0; i < copies_a_look; ++i) {
            std::memcpy(to, from, bytes);
            __asm__ volatile("" : : "r"(to) : "memory"); // the copy is wanted
        }
        copied += static_cast<double>(bytes) * copies_a_look;
        end = now();
    }
    return copied / (end - begin) / 1e6;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fputs("usage: bench_guest_window DEVICE TARGET BYTES ROUNDS\n", stderr);
        return 2;
    }
    const std::string device = argv[1];
    const unsigned long target = std::strtoul(argv[2], nullptr, 0);
    const std::size_t bytes = std::strtoul(argv[3], nullptr, 0);
    const int config = ::open((device + "/config").c_str(), O_RDWR | O_CLOEXEC);
    if (bytes == 0 || bytes > working_set || config < 0 ||
        ::pwrite(config, &memory_and_master, 2, pcicmd) != 2) {
        std::perror(device.c_str());
        return 1;
    }
    auto* const registers = static_cast<volatile std::uint32_t*>(map(device + "/resource0", page));
    // No requester check, completions let out: the other host runs this, too.
    registers[ntb::nt::NTCTL.at() / 4] = ntb::nt::NTCTL_IDPROTDIS.mask | ntb::nt::NTCTL_CPEN.mask;
    registers[ntb::nt::BARLTBASE.at(2) / 4] = static_cast<std::uint32_t>(target);
    if (std::strtoul(argv[4], nullptr, 0) == 0) // only opens it
        return 0;
    auto* const window =
        static_cast<unsigned char*>(map(device + "/resource2", working_set, window_place));
    unsigned char* const from = memory_at(source_place);
    unsigned char* const to = memory_at(sink_place);
    unsigned char* const memory_to = memory_at(memory_sink_place);
    for (std::size_t i = 0; i < working_set; ++i)
        from[i] = static_cast<unsigned char>(i * 2654435761U >> 13);
    for (unsigned long n = std::strtoul(argv[4], nullptr, 0); n != 0; --n) {
        const double into = speed(window, from, bytes);
        const double out_of = speed(to, window, bytes);
        std::printf("%.1f %.1f %.1f\n", into, out_of, speed(memory_to, from, bytes));
    }
    std::puts(std::memcmp(window, from, bytes) == 0 ? "equal" : "different");
    return 0;
}
