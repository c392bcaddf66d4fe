// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu_glue/stub/qemu_api.h"

#include <cstring>
#include <dlfcn.h>

namespace ntb::stub::qemu {

functions api{};

namespace {

template <class Function>
bool find(Function& function, const char* name) {
    void* const found = ::dlsym(RTLD_DEFAULT, name);
    static_assert(sizeof function == sizeof found);
    std::memcpy(&function, &found, sizeof found);
    return found != nullptr;
}

} // namespace

const char* find_qemu() {
    const char* name = nullptr;
    const auto missing = [&name](auto& function, const char* wanted) {
        name = wanted;
        return !find(function, wanted);
    };
    const bool any =
        missing(api.add_machine_ready_notifier, "qemu_add_machine_init_done_notifier") ||
        missing(api.resolve_path, "object_resolve_path") ||
        missing(api.for_each_child, "object_child_foreach") ||
        missing(api.cast, "object_dynamic_cast") ||
        missing(api.region_name, "memory_region_name") ||
        missing(api.region_size, "memory_region_size") ||
        missing(api.init_io, "memory_region_init_io") ||
        missing(api.add_overlap, "memory_region_add_subregion_overlap") ||
        missing(api.init_ram, "memory_region_init_ram_ptr") ||
        missing(api.ram_address, "memory_region_get_ram_ptr") ||
        missing(api.init_alias, "memory_region_init_alias") ||
        missing(api.set_alias_offset, "memory_region_set_alias_offset") ||
        missing(api.set_address, "memory_region_set_address") ||
        missing(api.set_size, "memory_region_set_size") ||
        missing(api.set_enabled, "memory_region_set_enabled") ||
        missing(api.begin_changes, "memory_region_transaction_begin") ||
        missing(api.end_changes, "memory_region_transaction_commit") ||
        missing(api.main_loop, "qemu_get_aio_context") ||
        missing(api.call_in_main_loop, "aio_bh_schedule_oneshot_full") ||
        missing(api.dispatch_read, "memory_region_dispatch_read") ||
        missing(api.dispatch_write, "memory_region_dispatch_write");
    return any ? name : nullptr;
}

} // namespace ntb::stub::qemu
