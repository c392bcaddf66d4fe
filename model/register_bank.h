// SPDX-License-Identifier: Apache-2.0
// Storage and decode of one register space. The layout comes from the register map; behaviour is
// attached to a register by its name (bank_plan); every door reaches this one decode.
//
// Contract of an access, which is always of one dword with a byte mask:
//   1. Bytes outside the mask neither change nor trigger anything.
//   2. A register that is not in the map reads 0 and ignores writes (reserved space, PCI 3.0
//      section 6.1).
//   3. A register marked dword_only ignores an access with any byte missing and reads 0 (B1.8,
//      B7.8); the owner is told by the return value.
//   4. Read-only and reserved bits keep their value; command bits are never stored.
//   5. The write hook runs after the storage has changed and gets the value before; it runs when
//      any byte of the dword is written.
//   6. The read hook's result replaces the storage's value; it may wait, unless the access is a
//      debug one.
//   7. What the topology gives a place (register_layout.h) is like mapped; a declared register's
//      behaviour is attached with it.
//
// The storage is the bank's own, or is given: switch-global registers may lie in memory that
// somebody else writes, too (other_part.h).
//
// Threading: the SystemC thread. Nothing is allocated after construction.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/core_clock.h"
#include "model/register_layout.h"
#include "model/register_mirror.h"
#include "model/regs/map.h"
#include "model/shared_word.h"
#include "model/trace_sink.h"
#include "model/types.h"
#include "model/window_ranges.h"

namespace ntb {

/// One access to one dword.
struct register_access {
    std::uint32_t offset = 0;             ///< bytes from the start of the space, dword aligned
    std::uint32_t data = 0;               ///< written value, in its byte lanes
    std::uint32_t byte_mask = 0xFFFFFFFF; ///< 0xFF in each enabled byte lane
    requester_id requester{};             ///< who asks (REQIDCAP, B7.7)
    bool debug = false;                   ///< takes no time: nothing waits
    bool silent = false;                  ///< a write only stores: no hook runs
    bool global = false;                  ///< by the global address space

    /// The bits that the write carries.
    [[nodiscard]] std::uint32_t written() const { return data & byte_mask; }
};

/// The constant part of a register space: layout from the map, hooks by register name.
template <class Owner, std::size_t Dwords>
struct bank_plan {
    using read_hook = std::uint32_t (Owner::*)(const register_access&);
    using write_hook = void (Owner::*)(const register_access&, std::uint32_t before);
    struct behaviour {
        regs::reg_ref where{};
        read_hook on_read = nullptr;
        write_hook on_write = nullptr;
        // Said, not asked of the pointers: under UBSan g++ takes no comparison of a member pointer
        // for a constant expression.
        bool reads = false;
        bool writes = false;
    };
    static constexpr behaviour on_read(regs::reg_ref where, read_hook r) {
        return {where, r, nullptr, true, false};
    }
    static constexpr behaviour on_write(regs::reg_ref where, write_hook w) {
        return {where, nullptr, w, false, true};
    }
    static constexpr behaviour on_access(regs::reg_ref where, read_hook r, write_hook w) {
        return {where, r, w, true, true};
    }
    static constexpr std::size_t max_behaviours = 64;
    /// Behaviour of a declared register, for the case that it has a place.
    struct declared_behaviour {
        regs::declared_register_id where{};
        write_hook on_write = nullptr;
    };

    static constexpr std::uint8_t is_mapped = 1;
    static constexpr std::uint8_t is_dword_only = 2;
    static constexpr std::uint8_t hooks_read = 4;
    static constexpr std::uint8_t reaches_windows = 8; ///< a write may change where windows lead

    std::array<regs::dword_layout, Dwords> layout{};
    std::array<std::uint8_t, Dwords> flags{};
    std::array<std::uint8_t, Dwords> behaviour_of{}; ///< index + 1, 0 = none
    std::array<behaviour, max_behaviours> behaviours{};
    std::array<std::uint32_t, Dwords> window_bits{}; ///< bits that memory windows depend on

