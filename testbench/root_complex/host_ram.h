// SPDX-License-Identifier: Apache-2.0
// RAM of a host: one address range from 0 on, sparse (the operating system gives pages when they
// are touched), so that large hosts cost nothing and an access is a memcpy.
//
// Units: bytes. Threading: none of its own. Errors: std::bad_alloc if the address space is full;
// accesses outside return false and touch nothing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ntb {

class host_ram {
public:
    explicit host_ram(std::uint64_t bytes);
    ~host_ram();
    host_ram(const host_ram&) = delete;
    host_ram& operator=(const host_ram&) = delete;

    [[nodiscard]] std::uint64_t size() const { return bytes_; }
    [[nodiscard]] bool contains(std::uint64_t address, std::uint64_t length) const {
        return address <= bytes_ && length <= bytes_ - address;
    }
    bool read(std::uint64_t address, void* to, std::size_t length) const;
    bool write(std::uint64_t address, const void* from, std::size_t length);

private:
    std::uint64_t bytes_;
    unsigned char* base_;
};

} // namespace ntb
