// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu_glue/stub/self_test.h"

#include <cstdint>
#include <initializer_list>

#include "qemu_glue/stub/qemu_api.h"

namespace ntb::stub {

namespace {

constexpr std::uint64_t scratch_size = 8192; // not a size that anything else here has
constexpr std::uint64_t pattern = 0x8877665544332211;

/// What a handler has been told.
struct seen {
    std::uint64_t offset = ~0ULL;
    std::uint64_t value = 0;
    unsigned size = 0;
    unsigned calls = 0;
};

constexpr std::uint64_t mask(unsigned size) {
    return ~0ULL >> (64U - 8U * size);
}

std::uint64_t read(void* opaque, std::uint64_t offset, unsigned size) {
    seen& s = *static_cast<seen*>(opaque);
    s = {offset, 0, size, s.calls + 1};
    return pattern & mask(size);
}

void write(void* opaque, std::uint64_t offset, std::uint64_t value, unsigned size) {
    seen& s = *static_cast<seen*>(opaque);
    s = {offset, value, size, s.calls + 1};
}

constexpr qemu::region_ops ops{
    read, write, nullptr, nullptr, qemu::little_endian, {1, 8, true, nullptr}, {1, 8, true}};

qemu::region_storage scratch;
qemu::region_storage ram;
qemu::region_storage part;
alignas(4096) unsigned char pages[8192];
seen witness;

} // namespace

const char* self_test() {
    using qemu::api;
    api.init_io(scratch.get(), nullptr, &ops, &witness, "ntb-stub-self-test", scratch_size);
    if (api.region_size(scratch.get()) != scratch_size)
        return "the size of a memory region";
    unsigned calls = 0;
    for (const unsigned size : {1U, 2U, 4U, 8U}) {
        const std::uint64_t offset = 0x100 + size;
        const std::uint64_t sent = pattern & mask(size);
        if (api.dispatch_write(scratch.get(), offset, sent, qemu::size_code(size), 0) != 0 ||
            witness.calls != ++calls || witness.offset != offset || witness.size != size ||
            witness.value != sent)
            return "a write to an I/O region";
        std::uint64_t got = 0;
        if (api.dispatch_read(scratch.get(), offset, &got, qemu::size_code(size), 0) != 0 ||
            witness.calls != ++calls || witness.offset != offset || witness.size != size ||
            got != sent)
            return "a read from an I/O region";
    }
    api.init_ram(ram.get(), nullptr, "ntb-stub-self-test-ram", sizeof pages, pages);
    api.init_alias(part.get(), nullptr, "ntb-stub-self-test-part", ram.get(), 0x1000, 0x1000);
    if (api.region_size(ram.get()) != sizeof pages || api.ram_address(ram.get()) != pages ||
        api.ram_address(part.get()) != pages + 0x1000)
        return "a RAM region";
    return nullptr;
}

} // namespace ntb::stub