    /// Memory windows depend on these bits of a register.
    constexpr void decides_windows(regs::reg_ref where, std::uint32_t base, std::uint32_t mask) {
        for (unsigned i = 0; i < where.first_count; ++i)
            window_bits[(where.at(i) - base) / 4] |= mask;
        leads_to_windows(where, base);
    }
    /// Memory windows depend on something that a write to this register may change.
    constexpr void leads_to_windows(regs::reg_ref where, std::uint32_t base) {
        for (unsigned i = 0; i < where.first_count; ++i) {
            std::uint8_t& f = flags[(where.at(i) - base) / 4];
            f = static_cast<std::uint8_t>(f | reaches_windows);
        }
    }

    template <std::size_t N, std::size_t B>
    static constexpr bank_plan make(const std::array<regs::reg, N>& map, std::uint32_t base,
                                    const std::array<behaviour, B>& list) {
        static_assert(B <= max_behaviours);
        bank_plan plan{};
        plan.layout = regs::layout_of<Dwords>(map, base);
        for (std::size_t d = 0; d < Dwords; ++d)
            plan.flags[d] =
                static_cast<std::uint8_t>((plan.layout[d].mapped ? is_mapped : 0U) |
                                          (plan.layout[d].dword_only ? is_dword_only : 0U));
        for (std::size_t b = 0; b < B; ++b) {
            plan.behaviours[b] = list[b];
            for (unsigned i = 0; i < list[b].where.first_count; ++i) {
                for (unsigned j = 0; j < list[b].where.second_count; ++j) {
                    const std::size_t d = (list[b].where.at(i, j) - base) / 4;
                    if (plan.behaviour_of[d] != 0)
                        throw std::logic_error("two behaviours on one dword");
                    plan.behaviour_of[d] = static_cast<std::uint8_t>(b + 1);
                    if (list[b].reads)
                        plan.flags[d] = static_cast<std::uint8_t>(plan.flags[d] | hooks_read);
                }
            }
        }
        return plan;
    }

    /// A copy of the plan with what `layout` gives a place in space `id`. Elaboration only.
    template <std::size_t B>
    [[nodiscard]] std::unique_ptr<const bank_plan>
    placed(const register_layout& where, regs::space_id id, std::uint32_t base,
           const std::array<declared_behaviour, B>& list) const {
        auto plan = std::make_unique<bank_plan>(*this);
        where.for_each_dword(id, [&plan, base](std::uint32_t at, auto&& change) {
            const std::size_t d = (at - base) / 4;
            change(plan->layout[d]);
            plan->flags[d] = static_cast<std::uint8_t>(plan->flags[d] | is_mapped);
        });
        std::size_t next = 0;
        while (next < max_behaviours && (behaviours[next].reads || behaviours[next].writes))
            ++next;
        for (const declared_behaviour& b : list) {
            const std::uint32_t at = where.offset(b.where);
            if (at == regs::unknown_offset)
                continue;
            const std::size_t d = (at - base) / 4;
            sc_assert(next < max_behaviours && plan->behaviour_of[d] == 0);
            plan->behaviours[next] = {{at}, nullptr, b.on_write, false, true};
            plan->behaviour_of[d] = static_cast<std::uint8_t>(++next);
        }
        return plan;
    }
};

template <class Owner, std::size_t Dwords>
class register_bank {
public:
    using plan_type = bank_plan<Owner, Dwords>;

    /// `base` is the byte offset at which the space begins. The storage starts at zero: call
    /// reset() once the reset values are complete.
    register_bank(const plan_type& plan, Owner& owner, std::uint32_t base)
        : plan_(&plan), owner_(owner), base_(base) {
        load_resets();
    }
    /// With what the topology gives a place in space `id`, and the behaviour of that.
    template <std::size_t B>
    register_bank(const plan_type& plan, Owner& owner, std::uint32_t base,
                  const register_layout& layout, regs::space_id id,
                  const std::array<typename plan_type::declared_behaviour, B>& declared)
        : plan_(&plan), owner_(owner), base_(base) {
        if (layout.touches(id)) {
            own_plan_ = plan.placed(layout, id, base, declared);
            plan_ = own_plan_.get();
        }
        load_resets();
    }

    register_bank(const register_bank&) = delete; // storage_ may point into it
    register_bank& operator=(const register_bank&) = delete;
    ~register_bank() = default;

    /// The storage is there from now on. Elaboration only.
    void keep_in(std::array<std::uint32_t, Dwords>& storage) { storage_ = storage.data(); }

