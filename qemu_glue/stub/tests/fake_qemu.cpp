// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu_glue/stub/tests/fake_qemu.h"

#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "qemu_glue/stub/overlay.h"
#include "qemu_glue/stub/qemu_api.h"

namespace ntb::stub::test {

namespace {

using qemu::memory_region;
using qemu::object;

/// What there is to know of a region. The stub knows regions by addresses only.
struct region {
    std::string name;
    std::uint64_t size = 0;
    const qemu::region_ops* ops = nullptr;
    void* opaque = nullptr;
    unsigned char* pages = nullptr; ///< of RAM
    memory_region* alias_of = nullptr;
    std::uint64_t alias_offset = 0;
    memory_region* container = nullptr;
    std::uint64_t address = 0; ///< in its container
    int priority = 0;
    bool enabled = true;
};

fake_qemu* running = nullptr;
std::map<memory_region*, region> regions;
std::array<char, bar_regions> containers; ///< their addresses are what counts
std::array<char, bar_regions> passed_on;  ///< the regions below the overlays
char device;
std::mutex main_loop_lock;
/// Never destroyed: the stub's thread that hears is detached, and may ask while the process ends.
auto& asked_of_main_loop = *new std::vector<std::pair<void (*)(void*), void*>>;

memory_region* at(char& place) {
    return reinterpret_cast<memory_region*>(&place);
}

/// What the guest meets there.
const region* meets(unsigned bar, std::uint64_t offset) {
    const region* best = nullptr;
    for (const auto& [address, r] : regions)
        if (r.container == at(containers[bar]) && r.enabled && offset >= r.address &&
            offset - r.address < r.size && (best == nullptr || r.priority > best->priority))
            best = &r;
    return best;
}

unsigned char* ram_at(const region& r, std::uint64_t offset) {
    return r.alias_of == nullptr
               ? nullptr
               : regions.at(r.alias_of).pages + r.alias_offset + (offset - r.address);
}

constexpr unsigned size_of_code(int code) {
    return 1U << static_cast<unsigned>(code);
}

} // namespace

struct functions_of_fake_qemu {
    static unsigned bar_of(memory_region* r) {
        for (unsigned b = 0; b < bar_regions; ++b)
            if (r == at(passed_on[b]))
                return b;
        throw std::logic_error("an access passed on to a region that is not the device's");
    }
    static std::uint32_t dispatch_read(memory_region* r, std::uint64_t offset, std::uint64_t* value,
                                       int code, std::uint64_t) {
        ++running->below_;
        *value = running->host_.read_by_socket(static_cast<std::uint8_t>(bar_of(r)), offset,
                                               static_cast<std::uint8_t>(size_of_code(code)));
        return 0;
    }
    static std::uint32_t dispatch_write(memory_region* r, std::uint64_t offset, std::uint64_t value,
                                        int code, std::uint64_t) {
        ++running->below_;
        running->host_.write_by_socket(static_cast<std::uint8_t>(bar_of(r)), offset,
                                       static_cast<std::uint8_t>(size_of_code(code)), value);
        return 0;
    }
    static int for_each_child(object*, int (*visit)(object*, void*), void* opaque) {
        for (unsigned b = 0; b < bar_regions; ++b) {
            if (running->sizes_[b] == 0)
                continue;
            for (char* const place : {&containers[b], &passed_on[b]})
                if (const int stop = visit(reinterpret_cast<object*>(place), opaque); stop != 0)
                    return stop;
        }
        return 0;
    }
};

fake_qemu::fake_qemu(host& of, const std::array<std::uint64_t, bar_regions>& sizes)
    : host_(of), sizes_(sizes) {
    if (std::exchange(running, this) != nullptr)
        throw std::logic_error("there is a QEMU already");
    for (unsigned b = 0; b < bar_regions; ++b) {
        const std::string number = std::to_string(b);
        regions[at(containers[b])].name = "vfio-user base BAR " + number;
        regions[at(passed_on[b])].name = "vfio-user BAR " + number;
        regions[at(containers[b])].size = regions[at(passed_on[b])].size = sizes[b];
    }
    using qemu::api;
    api.resolve_path = [](const char*, bool*) { return reinterpret_cast<object*>(&device); };
    api.for_each_child = functions_of_fake_qemu::for_each_child;
    api.cast = [](object* o, const char*) { return o; };
    api.region_name = [](const memory_region* r) {
        return regions.at(const_cast<memory_region*>(r)).name.c_str();
    };
    api.region_size = [](memory_region* r) { return regions.at(r).size; };
    api.init_io = [](memory_region* r, object*, const qemu::region_ops* ops, void* opaque,
                     const char* name, std::uint64_t size) {
        region& made = regions[r];
        made.name = name;
        made.size = size;
        made.ops = ops;
        made.opaque = opaque;
    };
    api.add_overlap = [](memory_region* container, std::uint64_t offset, memory_region* r,
                         int priority) {
        region& added = regions.at(r);
        added.container = container;
        added.address = offset;
        added.priority = priority;
    };
    api.init_ram = [](memory_region* r, object*, const char* name, std::uint64_t size,
                      void* pages) {
        regions[r].name = name;
        regions[r].size = size;
        regions[r].pages = static_cast<unsigned char*>(pages);
    };
    api.init_alias = [](memory_region* r, object*, const char* name, memory_region* whole,
                        std::uint64_t offset, std::uint64_t size) {
        region& made = regions[r];
        made.name = name;
        made.size = size;
        made.alias_of = whole;
        made.alias_offset = offset;
    };
    api.set_alias_offset = [](memory_region* r, std::uint64_t offset) {
        regions.at(r).alias_offset = offset;
    };
    api.set_address = [](memory_region* r, std::uint64_t offset) {
        regions.at(r).address = offset;
    };
    api.set_size = [](memory_region* r, std::uint64_t size) { regions.at(r).size = size; };
    api.set_enabled = [](memory_region* r, bool enabled) { regions.at(r).enabled = enabled; };
    api.begin_changes = [] {};
    api.end_changes = [] {};
    api.main_loop = []() -> void* { return nullptr; };
    api.call_in_main_loop = [](void*, void (*function)(void*), void* opaque, const char*) {
        const std::lock_guard<std::mutex> l(main_loop_lock);
        asked_of_main_loop.emplace_back(function, opaque);
    };
    api.dispatch_read = functions_of_fake_qemu::dispatch_read;
    api.dispatch_write = functions_of_fake_qemu::dispatch_write;
    const char* problem = find_bars("nt");
    if (problem == nullptr)
        problem = place_overlays(of.stub);
    if (problem != nullptr)
        throw std::runtime_error(problem);
}

fake_qemu::~fake_qemu() {
    host_.stub.close();
}

std::uint64_t fake_qemu::read(unsigned bar, std::uint64_t offset, unsigned size) {
    const region* const r = meets(bar, offset);
    if (r == nullptr)
        return ~0ULL;
    if (const unsigned char* const bytes = ram_at(*r, offset)) {
        std::uint64_t value = 0;
        std::memcpy(&value, bytes, size);
        return value;
    }
    return r->ops->read(r->opaque, offset - r->address, size);
}

void fake_qemu::write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) {
    const region* const r = meets(bar, offset);
    if (r == nullptr)
        return;
    if (unsigned char* const bytes = ram_at(*r, offset))
        std::memcpy(bytes, &value, size);
    else
        r->ops->write(r->opaque, offset - r->address, value, size);
}

bool fake_qemu::is_ram(unsigned bar, std::uint64_t offset) const {
    const region* const r = meets(bar, offset);
    return r != nullptr && r->alias_of != nullptr;
}

void fake_qemu::run_main_loop() {
    std::vector<std::pair<void (*)(void*), void*>> now;
    {
        const std::lock_guard<std::mutex> l(main_loop_lock);
        now.swap(asked_of_main_loop);
    }
    for (const auto& [function, opaque] : now)
        function(opaque);
}

} // namespace ntb::stub::test
