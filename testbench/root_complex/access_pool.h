// SPDX-License-Identifier: Apache-2.0
// Payloads for the accesses that a host has under way: a fixed number, each with its PCIe extension
// attached for good, so that an access allocates nothing.
//
// Threading: the SystemC thread; acquire() waits in an SC_THREAD until one is free.
#pragma once

#include <array>
#include <cstdint>
#include <systemc>
#include <tlm>

#include "model/pcie_extension.h"

namespace ntb {

class access_pool {
public:
    static constexpr std::size_t size = 32; ///< non-posted requests that 5-bit tags distinguish

    struct entry {
        tlm::tlm_generic_payload payload{};
        pcie_extension extension{};
        bool used = false;
    };

    /// One entry, given back at the end of its scope.
    class lease {
    public:
        lease(access_pool& pool, entry& taken) : pool_(pool), entry_(taken) {}
        ~lease() {
            entry_.used = false;
            pool_.freed_.notify();
        }
        lease(const lease&) = delete;
        lease& operator=(const lease&) = delete;
        entry* operator->() const { return &entry_; }

    private:
        access_pool& pool_;
        entry& entry_;
    };

    access_pool() {
        for (std::size_t i = 0; i < size; ++i) {
            entries_.at(i).extension.tag = static_cast<std::uint8_t>(i);
            entries_.at(i).payload.set_extension(&entries_.at(i).extension);
        }
    }
    ~access_pool() {
        for (entry& e : entries_) // a payload frees the extensions that it still has
            e.payload.clear_extension(&e.extension);
    }
    access_pool(const access_pool&) = delete;
    access_pool& operator=(const access_pool&) = delete;

    [[nodiscard]] lease acquire() {
        for (;;) {
            for (std::size_t i = 0; i < size; ++i) {
                entry& e = entries_.at(next_);
                next_ = (next_ + 1) % size;
                if (!e.used) {
                    e.used = true;
                    return lease(*this, e);
                }
            }
            sc_core::wait(freed_);
        }
    }

private:
    std::array<entry, size> entries_{};
    std::size_t next_ = 0; ///< in turn, so that one request's tag differs from the next one's
    sc_core::sc_event freed_{};
};

} // namespace ntb
