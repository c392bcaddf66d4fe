// SPDX-License-Identifier: Apache-2.0
#include "testbench/root_complex/host_ram.h"

#include <cstring>
#include <new>
#include <sys/mman.h>

namespace ntb {

host_ram::host_ram(std::uint64_t bytes) : bytes_(bytes), base_(nullptr) {
    void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED)
        throw std::bad_alloc();
    base_ = static_cast<unsigned char*>(mapped);
}

host_ram::~host_ram() {
    ::munmap(base_, bytes_);
}

bool host_ram::read(std::uint64_t address, void* to, std::size_t length) const {
    if (!contains(address, length))
        return false;
    std::memcpy(to, base_ + address, length);
    return true;
}

bool host_ram::write(std::uint64_t address, const void* from, std::size_t length) {
    if (!contains(address, length))
        return false;
    std::memcpy(base_ + address, from, length);
    return true;
}

} // namespace ntb
