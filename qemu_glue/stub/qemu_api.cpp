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
        missing(api.dispatch_read, "memory_region_dispatch_read") ||
        missing(api.dispatch_write, "memory_region_dispatch_write");
    return any ? name : nullptr;
}

} // namespace ntb::stub::qemu