    /// Replaces a reset value that the map cannot know (device ID, port number, strapping, what
    /// an EEPROM or the topology sets). Elaboration only.
    void set_reset(std::uint32_t offset, regs::field_ref field, std::uint32_t value) {
        std::uint32_t& r = reset_[index(offset)];
        r = field.put(r, value);
    }

    /// The same for what the topology says of space `id`. Elaboration only, before set_reset().
    void set_resets(const std::vector<reset_value>& values, regs::space_id id) {
        for (const reset_value& v : values)
            if (v.space == id) {
                std::uint32_t& r = reset_[index(v.offset)];
                r = (r & ~v.mask) | (v.bits & v.mask);
            }
    }

    /// The dword at `offset`, or 0 where nothing is. `refused` is set for rule 3.
    [[nodiscard]] std::uint32_t read(const register_access& a, bool& refused) {
        const std::size_t d = index(a.offset);
        const std::uint8_t f = plan_->flags[d];
        if ((f & (plan_type::is_dword_only | plan_type::hooks_read)) == 0)
            return load(d);
        if ((f & plan_type::is_dword_only) != 0 && a.byte_mask != 0xFFFFFFFFU) {
            refused = true;
            return 0;
        }
        if ((f & plan_type::hooks_read) != 0)
            return (owner_.*plan_->behaviours[plan_->behaviour_of[d] - 1U].on_read)(a);
        return load(d);
    }

    /// The whole dword at `offset` into `value` if reading it is nothing but that: no hook, no
    /// rule 3. The short way of most reads.
    [[nodiscard]] bool read_plain(std::uint32_t offset, std::uint32_t& value) const {
        const std::size_t d = index(offset);
        if ((plan_->flags[d] & plan_type::hooks_read) != 0)
            return false;
        value = load(d);
        return true;
    }

    /// Whether read_plain() can say the value of the dword at `offset`.
    [[nodiscard]] bool is_plain(std::uint32_t offset) const {
        return (plan_->flags[index(offset)] & plan_type::hooks_read) == 0;
    }

    /// `mirror` (null = nobody) is told all there is, then every change.
    void set_mirror(register_mirror* mirror) {
        mirror_ = mirror;
        if (mirror_ == nullptr)
            return;
        for (std::size_t d = 0; d < Dwords; ++d) {
            const std::uint32_t offset = base_ + static_cast<std::uint32_t>(4 * d);
            mirror_->changed(offset, storage_[d]);
            mirror_->plain(offset, is_plain(offset));
            if ((plan_->flags[d] & plan_type::reaches_windows) != 0)
                mirror_->decides_windows(offset);
        }
    }

    /// `observer` (null = nobody) is told before bits change that memory windows depend on.
    void set_window_observer(window_observer* observer) { window_observer_ = observer; }

    /// Applies a write by policy, then runs the register's hook. Returns false for rule 3.
    [[nodiscard]] bool write(const register_access& a) {
        const std::size_t d = index(a.offset);
        const std::uint8_t f = plan_->flags[d];
        if ((f & plan_type::is_mapped) == 0)
            return true;
        if ((f & plan_type::is_dword_only) != 0 && a.byte_mask != 0xFFFFFFFFU)
            return false;
        const regs::dword_layout& l = plan_->layout[d];
        const std::uint32_t before = load(d);
        const std::uint32_t rw = l.rw & a.byte_mask;
        std::uint32_t v = (before & ~rw) | (a.data & rw);
        v &= ~(a.written() & l.rw1c);
        v |= a.written() & l.rw1s;
        put(d, v);
        if (plan_->behaviour_of[d] != 0) {
            const auto& b = plan_->behaviours[plan_->behaviour_of[d] - 1U];
            if (b.writes && !a.silent)
                (owner_.*b.on_write)(a, before);
        }
        return true;
    }

    /// Hardware's own view: no policy, no hooks.
    [[nodiscard]] std::uint32_t get(std::uint32_t offset) const { return load(index(offset)); }
    void set(std::uint32_t offset, std::uint32_t value) { put(index(offset), value); }
    void set_field(std::uint32_t offset, regs::field_ref field, std::uint32_t value) {
        const std::size_t d = index(offset);
        put(d, field.put(load(d), value));
    }
    [[nodiscard]] std::uint32_t get_field(std::uint32_t offset, regs::field_ref field) const {
        return field.get(load(index(offset)));
    }

