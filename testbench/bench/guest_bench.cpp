// SPDX-License-Identifier: Apache-2.0
// Runs inside a guest: maps BAR0 of a PCI function and times 4-byte reads and writes. A static
// program without a library of ours; it only gets a file name and two offsets.
//
// Usage: bench_guest RESOURCE READ_OFFSET WRITE_OFFSET COUNT
// Output: one line "READ_NS WRITE_NS VALUE": nanoseconds of one read, of one write of a run that a
// read ends (posted writes are done then), and what the register at READ_OFFSET held.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <sys/mman.h>

namespace {

double now_ns() {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fputs("usage: bench_guest RESOURCE READ_OFFSET WRITE_OFFSET COUNT\n", stderr);
        return 2;
    }
    const int fd = ::open(argv[1], O_RDWR | O_SYNC | O_CLOEXEC);
    void* const map =
        fd < 0 ? MAP_FAILED : ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        std::perror(argv[1]);
        return 1;
    }
    auto* const bar = static_cast<volatile std::uint32_t*>(map);
    const unsigned long read_at = std::strtoul(argv[2], nullptr, 0) / 4;
    const unsigned long write_at = std::strtoul(argv[3], nullptr, 0) / 4;
    const unsigned long count = std::strtoul(argv[4], nullptr, 0);
    std::uint32_t value = bar[read_at];

    const double begin = now_ns();
    for (unsigned long i = 0; i < count; ++i)
        value = bar[read_at];
    const double middle = now_ns();
    for (unsigned long i = 0; i < count; ++i)
        bar[write_at] = 0;
    (void)bar[read_at];
    const double end = now_ns();
    std::printf("%.1f %.1f 0x%x\n", (middle - begin) / static_cast<double>(count),
                (end - middle) / static_cast<double>(count), value);
    return 0;
}
