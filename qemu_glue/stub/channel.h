// SPDX-License-Identifier: GPL-2.0-or-later
// The stub's end of the page that it shares with the simulator (tlm_bridge/stub/page.h): posts
// writes, answers reads from the page where that is allowed, waits for the others.
//
// Nothing the simulator writes is trusted for more than a value: counters are checked. Units:
// bytes. Threading: one thread at a time, which QEMU's big lock sees to, but for one of our own,
// which hears what the simulator says of windows. Errors: read() and write()
// say false once the simulator serves the ring no more; it is not asked again. Posted writes that
// it has not carried out by then go another way.
#pragma once

#include <atomic>
#include <cstdint>

#include "qemu_glue/stub/windows.h"
#include "tlm_bridge/stub/page.h"

namespace ntb::stub {

class channel {
public:
    /// Greets the simulator at the control socket `path` and maps the page that it sends. With
    /// `takes_windows`, hear_of() must follow. Null, or what went wrong.
    [[nodiscard]] const char* open(const char* path, bool takes_windows);
    /// Hears of windows from now on; `changed` is called when others are to be RAM. Their areas are
    /// made before. Null, or what went wrong.
    [[nodiscard]] const char* hear_of(windows& w, void (*changed)());
    /// Returns when the simulator has carried out all that was posted; false: it never will.
    [[nodiscard]] bool drain() { return page_ != nullptr && wait_until_done(posted_); }
    /// `elsewhere` gets, in their order, the posted writes that a simulator leaves when it serves
    /// the ring no more. What it gets may be anything: the simulator can write there.
    using write_elsewhere = void (*)(std::uint8_t region, std::uint64_t offset, std::uint8_t size,
                                     std::uint64_t value);
    void set_way_out(write_elsewhere elsewhere) { elsewhere_ = elsewhere; }
    /// Leaves the simulator; what is mapped is given back.
    void close();
    [[nodiscard]] bool alive() const { return page_ != nullptr; }

    /// Whether the simulator has nothing to do.
    [[nodiscard]] bool simulator_sleeps() const {
        return page_ != nullptr && page_->sleeping.load(std::memory_order_seq_cst) != 0;
    }
    /// Reads that were answered from the page.
    [[nodiscard]] std::uint64_t answered() const { return answered_; }

    [[nodiscard]] bool read(std::uint8_t region, std::uint64_t offset, std::uint8_t size,
                            std::uint64_t& value);
    [[nodiscard]] bool write(std::uint8_t region, std::uint64_t offset, std::uint8_t size,
                             std::uint64_t value);

private:
    [[nodiscard]] bool answered_from_page(std::uint64_t offset, std::uint32_t& value) const;
    /// Whether what a guest does next by itself in a window might overtake this write.
    [[nodiscard]] bool may_be_overtaken(std::uint8_t region, std::uint64_t offset,
                                        std::uint8_t size) const;
    void hear();
    /// False: it is not in the ring.
    [[nodiscard]] bool post(const entry& e);
    /// Whether the simulator will not serve what is posted now, or may not.
    [[nodiscard]] bool ends() const {
        return page_->closed.load(std::memory_order_seq_cst) != ring_served ||
               unheard_.load(std::memory_order_relaxed);
    }
    /// Until the simulator has carried out all up to that count.
    [[nodiscard]] bool wait_until_done(std::uint32_t count);
    [[nodiscard]] bool simulator_has_gone() const;
    [[nodiscard]] bool give_up(const char* why);
    void hand_over(const page& p) const;

    page* page_ = nullptr;
    windows* windows_ = nullptr;
    void (*windows_changed_)() = nullptr;
    write_elsewhere elsewhere_ = nullptr;
    page* heard_page_ = nullptr; ///< for the thread that hears: the mapping stays for ever
    int socket_ = -1;
    int wake_ = -1;
    std::uint64_t answered_ = 0;
    std::uint32_t posted_ = 0;         ///< our own count: the page's is for the simulator to read
    std::uint32_t seen_done_ = 0;      ///< of that, what the simulator had done when we looked
    std::atomic<bool> unheard_{false}; ///< the thread that hears has heard the last
};

} // namespace ntb::stub