    /// Everything to its reset value.
    void reset_fundamental() {
        for (std::size_t d = 0; d < Dwords; ++d)
            put(d, reset_[d]);
    }
    /// What a hot reset keeps is from now on what any reset gives back: it was set at
    /// initialisation (EEPROM), as a topology would have.
    void keep_initial_values() {
        for (std::size_t d = 0; d < Dwords; ++d) {
            const std::uint32_t kept = plan_->layout[d].kept;
            reset_[d] = (reset_[d] & ~kept) | (load(d) & kept);
        }
    }
    /// Whether reading the dword is more than looking at its storage.
    [[nodiscard]] bool read_does_something(std::uint32_t offset) const {
        return (plan_->flags[index(offset)] & plan_type::hooks_read) != 0;
    }
    /// Whether the map has a register in the dword at `offset`.
    [[nodiscard]] bool has_register(std::uint32_t offset) const {
        return (plan_->flags[index(offset)] & plan_type::is_mapped) != 0;
    }

    /// Everything to its reset value but what the map says a hot reset keeps.
    void reset_hot() {
        for (std::size_t d = 0; d < Dwords; ++d) {
            const std::uint32_t kept = plan_->layout[d].kept;
            put(d, (load(d) & kept) | (reset_[d] & ~kept));
        }
    }

    /// Declares a signal for the register at `offset` whose bits in its dword are `mask`.
    /// Elaboration only, after the reset values are in the storage.
    void trace(trace_sink& sink, std::string_view name, std::uint32_t offset, unsigned shift,
               std::uint32_t mask, unsigned width) {
        const std::size_t d = index(offset);
        const signal_id id = sink.declare_bits(name, width, (load(d) & mask) >> shift);
        if (!id.traced())
            return;
        sink_ = &sink;
        traced_.push_back(traced_signal{traced_of_[d], id, mask, static_cast<std::uint8_t>(shift)});
        traced_of_[d] = static_cast<std::uint16_t>(traced_.size());
    }

private:
    struct traced_signal {
        std::uint16_t next = 0; ///< further signal of the same dword, index + 1
        signal_id id{};
        std::uint32_t mask = 0;
        std::uint8_t shift = 0;
    };

    [[nodiscard]] std::size_t index(std::uint32_t offset) const { return (offset - base_) / 4; }
    [[nodiscard]] std::uint32_t load(std::size_t d) const { return load_word(storage_[d]); }
    void load_resets() {
        for (std::size_t d = 0; d < Dwords; ++d)
            reset_[d] = plan_->layout[d].reset;
    }

    void put(std::size_t d, std::uint32_t v) {
        const std::uint32_t before = load(d);
        if (before == v)
            return;
        if (window_observer_ != nullptr && (plan_->window_bits[d] & (before ^ v)) != 0)
            window_observer_->windows_change();
        store_word(storage_[d], v);
        if (mirror_ != nullptr)
            mirror_->changed(base_ + static_cast<std::uint32_t>(4 * d), v);
        if (traced_of_[d] != 0)
            report(d, v, before ^ v);
    }
    void report(std::size_t d, std::uint32_t value, std::uint32_t changed) {
        for (std::uint16_t t = traced_of_[d]; t != 0; t = traced_[t - 1U].next) {
            const traced_signal& s = traced_[t - 1U];
            if ((changed & s.mask) != 0)
                sink_->set(s.id, core_clock::now_ps(), (value & s.mask) >> s.shift);
        }
    }

    std::unique_ptr<const plan_type> own_plan_; ///< only where the topology places something
    const plan_type* plan_;
    Owner& owner_;
    std::uint32_t base_;
    std::array<std::uint32_t, Dwords> own_{};
    std::uint32_t* storage_ = own_.data();
    std::array<std::uint32_t, Dwords> reset_{};
    window_observer* window_observer_ = nullptr;
    register_mirror* mirror_ = nullptr;
    trace_sink* sink_ = nullptr;
    std::array<std::uint16_t, Dwords> traced_of_{}; ///< index + 1 into traced_, 0 = none
    std::vector<traced_signal> traced_;             ///< filled at elaboration
};

} // namespace ntb
