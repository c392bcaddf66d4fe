// SPDX-License-Identifier: GPL-2.0-or-later
// The few functions of QEMU's own that the stub calls, and the one structure it hands over. No
// header of QEMU is used, so nothing but find_qemu() and the self-test (self_test.h) says whether
// a QEMU has them as they are declared here.
//
// Units: bytes. Threading: all of them under QEMU's big lock, which a device access and the
// notification of the machine hold. Errors: find_qemu() names what is missing.
// Source: QEMU's developer documentation, "The memory API" and "The QEMU Object Model"; tried with
// the versions in docs/stub.md.
#pragma once

#include <cstdint>

namespace ntb::stub::qemu {

struct object;        ///< an object of the object model
struct memory_region; ///< one, too, whose size only QEMU knows

/// Room for a memory region in our own memory: several times of what it takes.
struct region_storage {
    alignas(16) unsigned char bytes[4096];
    [[nodiscard]] memory_region* get() { return reinterpret_cast<memory_region*>(bytes); }
};

/// Handlers of an I/O region.
struct region_ops {
    std::uint64_t (*read)(void* opaque, std::uint64_t offset, unsigned size);
    void (*write)(void* opaque, std::uint64_t offset, std::uint64_t value, unsigned size);
    void* read_with_attributes;
    void* write_with_attributes;
    int endianness;
    struct {
        unsigned min_access_size, max_access_size;
        bool unaligned;
        void* accepts;
    } valid;
    struct {
        unsigned min_access_size, max_access_size;
        bool unaligned;
    } impl;
};
inline constexpr int little_endian = 2;

/// Logarithm of an access's size, as QEMU names sizes.
[[nodiscard]] constexpr int size_code(unsigned size) {
    return size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3;
}

struct notifier {
    void (*notify)(notifier*, void*);
    void* links[2];
};

struct functions {
    void (*add_machine_ready_notifier)(notifier*);
    object* (*resolve_path)(const char* path, bool* ambiguous);
    int (*for_each_child)(object*, int (*visit)(object*, void*), void* opaque);
    object* (*cast)(object*, const char* type); ///< null: it is of another type
    const char* (*region_name)(const memory_region*);
    std::uint64_t (*region_size)(memory_region*);
    void (*init_io)(memory_region*, object* owner, const region_ops*, void* opaque,
                    const char* name, std::uint64_t size);
    void (*add_overlap)(memory_region* container, std::uint64_t offset, memory_region*,
                        int priority);
    void (*init_ram)(memory_region*, object* owner, const char* name, std::uint64_t size,
                     void* pages);
    void* (*ram_address)(memory_region*);
    void (*init_alias)(memory_region*, object* owner, const char* name, memory_region* of,
                       std::uint64_t offset, std::uint64_t size);
    void (*set_alias_offset)(memory_region*, std::uint64_t offset);
    void (*set_address)(memory_region*, std::uint64_t offset_in_container);
    void (*set_size)(memory_region*, std::uint64_t size);
    void (*set_enabled)(memory_region*, bool enabled);
    void (*begin_changes)();
    void (*end_changes)(); ///< they take effect
    void* (*main_loop)();
    /// Calls it once in the main loop, under the big lock. From any thread.
    void (*call_in_main_loop)(void* loop, void (*function)(void*), void* opaque, const char* name);
    std::uint32_t (*dispatch_read)(memory_region*, std::uint64_t offset, std::uint64_t* value,
                                   int size_code, std::uint64_t attributes);
    std::uint32_t (*dispatch_write)(memory_region*, std::uint64_t offset, std::uint64_t value,
                                    int size_code, std::uint64_t attributes);
};

/// QEMU's functions, once find_qemu() has found them.
extern functions api;

/// Looks them up in the process that has loaded us. The name of one that is not there, or null.
[[nodiscard]] const char* find_qemu();

} // namespace ntb::stub::qemu
