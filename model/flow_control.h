// SPDX-License-Identifier: Apache-2.0
// Flow control of a link (PCI Express Base 2.1 section 2.6): what a TLP needs of its receiver, and
// what a transmitter has left of it. A header credit is one TLP, a data credit 16 bytes; a limit of
// 0 is infinite, as in InitFC. Credits are taken when a TLP goes on the link and come back a
// while after it has left the receiver's buffer.
//
// A transaction of several TLPs takes at most what the receiver has: its later TLPs use what its
// earlier ones have given back. How much that slows it down is not modelled.
//
// Units: credits; picoseconds. Threading: the SystemC thread. Nothing is allocated.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace ntb {

/// The three kinds of TLPs that ordering and flow control tell apart.
enum class tlp_class : std::uint8_t { posted, non_posted, completion };
inline constexpr std::size_t tlp_classes = 3;

struct credit_demand {
    std::uint32_t headers = 1;
    std::uint32_t data = 0;
};

class credit_pool {
public:
    static constexpr std::uint64_t never = ~std::uint64_t{0};

    credit_pool(std::uint32_t headers, std::uint32_t data)
        : header_limit_(headers), data_limit_(data) {}

    /// What of a demand counts here: nothing of what is infinite, at most what there is.
    [[nodiscard]] credit_demand counted(const credit_demand& d) const {
        return {std::min(d.headers, header_limit_), std::min(d.data, data_limit_)};
    }
    /// Takes credits if there are enough at `now_ps`.
    [[nodiscard]] bool take(std::uint64_t now_ps, const credit_demand& counted) {
        if (stuck_)
            return false;
        if (counted.headers == 0 && counted.data == 0)
            return true;
        settle(now_ps);
        if (headers_used_ + counted.headers > header_limit_ ||
            data_used_ + counted.data > data_limit_)
            return false;
        headers_used_ += counted.headers;
        data_used_ += counted.data;
        return true;
    }
    /// They are back at `at_ps`, which is not before any earlier call's.
    void give_back(std::uint64_t at_ps, const credit_demand& counted) {
        if (counted.headers == 0 && counted.data == 0)
            return;
        if (used_ == returns_.size()) { // many small ones: they come back with the youngest
            returned& youngest = returns_[(head_ + used_ - 1) % returns_.size()];
            youngest.at_ps = std::max(youngest.at_ps, at_ps);
            youngest.credits.headers += counted.headers;
            youngest.credits.data += counted.data;
            return;
        }
        returns_[(head_ + used_) % returns_.size()] = {at_ps, counted};
        ++used_;
    }
    /// When the next credits come back; `never` if none are on their way.
    [[nodiscard]] std::uint64_t next_return_ps() const {
        return used_ != 0 ? returns_[head_].at_ps : never;
    }

    /// The receiver gives no credit any more (a fault), or does so again.
    void stick(bool stuck) { stuck_ = stuck; }
    [[nodiscard]] bool stuck() const { return stuck_; }

    /// A new link: all credits are there (InitFC).
    void reset() {
        headers_used_ = data_used_ = 0;
        used_ = 0;
        stuck_ = false;
    }

private:
    void settle(std::uint64_t now_ps) {
        while (used_ != 0 && returns_[head_].at_ps <= now_ps) {
            headers_used_ -= returns_[head_].credits.headers;
            data_used_ -= returns_[head_].credits.data;
            head_ = (head_ + 1) % returns_.size();
            --used_;
        }
    }

    struct returned {
        std::uint64_t at_ps = 0;
        credit_demand credits{};
    };
    std::uint32_t header_limit_;
    std::uint32_t data_limit_;
    std::uint32_t headers_used_ = 0;
    std::uint32_t data_used_ = 0;
    bool stuck_ = false;
    std::array<returned, 256> returns_{};
    std::size_t head_ = 0;
    std::size_t used_ = 0;
};

} // namespace ntb
