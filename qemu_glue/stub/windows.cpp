// SPDX-License-Identifier: GPL-2.0-or-later
#include "qemu_glue/stub/windows.h"

#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ntb::stub {

namespace {

constexpr std::uint64_t ones_size = 1U << 20U;

class locked {
public:
    explicit locked(pthread_mutex_t& m) : mutex_(m) { ::pthread_mutex_lock(&mutex_); }
    locked(const locked&) = delete;
    locked& operator=(const locked&) = delete;
    ~locked() { ::pthread_mutex_unlock(&mutex_); }

private:
    pthread_mutex_t& mutex_;
};

int file_of_ones() {
    const int file = ::memfd_create("ntb-stub-ones", MFD_CLOEXEC);
    unsigned char page[window_page];
    std::memset(page, 0xFF, sizeof page);
    for (std::uint64_t at = 0; file >= 0 && at < ones_size; at += sizeof page)
        if (::write(file, page, sizeof page) != static_cast<ssize_t>(sizeof page)) {
            ::close(file);
            return -1;
        }
    return file;
}

bool is_page(std::uint64_t v) {
    return v % window_page == 0;
}

} // namespace

windows::windows() = default;

void* windows::reserve(std::uint32_t bar, std::uint64_t size) {
    if (ones_ < 0)
        ones_ = file_of_ones();
    if (ones_ < 0 || size == 0 || !is_page(size) || bar >= bar_regions)
        return nullptr;
    void* const base = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return nullptr;
    areas_[bar] = {static_cast<unsigned char*>(base), size};
    return base;
}

void windows::cover_with_ones(const window& w) {
    unsigned char* const base = areas_[w.bar].base + w.offset;
    for (std::uint64_t at = 0; at < w.size; at += ones_size) {
        const std::uint64_t size = w.size - at < ones_size ? w.size - at : ones_size;
        // Private: what the guest writes is lost. If the system gives no more mappings, the guest
        // must not keep the old one.
        if (::mmap(base + at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, ones_, 0) ==
                MAP_FAILED &&
            ::mmap(base + at, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED)
            ::_exit(1); // the other guest's memory is worth more than this one
    }
}

void windows::cover_all() {
    for (std::uint32_t i = 0; i < mapped_count_; ++i)
        cover_with_ones(mapped_[i]);
    mapped_count_ = 0;
}

void windows::revoke() {
    const locked l(lock_);
    cover_all();
}

void windows::unmap(const window_message& m) {
    const locked l(lock_);
    for (std::uint32_t i = 0; i < mapped_count_; ++i) {
        if (mapped_[i].bar != m.bar || mapped_[i].offset != m.offset || mapped_[i].size != m.size)
            continue;
        cover_with_ones(mapped_[i]);
        --mapped_count_;
        std::memmove(&mapped_[i], &mapped_[i + 1], (mapped_count_ - i) * sizeof *mapped_);
        return;
    }
}

void windows::leave() {
    const locked l(lock_);
    cover_all();
    left_ = true;
}

void windows::map(const window_message& m, int file) {
    struct stat status {};
    const int seals = ::fcntl(file, F_GET_SEALS);
    if (m.bar >= bar_regions || !is_page(m.offset) || !is_page(m.size) || !is_page(m.file_offset) ||
        m.size == 0 || seals < 0 || (seals & F_SEAL_SHRINK) == 0 || ::fstat(file, &status) != 0)
        return;
    const auto length = static_cast<std::uint64_t>(status.st_size);
    const area& a = areas_[m.bar];
    if (m.offset >= a.size || m.size > a.size - m.offset || m.file_offset >= length ||
        m.size > length - m.file_offset)
        return;
    const locked l(lock_);
    if (left_ || mapped_count_ == max_windows)
        return;
    for (std::uint32_t i = 0; i < mapped_count_; ++i)
        if (mapped_[i].bar == m.bar && mapped_[i].offset < m.offset + m.size &&
            m.offset < mapped_[i].offset + mapped_[i].size)
            return; // over another one
    const window w{m.bar, m.offset, m.size};
    if (::mmap(a.base + m.offset, m.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file,
               static_cast<off_t>(m.file_offset)) == MAP_FAILED)
        return cover_with_ones(w);
    mapped_[mapped_count_++] = w;
}

void windows::commit() {
    const locked l(lock_);
    const bool same = mapped_count_ == wanted_count_ &&
                      std::memcmp(mapped_, wanted_, mapped_count_ * sizeof *mapped_) == 0;
    if (same)
        return;
    std::memcpy(wanted_, mapped_, sizeof wanted_);
    wanted_count_ = mapped_count_;
    any_.store(wanted_count_ != 0 || applied_count_ != 0, std::memory_order_release);
    generation_.fetch_add(1, std::memory_order_release);
}

std::uint32_t windows::wanted(window (&out)[max_windows], std::uint32_t& count) {
    const locked l(lock_);
    std::memcpy(out, wanted_, sizeof out);
    count = wanted_count_;
    return generation_.load(std::memory_order_relaxed);
}

void windows::applied(std::uint32_t count) {
    const locked l(lock_);
    applied_count_ = count;
    any_.store(wanted_count_ != 0 || applied_count_ != 0, std::memory_order_release);
}

} // namespace ntb::stub
