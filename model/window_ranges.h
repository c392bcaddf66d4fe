// SPDX-License-Identifier: Apache-2.0
// Memory windows as ranges: where a host's requests to its window BARs would go if they were made
// now, and who is told when that changes. With it somebody outside can let a host reach the
// other's memory without a transaction for each access.
//
// Units: bytes. Threading: the SystemC thread. Errors: none. Source: the conditions are those of a
// request (nt_port::cross, B8.1, B8.2, B7.4, B9.1 to B9.10).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/types.h"

namespace ntb {

/// A part of a BAR whose reads and writes all go to one stretch of another host's memory.
struct window_range {
    std::uint8_t bar = 0;
    std::uint64_t offset = 0; ///< in the BAR
    std::uint64_t size = 0;
    port_number target{};
    std::uint64_t address = 0; ///< in the target's memory
};

/// At most one direct window or 24 table entries a BAR (B9.6; BAR2 and BAR4 alone have a table).
class window_list {
public:
    static constexpr std::size_t capacity = 56;
    void clear() { count_ = 0; }
    void add(const window_range& r) {
        if (count_ < capacity)
            ranges_[count_++] = r;
    }
    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] const window_range* begin() const { return ranges_.data(); }
    [[nodiscard]] const window_range* end() const { return ranges_.data() + count_; }

private:
    std::array<window_range, capacity> ranges_{};
    std::size_t count_ = 0;
};

class window_observer {
public:
    window_observer() = default;
    window_observer(const window_observer&) = delete;
    window_observer& operator=(const window_observer&) = delete;
    virtual ~window_observer() = default;

    /// Something that windows of any host depend on changes now. They can be asked for anew once
    /// the process that makes the change has made it: in the update phase of this evaluation, say.
    /// What is known of them is void before time goes on.
    virtual void windows_change() noexcept = 0;
};

} // namespace ntb
