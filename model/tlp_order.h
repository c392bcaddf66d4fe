// SPDX-License-Identifier: Apache-2.0
// The order in which TLPs leave a buffer (PCI Express Base 2.1 section 2.4.1; B18.2), for TLPs that
// threads carry: each enters in the order in which it came and waits for those that it may not
// pass.
//
//   may pass            posted   non-posted   completion
//   posted              no       yes          yes
//   non-posted          no       no           yes
//   completion          no       yes          no
//
// Completions of configuration writes may pass posted requests, too (egress.h). No TLP of this
// model has the attribute Relaxed Ordering, with which a completion might pass posted requests.
//
// Threading: the SystemC thread; await_turn() waits, so only from SC_THREADs.
#pragma once

#include <array>
#include <cstdint>
#include <systemc>

#include "model/flow_control.h"

namespace ntb {

class tlp_order {
public:
    /// A TLP's place: how many of those that it may not pass came before it.
    struct place {
        tlp_class of = tlp_class::posted;
        std::uint64_t posted_before = 0;
        std::uint64_t alike_before = 0;
        std::uint32_t generation = 0;
    };

    [[nodiscard]] place enter(tlp_class c) {
        const place p{c, entered(tlp_class::posted), entered(c), generation_};
        ++entered_[index(c)];
        ++inside_;
        return p;
    }
    [[nodiscard]] bool has_turn(const place& p) const {
        return p.generation != generation_ ||
               (left(tlp_class::posted) >= p.posted_before && left(p.of) >= p.alike_before);
    }
    void await_turn(const place& p) {
        while (!has_turn(p))
            sc_core::wait(moved_);
    }
    /// It has left; only after its turn came.
    void leave(const place& p) {
        if (p.generation != generation_)
            return;
        ++left_[index(p.of)];
        if (--inside_ != 0)
            moved_.notify();
    }
    /// The link went down: nobody waits for what was lost with it.
    void clear() {
        ++generation_;
        entered_ = left_ = {};
        inside_ = 0;
        moved_.notify();
    }
    /// Whether a request that comes now waits for nobody.
    [[nodiscard]] bool empty() const { return inside_ == 0; }
    /// Something has left.
    [[nodiscard]] const sc_core::sc_event& moved() const { return moved_; }

private:
    [[nodiscard]] static std::size_t index(tlp_class c) { return static_cast<std::size_t>(c); }
    [[nodiscard]] std::uint64_t entered(tlp_class c) const { return entered_[index(c)]; }
    [[nodiscard]] std::uint64_t left(tlp_class c) const { return left_[index(c)]; }

    std::array<std::uint64_t, tlp_classes> entered_{};
    std::array<std::uint64_t, tlp_classes> left_{};
    std::uint32_t inside_ = 0;
    std::uint32_t generation_ = 0;
    sc_core::sc_event moved_;
};

} // namespace ntb
