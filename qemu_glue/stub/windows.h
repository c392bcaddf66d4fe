// SPDX-License-Identifier: GPL-2.0-or-later
// Window BARs as RAM: what the simulator says (tlm_bridge/stub/page.h) is mapped over an area of
// each BAR, parts of which QEMU shows its guest as RAM. What is not mapped reads ones.
//
// Two things change at different times. The area's pages change at once, by mmap() over what was
// there, in the thread that hears the simulator: no lock of QEMU's is needed, so a revocation is
// obeyed whatever the guest does. Which parts are RAM and which are trapped changes under QEMU's
// big lock, later; until then the guest sees ones where it may not go any more.
//
// Nothing that the simulator says is trusted: ranges and files are checked, what does not fit stays
// trapped. Units: bytes. Threading: as the functions say. Errors: what cannot be mapped stays
// trapped.
#pragma once

#include <atomic>
#include <cstdint>
#include <pthread.h>

#include "tlm_bridge/stub/page.h"

namespace ntb::stub {

/// A part of a BAR.
struct window {
    std::uint64_t bar; ///< as wide as the rest: compared as bytes
    std::uint64_t offset;
    std::uint64_t size;
};

class windows {
public:
    windows();

    /// Makes the area of a BAR, its size a multiple of a page; its address, or null. Before the
    /// rest.
    [[nodiscard]] void* reserve(std::uint32_t bar, std::uint64_t size);

    [[nodiscard]] bool has_area(std::uint32_t bar) const { return areas_[bar].size != 0; }

    // By the thread that hears the simulator:
    void revoke();
    /// What one map() has mapped.
    void unmap(const window_message& m);
    void map(const window_message& m, int file);
    /// What is mapped now is all there is.
    void commit();

    /// Nothing is mapped any more, nor will be. Any thread; it is for the thread that hears to
    /// commit().
    void leave();

    /// Whether the guest may reach anything but by traps. Any thread.
    [[nodiscard]] bool any() const { return any_.load(std::memory_order_acquire); }
    /// Counts what is to be RAM; the list is copied to `out`, its length to `count`. Any thread.
    [[nodiscard]] std::uint32_t wanted(window (&out)[max_windows], std::uint32_t& count);
    /// As wanted(), without the list.
    [[nodiscard]] std::uint32_t generation() const {
        return generation_.load(std::memory_order_acquire);
    }
    /// Under QEMU's big lock: what was wanted is so now.
    void applied(std::uint32_t count);

private:
    struct area {
        unsigned char* base = nullptr;
        std::uint64_t size = 0;
    };
    void cover_with_ones(const window& w);
    void cover_all();

    area areas_[bar_regions];
    int ones_ = -1; ///< a file full of ones
    pthread_mutex_t lock_ = PTHREAD_MUTEX_INITIALIZER;
    window mapped_[max_windows] = {};
    std::uint32_t mapped_count_ = 0;
    window wanted_[max_windows] = {};
    std::uint32_t wanted_count_ = 0;
    std::uint32_t applied_count_ = 0;
    std::atomic<std::uint32_t> generation_{0};
    bool left_ = false;
    std::atomic<bool> any_{false};
};

} // namespace ntb::stub
