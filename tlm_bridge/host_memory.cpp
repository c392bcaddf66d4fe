// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/host_memory.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "tlm_bridge/fault_guard.h"

namespace ntb::bridge {
namespace {

std::uint64_t page_size() noexcept {
    static const auto size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return size;
}

/// A register-sized access that the compiler neither splits nor repeats: the guest's CPUs watch.
template <bool Write, class Word, class Byte>
void move_word(std::uint8_t* host, Byte* data) noexcept {
    auto* at = reinterpret_cast<volatile Word*>(host);
    Word word{};
    if constexpr (Write) {
        std::memcpy(&word, data, sizeof word);
        *at = word;
    } else {
        word = *at;
        std::memcpy(data, &word, sizeof word);
    }
}

template <bool Write, class Byte>
void move_bytes(std::uint8_t* host, Byte* data, std::size_t size) noexcept {
    const bool aligned = (reinterpret_cast<std::uintptr_t>(host) & (size - 1)) == 0;
    if (size == 4 && aligned) {
        move_word<Write, std::uint32_t>(host, data);
    } else if (size == 8 && aligned) {
        move_word<Write, std::uint64_t>(host, data);
    } else if (size == 2 && aligned) {
        move_word<Write, std::uint16_t>(host, data);
    } else if (size == 1) {
        move_word<Write, std::uint8_t>(host, data);
    } else if constexpr (Write) {
        std::memcpy(host, data, size);
    } else {
        std::memcpy(data, host, size);
    }
}

} // namespace

host_memory::host_memory(std::shared_ptr<spdlog::logger> logger, std::string name)
    : log_(std::move(logger), std::move(name)) {
    maps_.reserve(max_dma_maps);
}

host_memory::~host_memory() {
    unmap_all();
}

std::size_t host_memory::find(std::uint64_t iova) const noexcept {
    const auto it = std::lower_bound(
        maps_.begin(), maps_.end(), iova,
        [](const mapped_range& m, std::uint64_t address) { return m.last < address; });
    return static_cast<std::size_t>(it - maps_.begin());
}

int host_memory::map(const dma_mapping& mapping, unique_fd file) noexcept {
    const std::uint64_t last = mapping.iova + (mapping.size - 1);
    if (mapping.size == 0 || mapping.size > max_dma_map_size || last < mapping.iova) {
        return EINVAL;
    }
    const std::size_t at = find(mapping.iova);
    if (at < maps_.size() && maps_[at].iova <= last) {
        return EEXIST;
    }
    if (maps_.size() == max_dma_maps) {
        return ENOSPC;
    }
    mapped_range m;
    m.iova = mapping.iova;
    m.last = last;
    m.readable = mapping.readable;
    m.writable = mapping.writable;
    if (file) {
        const std::uint64_t page = page_size();
        struct stat status {};
        if (::fstat(file.get(), &status) != 0) {
            return errno;
        }
        const std::uint64_t end = mapping.offset + mapping.size;
        constexpr auto longest =
            static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        if (mapping.offset % page != 0 || end < mapping.offset || end > longest ||
            (S_ISREG(status.st_mode) && end > static_cast<std::uint64_t>(status.st_size))) {
            return EINVAL;
        }
        const int protection =
            (mapping.readable ? PROT_READ : 0) | (mapping.writable ? PROT_WRITE : 0);
        m.mmap_size = static_cast<std::size_t>((mapping.size + page - 1) / page * page);
        void* base = ::mmap(nullptr, m.mmap_size, protection, MAP_SHARED | MAP_NORESERVE,
                            file.get(), static_cast<off_t>(mapping.offset));
        if (base == MAP_FAILED) {
            return errno;
        }
        m.mmap_base = base;
        m.host = static_cast<std::uint8_t*>(base);
        m.guard = fault_guard::add(base, m.mmap_size, protection);
        if (m.guard < 0) {
            release(m);
            return ENOSPC;
        }
    }
    if (file) {
        const int seals = ::fcntl(file.get(), F_GET_SEALS);
        if (seals >= 0 && (static_cast<unsigned>(seals) & F_SEAL_SHRINK) != 0)
            m.file = std::move(file); // otherwise the mapping alone keeps the file alive
        m.file_offset = mapping.offset;
    }
    ++changes_;
    maps_.insert(maps_.begin() + static_cast<std::ptrdiff_t>(at), std::move(m));
    last_hit_ = at;
    return 0;
}

host_memory::file_part host_memory::file_at(std::uint64_t iova) const noexcept {
    const std::size_t at = find(iova);
    if (at == maps_.size())
        return {};
    const mapped_range& m = maps_[at];
    if (m.iova > iova)
        return {-1, 0, 0, m.iova - iova};
    const std::uint64_t rest = m.last - iova + 1;
    if (!m.file || !m.readable || !m.writable || m.broken)
        return {-1, 0, 0, rest};
    return {m.file.get(), m.file_offset + (iova - m.iova), rest, 0};
}

std::vector<host_memory::shared_map> host_memory::shared_maps() const {
    std::vector<shared_map> out;
    out.reserve(maps_.size());
    for (const mapped_range& m : maps_) {
        const bool usable = m.file && m.readable && m.writable && !m.broken;
        out.push_back({m.iova, m.last - m.iova + 1, usable ? m.file.get() : -1, m.file_offset});
    }
    return out;
}

std::uint64_t host_memory::bytes_in(std::uint64_t iova, std::uint64_t size) const noexcept {
    if (size == 0)
        return 0;
    const std::uint64_t last = iova + size - 1 < iova ? ~std::uint64_t{0} : iova + size - 1;
    std::uint64_t bytes = 0;
    for (std::size_t at = find(iova); at < maps_.size() && maps_[at].iova <= last; ++at)
        bytes += std::min(maps_[at].last, last) - std::max(maps_[at].iova, iova) + 1;
    return bytes;
}

void host_memory::release(mapped_range& m) noexcept {
    fault_guard::remove(m.guard);
    if (m.mmap_base != nullptr) {
        ::munmap(m.mmap_base, m.mmap_size);
    }
}

int host_memory::unmap(const dma_range& range) noexcept {
    if (range.all) {
        unmap_all();
        return 0;
    }
    const std::size_t at = find(range.iova);
    if (at == maps_.size() || maps_[at].iova != range.iova || range.size == 0 ||
        maps_[at].last - maps_[at].iova != range.size - 1) {
        return ENOENT;
    }
    ++changes_;
    release(maps_[at]);
    maps_.erase(maps_.begin() + static_cast<std::ptrdiff_t>(at));
    last_hit_ = 0;
    return 0;
}

void host_memory::unmap_all() noexcept {
    ++changes_;
    for (mapped_range& m : maps_) {
        release(m);
    }
    maps_.clear();
    last_hit_ = 0;
    no_file_reported_ = false; // the next client hears it again
}

host_memory::mapped_range* host_memory::lookup(std::uint64_t iova) noexcept {
    if (last_hit_ < maps_.size() && maps_[last_hit_].iova <= iova &&
        iova <= maps_[last_hit_].last) {
        return &maps_[last_hit_];
    }
    const std::size_t at = find(iova);
    if (at == maps_.size() || maps_[at].iova > iova) {
        return nullptr;
    }
    last_hit_ = at;
    return &maps_[at];
}

void host_memory::report_no_file(const mapped_range& m) noexcept {
    if (!std::exchange(no_file_reported_, true)) {
        log_.warn("guest memory at {:#x} is not shared, so the device cannot reach it (give the "
                  "guest RAM with share=on: -object memory-backend-memfd,id=mem,size=SIZE,share=on "
                  "-machine memory-backend=mem)",
                  m.iova);
    }
}

memory_status host_memory::check(const mapped_range& m, bool write) noexcept {
    if (!(write ? m.writable : m.readable)) {
        return memory_status::protection;
    }
    if (m.host == nullptr) {
        report_no_file(m);
        return memory_status::no_file;
    }
    return m.broken ? memory_status::failed : memory_status::ok;
}

template <bool Write, class Byte>
memory_status host_memory::transfer(mapped_range& m, std::uint64_t iova, Byte* data,
                                    std::size_t size) noexcept {
    move_bytes<Write>(m.host + (iova - m.iova), data, size);
    if (fault_guard::faults(m.guard) != 0) {
        m.broken = true; // zero pages of our own lie in it now
        log_.warn("the memory behind guest address {:#x} is gone (was its file truncated?); the "
                  "device cannot use this map until it is made anew",
                  m.iova);
        return memory_status::failed;
    }
    return memory_status::ok;
}

template <bool Write, class Byte>
memory_status host_memory::access(std::uint64_t iova, Byte* data, std::size_t size) noexcept {
    if (size == 0) {
        return memory_status::ok;
    }
    mapped_range* m = lookup(iova);
    if (m == nullptr) {
        return memory_status::not_mapped;
    }
    if (size - 1 > m->last - iova) {
        return access_spanning<Write>(iova, data, size);
    }
    const memory_status status = check(*m, Write);
    return status == memory_status::ok ? transfer<Write>(*m, iova, data, size) : status;
}

template <bool Write, class Byte>
memory_status host_memory::access_spanning(std::uint64_t iova, Byte* data,
                                           std::size_t size) noexcept {
    // First look whether all of it may be touched, then touch it.
    for (const bool move : {false, true}) {
        std::uint64_t at = iova;
        std::size_t done = 0;
        while (done < size) {
            mapped_range* m = done != 0 && at == 0 ? nullptr : lookup(at); // no wrapping to 0
            if (m == nullptr) {
                return memory_status::not_mapped;
            }
            const std::uint64_t rest = m->last - at; // one less than what is left of the map
            const std::size_t n =
                rest >= size - done ? size - done : static_cast<std::size_t>(rest) + 1;
            const memory_status status =
                move ? transfer<Write>(*m, at, data + done, n) : check(*m, Write);
            if (status != memory_status::ok) {
                return status;
            }
            done += n;
            at += n;
        }
    }
    return memory_status::ok;
}

memory_status host_memory::read(std::uint64_t iova, mutable_bytes data) noexcept {
    return access<false>(iova, data.data, data.size);
}

memory_status host_memory::write(std::uint64_t iova, const_bytes data) noexcept {
    return access<true>(iova, data.data, data.size);
}

} // namespace ntb::bridge
