// SPDX-License-Identifier: Apache-2.0
// The memory of one client (a guest's RAM) as it has mapped it for the device, and accesses to
// it, checked against the maps at each use.
//
// Units: bytes. Threading: the SystemC thread. Errors: map and unmap return errno values; an
// access tells by memory_status, has done nothing unless it is `ok` (except `failed`, where some
// bytes may have moved), and never ends the process, even if the client takes the memory away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <spdlog/spdlog.h>
#include <string>
#include <vector>

#include "tlm_bridge/device.h"
#include "tlm_bridge/rate_limit.h"
#include "tlm_bridge/unique_fd.h"
#include "tlm_bridge/upstream_memory.h"

namespace ntb::bridge {

class host_memory final : public upstream_memory {
public:
    host_memory(std::shared_ptr<spdlog::logger> logger, std::string name);
    ~host_memory() override;

    /// As device::dma_map: EINVAL empty, wraps, ends beyond the file or is no multiple of pages;
    /// EEXIST overlaps; ENOSPC too many; else what mmap says. Without a file only remembered.
    [[nodiscard]] int map(const dma_mapping& mapping, unique_fd file) noexcept;
    /// As device::dma_unmap.
    [[nodiscard]] int unmap(const dma_range& range) noexcept;
    void unmap_all() noexcept;
    /// Where the bytes from `iova` on are in a file of the client's, for others to map. Nothing
    /// where the device may not read and write there, or where the client could shrink the file
    /// under whoever has mapped it.
    struct file_part {
        int file = -1; ///< still ours
        std::uint64_t offset = 0;
        std::uint64_t size = 0; ///< bytes from there to the end of the map
        /// Where there is nothing: bytes to where there may be something, 0 = not above `iova`.
        std::uint64_t gap = 0;
    };
    [[nodiscard]] file_part file_at(std::uint64_t iova) const noexcept;
    /// How much of that range is mapped, with a file or without.
    [[nodiscard]] std::uint64_t bytes_in(std::uint64_t iova, std::uint64_t size) const noexcept;
    /// Counts the changes of what is mapped.
    [[nodiscard]] std::uint64_t changes() const { return changes_; }
    /// A map as others may use it: `file` as in file_part.
    struct shared_map {
        std::uint64_t iova = 0;
        std::uint64_t size = 0;
        int file = -1;
        std::uint64_t file_offset = 0;
        [[nodiscard]] bool operator==(const shared_map& o) const {
            return iova == o.iova && size == o.size && file == o.file &&
                   file_offset == o.file_offset;
        }
    };
    /// All maps, by address.
    [[nodiscard]] std::vector<shared_map> shared_maps() const;
    [[nodiscard]] std::size_t map_count() const { return maps_.size(); }

    /// A range may span maps that adjoin. Aligned accesses of 1, 2, 4 and 8 bytes are single
    /// accesses of the host's memory.
    [[nodiscard]] memory_status read(std::uint64_t iova, mutable_bytes data) noexcept override;
    [[nodiscard]] memory_status write(std::uint64_t iova, const_bytes data) noexcept override;

private:
    struct mapped_range {
        std::uint64_t iova = 0;
        std::uint64_t last = 0; ///< address of the last byte, so that the top page does not wrap
        std::uint8_t* host = nullptr; ///< null: no file descriptor came with it
        void* mmap_base = nullptr;
        std::size_t mmap_size = 0;
        unique_fd file; ///< only one that cannot shrink
        std::uint64_t file_offset = 0;
        int guard = -1; ///< slot in fault_guard
        bool readable = false;
        bool writable = false;
        bool broken = false; ///< faulted once; fails until the client maps it anew
    };

    /// Index of the first map that ends at or after `iova`; maps_.size() if none.
    [[nodiscard]] std::size_t find(std::uint64_t iova) const noexcept;
    [[nodiscard]] mapped_range* lookup(std::uint64_t iova) noexcept;
    [[nodiscard]] memory_status check(const mapped_range& m, bool write) noexcept;
    template <bool Write, class Byte>
    [[nodiscard]] memory_status access(std::uint64_t iova, Byte* data, std::size_t size) noexcept;
    template <bool Write, class Byte>
    [[nodiscard]] memory_status access_spanning(std::uint64_t iova, Byte* data,
                                                std::size_t size) noexcept;
    template <bool Write, class Byte>
    [[nodiscard]] memory_status transfer(mapped_range& m, std::uint64_t iova, Byte* data,
                                         std::size_t size) noexcept;
    static void release(mapped_range& m) noexcept;
    void report_no_file(const mapped_range& m) noexcept;

    std::vector<mapped_range> maps_; ///< by iova, without overlaps; never reallocates
    std::uint64_t changes_ = 0;
    std::size_t last_hit_ = 0; ///< the map of the last access: most follow it
    guest_log log_;
    bool no_file_reported_ = false;
};

} // namespace ntb::bridge
