/* SPDX-License-Identifier: Apache-2.0 */
/* Prints how fast this guest copies memory to memory: what window traffic is compared with.
 * Usage: copy_speed BYTES SECONDS -- copies BYTES again and again for about SECONDS; prints
 * "BYTES-COPIED NANOSECONDS" and exits with 0, or with 1 if there is no memory or no clock.
 *        copy_speed clock -- prints a clock in nanoseconds (busybox has none so fine). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t now(void) {
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
        exit(1);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int main(int argc, char** argv) {
    if (argc > 1 && strcmp(argv[1], "clock") == 0) {
        printf("%llu\n", (unsigned long long)now());
        return 0;
    }
    const size_t bytes = argc > 1 ? strtoul(argv[1], NULL, 0) : 1u << 20;
    const uint64_t wanted = (uint64_t)((argc > 2 ? atof(argv[2]) : 0.3) * 1e9);
    unsigned char *const from = malloc(bytes), *const to = malloc(bytes);
    if (bytes == 0 || from == NULL || to == NULL)
        return 1;
    memset(from, 0x5a, bytes);
    memset(to, 0, bytes);
    uint64_t copied = 0;
    const uint64_t start = now();
    uint64_t end = start;
    while (end - start < wanted) {
        memcpy(to, from, bytes);
        __asm__ volatile("" : : "r"(to) : "memory"); /* the copy is wanted */
        copied += bytes;
        end = now();
    }
    if (memcmp(from, to, bytes) != 0)
        return 1;
    printf("%llu %llu\n", (unsigned long long)copied, (unsigned long long)(end - start));
    return 0;
}
