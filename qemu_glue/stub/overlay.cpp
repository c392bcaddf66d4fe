// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu_glue/stub/overlay.h"

#include <cstdio>
#include <cstring>

#include "qemu_glue/stub/qemu_api.h"

namespace ntb::stub {

namespace {

using qemu::api;

/// Above whatever QEMU has in a BAR.
constexpr int overlay_priority = 100;

struct bar {
    qemu::memory_region* container = nullptr; ///< what QEMU has registered as the BAR
    qemu::memory_region* below = nullptr;     ///< in it, what sends accesses over vfio-user
    qemu::region_storage overlay{};
    std::uint8_t number = 0;
    channel* to = nullptr;
};

bar bars[bar_regions];

std::uint64_t read(void* opaque, std::uint64_t offset, unsigned size) {
    bar& b = *static_cast<bar*>(opaque);
    std::uint64_t value = 0;
    if (!b.to->read(b.number, static_cast<std::uint32_t>(offset), static_cast<std::uint8_t>(size),
                    value) &&
        api.dispatch_read(b.below, offset, &value, qemu::size_code(size), 0) != 0)
        value = ~0ULL;
    return value;
}

void write(void* opaque, std::uint64_t offset, std::uint64_t value, unsigned size) {
    bar& b = *static_cast<bar*>(opaque);
    if (!b.to->write(b.number, static_cast<std::uint32_t>(offset), static_cast<std::uint8_t>(size),
                     value))
        (void)api.dispatch_write(b.below, offset, value, qemu::size_code(size), 0);
}

constexpr qemu::region_ops ops{
    read, write, nullptr, nullptr, qemu::little_endian, {1, 8, true, nullptr}, {1, 8, true}};

/// The number of a BAR whose region's name ends with `what` and that number, else -1.
int bar_number(const char* name, const char* what) {
    const std::size_t length = std::strlen(name);
    const std::size_t wanted = std::strlen(what) + 1;
    if (length < wanted || std::strncmp(name + length - wanted, what, wanted - 1) != 0)
        return -1;
    const int number = name[length - 1] - '0';
    return number >= 0 && number < static_cast<int>(bar_regions) ? number : -1;
}

int visit(qemu::object* child, void*) {
    auto* const region = reinterpret_cast<qemu::memory_region*>(api.cast(child, "memory-region"));
    const char* const name = region != nullptr ? api.region_name(region) : nullptr;
    if (name == nullptr)
        return 0;
    if (const int n = bar_number(name, " base BAR "); n >= 0)
        bars[n].container = region;
    else if (const int m = bar_number(name, " BAR "); m >= 0)
        bars[m].below = region;
    return 0;
}

} // namespace

const char* find_bars(const char* device_id) {
    char path[128];
    const int n = std::snprintf(path, sizeof path, "/machine/peripheral/%s", device_id);
    bool ambiguous = false;
    qemu::object* const device =
        n < 0 || n >= static_cast<int>(sizeof path) ? nullptr : api.resolve_path(path, &ambiguous);
    if (device == nullptr)
        return "there is no device of that id";
    if (api.cast(device, "vfio-user-pci") == nullptr)
        return "the device is no vfio-user-pci";
    (void)api.for_each_child(device, visit, nullptr);
    for (const bar& b : bars) {
        if ((b.container == nullptr) != (b.below == nullptr))
            return "the device's BARs are not made as expected";
        if (b.container != nullptr && api.region_size(b.container) != api.region_size(b.below))
            return "the device's BARs have not the sizes expected";
    }
    return bars[0].container == nullptr ? "the device has no BAR 0" : nullptr;
}

void place_overlays(channel& c) {
    for (unsigned i = 0; i < bar_regions; ++i) {
        bar& b = bars[i];
        if (b.container == nullptr)
            continue;
        b.number = static_cast<std::uint8_t>(i);
        b.to = &c;
        char name[] = "ntb-stub-bar0";
        name[sizeof name - 2] = static_cast<char>('0' + i);
        // Without owner: QEMU lets a device not enter itself again, which an access that is passed
        // on to the region below would do.
        api.init_io(b.overlay.get(), nullptr, &ops, &b, name, api.region_size(b.container));
        api.add_overlap(b.container, 0, b.overlay.get(), overlay_priority);
    }
}

} // namespace ntb::stub
