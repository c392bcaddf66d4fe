// SPDX-License-Identifier: Apache-2.0
// Counts allocations of the whole test program. In a file of its own, where no caller can be
// inlined into it: the compiler takes malloc behind a replaced operator for a mismatch.
#include <atomic>
#include <cstdlib>
#include <new>

#include "traces/tests/support.h"

namespace ntb::traces::test {
std::atomic<std::size_t> allocations{0};
} // namespace ntb::traces::test

void* operator new(std::size_t size) {
    ++ntb::traces::test::allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size))
        return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}
