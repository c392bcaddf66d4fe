// SPDX-License-Identifier: Apache-2.0
#include "testbench/root_complex/enumeration.h"

#include <algorithm>
#include <cstdio>
#include <ostream>
#include <vector>

namespace ntb {
namespace {

// Configuration header, type 0 (PCI local bus spec 3.0, 6.1).
constexpr std::uint32_t vendor_offset = 0x00;
constexpr std::uint32_t command_offset = 0x04;
constexpr std::uint32_t status_offset = 0x06;
constexpr std::uint32_t revision_offset = 0x08;
constexpr std::uint32_t bar_offset = 0x10;
constexpr std::uint32_t capability_pointer = 0x34;
constexpr std::uint32_t extended_start = 0x100;
constexpr std::uint32_t config_bytes = 0x1000;

constexpr std::uint64_t command_memory = 1U << 1;
constexpr std::uint64_t command_master = 1U << 2;
constexpr std::uint64_t status_capabilities = 1U << 4;

constexpr std::uint16_t id_power = 0x01;
constexpr std::uint16_t id_msi = 0x05;
constexpr std::uint16_t id_express = 0x10;
constexpr std::uint64_t msi_enable = 1U << 0; ///< of message control, at offset 2
constexpr std::uint64_t msi_multiple = 7U << 4;
constexpr std::uint64_t msi_64bit = 1U << 7;
constexpr std::uint32_t msi_first_vector = 0x41; ///< above what an x86 host keeps for itself

/// Where BARs go: below the MSI window, and far above RAM for 64-bit prefetchable ones.
struct range {
    std::uint64_t next;
    std::uint64_t end;

