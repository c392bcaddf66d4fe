// SPDX-License-Identifier: Apache-2.0
// The device side of the bridge: what the outside world can do to one PCI function, in six calls
// that know nothing of sockets. A vfio-user session drives it; a device model inside another
// program can be driven by the same calls in process.
//
// Units: bytes; offsets count from the start of the region. Threading: the SystemC thread only.
// A call may suspend the calling SC_THREAD (the implementation may wait()), so callers hold no
// lock and no pointer into shared buffers across it, and let the kernel's unwinding exception
// pass. Errors: 0, or a positive errno value for the client; never an exception of our own.
// Source: Linux VFIO user API (linux/vfio.h), PCI region and interrupt indices.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "tlm_bridge/bytes.h"
#include "tlm_bridge/unique_fd.h"

namespace ntb::bridge {

/// Region indices (VFIO_PCI_BAR0_REGION_INDEX ...): 0..5 are the BARs.
inline constexpr std::uint32_t region_rom = 6;
inline constexpr std::uint32_t region_config = 7;
inline constexpr std::uint32_t region_vga = 8;
inline constexpr std::uint32_t region_count = 9;
inline constexpr std::uint64_t config_space_size = 4096; ///< PCIe extended configuration space

/// Interrupt indices (VFIO_PCI_INTX_IRQ_INDEX ...).
inline constexpr std::uint32_t irq_intx = 0;
inline constexpr std::uint32_t irq_msi = 1;
inline constexpr std::uint32_t irq_msix = 2;
inline constexpr std::uint32_t irq_err = 3;
inline constexpr std::uint32_t irq_req = 4;
inline constexpr std::uint32_t irq_index_count = 5;

/// One region; size 0 = the device has none there. No region can be mapped by the client: every
/// access is a transaction of the model.
struct region_description {
    std::uint64_t size = 0;
    bool readable = false;
    bool writable = false;
};

/// Most DMA maps of one client at once (QEMU has a dozen; some more with hot-plugged memory).
inline constexpr std::size_t max_dma_maps = 1024;
/// Most bytes of one map: all that an x86 processor can address physically.
inline constexpr std::uint64_t max_dma_map_size = 1ULL << 52;

/// What does not change while a client is connected.
struct device_description {
    std::array<region_description, region_count> regions{};
    /// INTx and MSI, one each. No ERR interrupt: QEMU stops the guest on it.
    std::array<std::uint32_t, irq_index_count> irq_counts{1, 1, 0, 0, 0};
};

/// A range of the client's address space that the device may reach.
struct dma_mapping {
    std::uint64_t iova = 0;   ///< address as the device uses it
    std::uint64_t size = 0;   ///< bytes
    std::uint64_t offset = 0; ///< of the range in its file
    bool readable = false;    ///< by the device
    bool writable = false;    ///< by the device
};

/// What to unmap.
struct dma_range {
    std::uint64_t iova = 0;
    std::uint64_t size = 0;
    bool all = false; ///< every map; the range does not matter
};

enum class irq_action : std::uint8_t { mask, unmask, trigger };
enum class irq_data : std::uint8_t {
    none,    ///< act on all interrupts of the range
    flags,   ///< act where the byte is not 0
    eventfd, ///< connect a descriptor to the action, or disconnect it
};

/// VFIO_DEVICE_SET_IRQS. Already checked: exactly one action and one kind of data, the range
/// exists, `count` 0 only with trigger and none (= switch this index off), eventfds are eventfds.
struct irq_request {
    std::uint32_t index = 0;
    std::uint32_t start = 0;
    std::uint32_t count = 0;
    irq_action action = irq_action::trigger;
    irq_data data = irq_data::none;
    const std::uint8_t* flags = nullptr; ///< irq_data::flags: `count` bytes
    unique_fd* eventfds = nullptr;       ///< irq_data::eventfd: `count` to take; null = disconnect
};

class device {
public:
    device() = default;
    device(const device&) = delete;
    device& operator=(const device&) = delete;
    virtual ~device() = default;

    [[nodiscard]] virtual const device_description& description() const = 0;

    /// A client has agreed on the protocol (once per client, before anything else of it).
    virtual void connected() = 0;
    /// The client is gone; its maps and its eventfds must be forgotten. Only after connected().
    virtual void disconnected() = 0;

    /// Reads or writes within a region that allows it; the range is inside the region.
    [[nodiscard]] virtual int region_read(std::uint32_t region, std::uint64_t offset,
                                          mutable_bytes data) = 0;
    [[nodiscard]] virtual int region_write(std::uint32_t region, std::uint64_t offset,
                                           const_bytes data) = 0;

    /// `file` is empty where the client has none to share (ROM, or RAM that is not shared).
    /// EEXIST overlaps another map, EINVAL wraps, is empty or longer than any memory, ENOSPC too
    /// many maps, or mmap's.
    [[nodiscard]] virtual int dma_map(const dma_mapping& mapping, unique_fd file) = 0;
    /// Removes the map that has exactly this range, or with `all` every map (none is no error).
    /// When it returns, the device uses the memory no more. ENOENT: no such map.
    [[nodiscard]] virtual int dma_unmap(const dma_range& range) = 0;

    /// Hot reset of the function. Maps and eventfds stay.
    [[nodiscard]] virtual int reset() = 0;

    /// ENOTTY: this interrupt does not know that action.
    [[nodiscard]] virtual int set_irqs(const irq_request& request) = 0;
};

} // namespace ntb::bridge
