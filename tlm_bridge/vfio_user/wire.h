// SPDX-License-Identifier: Apache-2.0
// The vfio-user protocol as bytes: every structure with the name that the specification gives it
// (QEMU's interoperability documentation, "vfio-user Protocol Specification"; the structures
// shared with the kernel are those of linux/vfio.h), and every limit as a named constant.
//
// All integers are in host byte order, packed. Structures are copied in and out with memcpy, never
// overlaid on a buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tlm_bridge/bytes.h"

namespace ntb::vfio_user::wire {

/// "Commands" table.
enum class command : std::uint16_t {
    version = 1,
    dma_map = 2,
    dma_unmap = 3,
    device_get_info = 4,
    device_get_region_info = 5,
    device_get_region_io_fds = 6,
    device_get_irq_info = 7,
    device_set_irqs = 8,
    region_read = 9,
    region_write = 10,
    dma_read = 11,  ///< server to client
    dma_write = 12, ///< server to client
    device_reset = 13,
    /// DIRTY_PAGES in old revisions; clients of QEMU up to 10.2 send REGION_WRITE_MULTI with it.
    dirty_pages_or_old_write_multi = 14,
    region_write_multi = 15,
    device_feature = 16,
    mig_data_read = 17,
    mig_data_write = 18,
};

/// Name for log lines.
[[nodiscard]] const char* name_of(std::uint16_t command) noexcept;

/// "Header": flags.
inline constexpr std::uint32_t flag_type_mask = 0xf;
inline constexpr std::uint32_t type_command = 0x0;
inline constexpr std::uint32_t type_reply = 0x1;
inline constexpr std::uint32_t flag_no_reply = 0x10;
inline constexpr std::uint32_t flag_error = 0x20;

/// "Header".
struct [[gnu::packed]] header {
    std::uint16_t message_id;
    std::uint16_t command;
    std::uint32_t message_size; ///< header included
    std::uint32_t flags;
    std::uint32_t error_no;
};
static_assert(sizeof(header) == 16);

/// "VFIO_USER_VERSION"; JSON text with a terminating NUL may follow.
struct [[gnu::packed]] version {
    std::uint16_t major;
    std::uint16_t minor;
};
static_assert(sizeof(version) == 4);

/// "VFIO_USER_DMA_MAP" (struct vfio_user_dma_map).
struct [[gnu::packed]] dma_map {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint64_t offset;
    std::uint64_t address;
    std::uint64_t size;
};
static_assert(sizeof(dma_map) == 32);
inline constexpr std::uint32_t dma_map_readable = 1U << 0;
inline constexpr std::uint32_t dma_map_writeable = 1U << 1;
inline constexpr std::uint32_t dma_map_by_mmap = 1U << 2;
inline constexpr std::uint32_t dma_map_by_file_io = 1U << 3;

/// "VFIO_USER_DMA_UNMAP" (struct vfio_user_dma_unmap).
struct [[gnu::packed]] dma_unmap {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint64_t address;
    std::uint64_t size;
};
static_assert(sizeof(dma_unmap) == 24);

/// "VFIO_USER_DEVICE_GET_INFO" (struct vfio_user_device_info).
struct [[gnu::packed]] device_info {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint32_t num_regions;
    std::uint32_t num_irqs;
};
static_assert(sizeof(device_info) == 16);

/// "VFIO_USER_DEVICE_GET_REGION_INFO" (struct vfio_region_info).
struct [[gnu::packed]] region_info {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint32_t index;
    std::uint32_t cap_offset;
    std::uint64_t size;
    std::uint64_t offset;
};
static_assert(sizeof(region_info) == 32);

/// "VFIO_USER_DEVICE_GET_IRQ_INFO" (struct vfio_irq_info).
struct [[gnu::packed]] irq_info {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint32_t index;
    std::uint32_t count;
};
static_assert(sizeof(irq_info) == 16);

/// "VFIO_USER_DEVICE_SET_IRQS" (struct vfio_irq_set); booleans may follow.
struct [[gnu::packed]] irq_set {
    std::uint32_t argsz;
    std::uint32_t flags;
    std::uint32_t index;
    std::uint32_t start;
    std::uint32_t count;
};
static_assert(sizeof(irq_set) == 20);

/// "VFIO_USER_REGION_READ", "VFIO_USER_REGION_WRITE" (struct vfio_user_region_access); data may
/// follow.
struct [[gnu::packed]] region_access {
    std::uint64_t offset;
    std::uint32_t region;
    std::uint32_t count;
};
static_assert(sizeof(region_access) == 16);

/// "VFIO_USER_REGION_WRITE_MULTI": the count, then as many single writes.
struct [[gnu::packed]] write_multi {
    std::uint64_t wr_cnt;
};
static_assert(sizeof(write_multi) == 8);
/// "Single Device Write Format".
struct [[gnu::packed]] single_write {
    std::uint64_t offset;
    std::uint32_t region;
    std::uint32_t count; ///< 0..8
    std::uint8_t data[8];
};
static_assert(sizeof(single_write) == 24);

/// What this server speaks. Clients open with 0.0 and hang up on anything higher.
inline constexpr std::uint16_t protocol_major = 0;
inline constexpr std::uint16_t protocol_minor = 0;

/// Most bytes of data in one region access (capability max_data_xfer_size). Guests access at most
/// 8 bytes at once; the rest is for tools that dump a region.
inline constexpr std::size_t max_data_xfer_size = std::size_t{64} * 1024;
/// Most descriptors in one message (capability max_msg_fds); no command of ours takes more.
inline constexpr unsigned max_msg_fds = 8;
/// Most bytes of a VERSION message's JSON text.
inline constexpr std::size_t max_version_data = 4096;
/// Longest message: a write of max_data_xfer_size.
inline constexpr std::size_t max_message_size =
    sizeof(header) + sizeof(region_access) + max_data_xfer_size;

/// Copies a structure out of a payload that is at least as long.
template <class T>
[[nodiscard]] T load(const std::uint8_t* bytes) noexcept {
    T value{};
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

} // namespace ntb::vfio_user::wire