    /// An address for `size` bytes, aligned to them; 0 = no room.
    std::uint64_t take(std::uint64_t size) {
        const std::uint64_t address = (next + size - 1) & ~(size - 1);
        if (address >= end || end - address < size)
            return 0;
        next = address + size;
        return address;
    }
};

void size_bars(root_complex& host, enumerated_function& f) {
    for (unsigned n = 0; n < bar_count; ++n) {
        const std::uint32_t at = bar_offset + 4 * n;
        enumerated_bar& bar = f.bars.at(n);
        host.config_write(at, 0xFFFFFFFF);
        const std::uint64_t low = host.config_read(at).data;
        if (low == 0)
            continue;
        bar.present = true;
        bar.is_64bit = (low >> 1 & 3U) == 2;
        bar.prefetchable = (low >> 3 & 1U) != 0;
        std::uint64_t mask = low & 0xFFFFFFF0U;
        if (bar.is_64bit && n + 1 < bar_count) {
            host.config_write(at + 4, 0xFFFFFFFF);
            mask |= host.config_read(at + 4).data << 32;
            ++n;
        } else {
            mask |= 0xFFFFFFFF00000000U;
        }
        bar.size = ~mask + 1;
        bar.present = bar.size != 0; // 64 bits without a writable one: no BAR of this world
    }
}

void place_bars(root_complex& host, enumerated_function& f) {
    range low{0x80000000, 0xFEC00000};
    range high{std::uint64_t{0x40} << 32, std::uint64_t{0x80} << 32};
    // The largest first: aligned to their sizes they leave no holes.
    std::vector<unsigned> order;
    for (unsigned n = 0; n < bar_count; ++n)
        if (f.bars.at(n).present)
            order.push_back(n);
    std::stable_sort(order.begin(), order.end(), [&f](unsigned a, unsigned b) {
        return f.bars.at(a).size > f.bars.at(b).size;
    });
    for (const unsigned n : order) {
        enumerated_bar& bar = f.bars.at(n);
        bar.address = (bar.is_64bit ? high : low).take(bar.size);
        host.config_write(bar_offset + 4 * n, bar.address & 0xFFFFFFFFU);
        if (bar.is_64bit)
            host.config_write(bar_offset + 4 * (n + 1), bar.address >> 32);
    }
}

void walk_capabilities(root_complex& host, enumerated_function& f) {
    // Bounded by what fits, so that a list that bites its tail ends.
    if ((host.config_read(status_offset, 2).data & status_capabilities) != 0) {
        std::uint64_t at = host.config_read(capability_pointer, 1).data & 0xFCU;
        for (unsigned i = 0; i < 48 && at >= 0x40; ++i) {
            const std::uint64_t head = host.config_read(at, 2).data;
            f.capabilities.push_back(
                {static_cast<std::uint32_t>(at), static_cast<std::uint16_t>(head & 0xFFU), false});
            at = head >> 8 & 0xFCU;
        }
    }
    std::uint64_t at = extended_start;
    for (unsigned i = 0; i < 480 && at >= extended_start && at < config_bytes; ++i) {
        const std::uint64_t head = host.config_read(at).data;
        if (head == 0 || head == 0xFFFFFFFF)
            break;
        f.capabilities.push_back(
            {static_cast<std::uint32_t>(at), static_cast<std::uint16_t>(head & 0xFFFFU), true});
        at = head >> 20 & 0xFFCU;
    }
}

void set_up_msi(root_complex& host, enumerated_function& f) {
    f.msi_offset = f.capability(id_msi);
    if (f.msi_offset == 0)
        return;
    f.msi_address = root_complex::msi_window;
    f.msi_data = msi_first_vector;
    const std::uint64_t control = host.config_read(f.msi_offset + 2, 2).data;
    const bool wide = (control & msi_64bit) != 0;
    host.config_write(f.msi_offset + 4, f.msi_address & 0xFFFFFFFFU);
    if (wide)
        host.config_write(f.msi_offset + 8, f.msi_address >> 32);
    host.config_write(f.msi_offset + (wide ? 12 : 8), f.msi_data, 2);
    host.config_write(f.msi_offset + 2, (control & ~msi_multiple) | msi_enable, 2);
}

struct capability_name {
    std::uint16_t id;
    bool extended;
    const char* name;
};
constexpr std::array<capability_name, 10> capability_names{{
    {id_power, false, "Power Management"},
    {0x03, false, "Vital Product Data"},
    {id_msi, false, "MSI"},
    {0x0D, false, "Subsystem ID"},
    {id_express, false, "PCI Express"},
    {0x0001, true, "Advanced Error Reporting"},
    {0x0002, true, "Virtual Channel"},
    {0x0003, true, "Device Serial Number"},
    {0x000D, true, "Access Control Services"},
    {0x0012, true, "Multicast"},
}};

std::string size_text(std::uint64_t bytes) {
    if (bytes >= (1U << 20))
        return std::to_string(bytes >> 20) + "M";
    if (bytes >= (1U << 10))
        return std::to_string(bytes >> 10) + "K";
    return std::to_string(bytes);
}

template <class... Values>
std::string text(const char* format, Values... values) {
    std::array<char, 160> buffer{};
    std::snprintf(buffer.data(), buffer.size(), format, values...);
    return buffer.data();
}

} // namespace

const enumerated_function& enumerate(root_complex& host) {
    enumerated_function f;
    const completion ids = host.config_read(vendor_offset);
    if (!ids.ok() || ids.data == 0xFFFFFFFF) {
        host.function() = f;
        return host.function();
    }
    f.present = true;
    f.vendor = static_cast<std::uint16_t>(ids.data & 0xFFFFU);
    f.device = static_cast<std::uint16_t>(ids.data >> 16);
    const std::uint64_t class_revision = host.config_read(revision_offset).data;
    f.revision = static_cast<std::uint8_t>(class_revision & 0xFFU);
    f.class_code = static_cast<std::uint32_t>(class_revision >> 8);
    host.config_write(command_offset, 0, 2); // nothing may decode while BARs hold ones
    size_bars(host, f);
    place_bars(host, f);
    walk_capabilities(host, f);
    set_up_msi(host, f);
    host.config_write(command_offset, command_memory | command_master, 2);
    host.function() = f;
    return host.function();
}

void print(std::ostream& out, const enumerated_function& f, const char* indent) {
    if (!f.present) {
        out << indent << "no function answers\n";
        return;
    }
    out << indent
        << text("class %04x: %04x:%04x (rev %02x)\n", f.class_code >> 8, unsigned{f.vendor},
                unsigned{f.device}, unsigned{f.revision});
    for (unsigned n = 0; n < bar_count; ++n) {
        const enumerated_bar& bar = f.bars.at(n);
        if (!bar.present)
            continue;
        out << indent << "    Region " << n << ": Memory at "
            << (bar.address != 0 ? text("%08llx", static_cast<unsigned long long>(bar.address))
                                 : std::string("<unassigned>"))
            << (bar.is_64bit ? " (64-bit, " : " (32-bit, ")
            << (bar.prefetchable ? "prefetchable)" : "non-prefetchable)")
            << " [size=" << size_text(bar.size) << "]\n";
    }
    for (const enumerated_capability& c : f.capabilities) {
        const auto* known = std::find_if(
            capability_names.begin(), capability_names.end(),
            [&c](const capability_name& n) { return n.id == c.id && n.extended == c.extended; });
        out << indent << text("    Capabilities: [%02x] ", c.offset)
            << (known != capability_names.end() ? std::string(known->name)
                                                : text("ID %04x", unsigned{c.id}));
        if (c.offset == f.msi_offset)
            out << text(": Enable+ Address: %08llx Data: %04x",
                        static_cast<unsigned long long>(f.msi_address), f.msi_data);
        out << "\n";
    }
}

} // namespace ntb
