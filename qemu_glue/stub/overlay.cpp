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
    qemu::region_storage ram{}; ///< the window area, not itself in the guest's memory
};

bar bars[bar_regions];

/// A part of a window area that the guest sees.
struct shown_part {
    qemu::region_storage region{};
    bool shown = false;
    window what{};
};

/// Aliases of one BAR's area: more than a table has entries, since the peer's memory has gaps.
constexpr unsigned parts_per_bar = 32;
shown_part parts[bar_regions][parts_per_bar];
windows areas;
std::uint32_t shown_generation = 0;
bool changing = false;

/// Largest BAR whose windows are mapped; address space is reserved for all of it.
constexpr std::uint64_t largest_area = 1ULL << 32U;
/// Above the overlay.
constexpr int part_priority = 101;

/// Shows what is wanted of one BAR. Between begin_changes() and end_changes().
void show_bar(std::uint32_t number, const window* wanted, std::uint32_t count) {
    unsigned next = 0;
    for (std::uint32_t i = 0; i < count && next < parts_per_bar; ++i) {
        if (wanted[i].bar != number)
            continue;
        shown_part& p = parts[number][next++];
        if (p.shown && std::memcmp(&p.what, &wanted[i], sizeof p.what) == 0)
            continue;
        if (p.shown)
            api.set_enabled(p.region.get(), false);
        api.set_size(p.region.get(), wanted[i].size);
        api.set_alias_offset(p.region.get(), wanted[i].offset);
        api.set_address(p.region.get(), wanted[i].offset);
        api.set_enabled(p.region.get(), true);
        p.shown = true;
        p.what = wanted[i];
    }
    for (; next < parts_per_bar; ++next) {
        shown_part& p = parts[number][next];
        if (p.shown)
            api.set_enabled(p.region.get(), false);
        p.shown = false;
    }
}

/// Shows the guest as RAM what is mapped. Under the big lock.
void show_windows() {
    if (changing)
        return; // QEMU has come back here while it was at it
    changing = true;
    while (areas.generation() != shown_generation) {
        // What the guest has posted may lead windows elsewhere: RAM must not overtake it. Without a
        // simulator there is nothing to overtake.
        (void)bars[0].to->drain();
        window wanted[max_windows];
        std::uint32_t count = 0;
        shown_generation = areas.wanted(wanted, count);
        api.begin_changes();
        for (std::uint32_t b = 0; b < bar_regions; ++b)
            show_bar(b, wanted, count);
        api.end_changes();
        areas.applied(count);
    }
    changing = false;
}

void windows_changed() {
    api.call_in_main_loop(
        api.main_loop(), [](void*) { show_windows(); }, nullptr, "ntb-stub-windows");
}

std::uint64_t read(void* opaque, std::uint64_t offset, unsigned size) {
    bar& b = *static_cast<bar*>(opaque);
    std::uint64_t value = 0;
    if (!b.to->read(b.number, offset, static_cast<std::uint8_t>(size), value) &&
        api.dispatch_read(b.below, offset, &value, qemu::size_code(size), 0) != 0)
        value = ~0ULL;
    return value;
}

void write(void* opaque, std::uint64_t offset, std::uint64_t value, unsigned size) {
    bar& b = *static_cast<bar*>(opaque);
    if (!b.to->write(b.number, offset, static_cast<std::uint8_t>(size), value))
        (void)api.dispatch_write(b.below, offset, value, qemu::size_code(size), 0);
    if (areas.generation() != shown_generation)
        show_windows(); // before the guest's next access
}

/// A posted write that the simulator has left in the ring. Under the big lock.
void write_below(std::uint8_t region, std::uint64_t offset, std::uint8_t size,
                 std::uint64_t value) {
    if (region >= bar_regions || bars[region].below == nullptr ||
        (size != 1 && size != 2 && size != 4 && size != 8))
        return;
    const std::uint64_t room = api.region_size(bars[region].below);
    if (offset < room && size <= room - offset)
        (void)api.dispatch_write(bars[region].below, offset, value, qemu::size_code(size), 0);
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

const char* place_overlays(channel& c) {
    c.set_way_out(write_below);
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
        const std::uint64_t size = api.region_size(b.container);
        void* const pages = i != 0 && size % window_page == 0 && size <= largest_area
                                ? areas.reserve(i, size)
                                : nullptr;
        if (pages == nullptr)
            continue; // its windows stay trapped
        api.init_ram(b.ram.get(), nullptr, "ntb-stub-window", size, pages);
        for (shown_part& p : parts[i]) {
            api.init_alias(p.region.get(), nullptr, "ntb-stub-window-part", b.ram.get(), 0,
                           window_page);
            api.set_enabled(p.region.get(), false);
            api.add_overlap(b.container, 0, p.region.get(), part_priority);
        }
    }
    return c.hear_of(areas, windows_changed);
}

} // namespace ntb::stub
