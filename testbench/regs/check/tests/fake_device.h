// SPDX-License-Identifier: Apache-2.0
// A switch made of tables: a copy of the register map, into which one fault may be built, and the
// side effects of behaviour.md in their simplest form, attached by register name. It exists to show
// that the register checks find faults, and shares no code with the model.
//
// Not modelled: time, interrupts, memory windows.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/config.h"
#include "model/regs/all_maps.h"
#include "testbench/regs/check/target.h"

namespace ntb::regs::check {

/// One difference between a device and its map.
struct fault {
    enum class kind : std::uint8_t {
        none,
        policy,           ///< `policy` instead of the field's
        reset_value,      ///< `bits` of the field inverted in the value after power-on and resets
        hot_reset,        ///< keeps instead of resets, and the other way round
        stride,           ///< `bytes` instead of the dimension's
        partial_access,   ///< dword_only inverted
        byte_enables,     ///< a write ignores byte enables
        second_door,      ///< the register is not there by BAR0
        writes_neighbour, ///< a write changes the lowest bit of the register above, too
    };
    kind what = kind::none;
    std::size_t in = 0;  ///< index of the space
    std::size_t row = 0; ///< index of the row
    std::size_t field = 0;
    access policy = access::ro;
    std::uint32_t bits = 0;
    unsigned dimension = 0; ///< 0 = first, 1 = second
    std::uint32_t bytes = 0;
};

class fake_device : public target {
public:
    explicit fake_device(const topology_config& topology, const fault& built_in = {});

    [[nodiscard]] std::string name() const override { return "fake"; }
    [[nodiscard]] target_traits traits() const override { return traits_; }
    void set_traits(const target_traits& t) { traits_ = t; }
    /// From now on written_rows() and seen() are kept.
    void record() { record_ = true; }
    [[nodiscard]] unsigned functions() const override {
        return static_cast<unsigned>(functions_.size());
    }
    using target::read;
    using target::write;
    [[nodiscard]] std::uint32_t read(door by, unsigned function, std::uint32_t offset,
                                     unsigned width, unsigned byte_enables) override;
    void write(door by, unsigned function, std::uint32_t offset, unsigned width,
               std::uint32_t value, unsigned byte_enables) override;
    [[nodiscard]] bool can_reset(reset_kind kind) const override {
        return kind != reset_kind::power_on && !traits_.silicon &&
               (kind != reset_kind::from_d3hot || d3hot_ != when_leaving_d3hot::not_offered);
    }
    enum class when_leaving_d3hot : std::uint8_t { not_offered, resets, keeps };
    void set_d3hot(when_leaving_d3hot what) { d3hot_ = what; }
    void reset(reset_kind kind, unsigned function) override;
    [[nodiscard]] std::string why_not(stimulus /*what*/, unsigned /*function*/) const override {
        return deaf_ ? "nothing reaches it" : "";
    }
    void provoke(stimulus what, unsigned function) override;
    /// Nothing can be made to happen to it any more.
    void set_deaf() { deaf_ = true; }
    /// Reading TMPALARM clears its flags, ones do as well (B14.3 leaves it open).
    void set_alarms_clear_by_reading() { reading_clears_ = true; }

    /// Writes that reached the device so far, and the rows of the map that they meant.
    [[nodiscard]] std::size_t writes() const { return writes_; }
    [[nodiscard]] const std::set<std::string_view>& written_rows() const { return written_; }
    /// Bits of the field that any member of the row has ever read as 1.
    [[nodiscard]] std::uint32_t seen(std::size_t in, const reg& row, const field& f) const;

private:
    /// What one dword does.
    struct cell {
        std::uint32_t readable = 0, rw = 0, rw1c = 0, rw1s = 0, command = 0, reset = 0, kept = 0;
        std::uint32_t inverted_reset = 0;
        const reg* row = nullptr;                ///< of the register with a hook in it
        std::array<std::string_view, 4> owner{}; ///< row that each byte belongs to
        std::uint16_t first = 0, second = 0;
        bool mapped = false, dword_only = false, all_bytes = false, not_by_bar0 = false,
             disturbs = false;
    };
    struct plan {
        std::uint32_t base = 0;
        std::vector<cell> cells{};
    };
    /// A field in a dword.
    struct place {
        std::uint32_t offset = 0;
        std::uint32_t mask = 0;
    };
    struct nt_function {
        unsigned port = 0;
        unsigned partition = 0;
        std::vector<std::uint32_t> storage{};
        std::vector<std::uint32_t> initial{};                  ///< what the topology loads
        std::array<std::array<std::uint32_t, 3>, 64> lookup{}; ///< BAR 4's entries from 32 on
    };

    void build(const fault& built_in);
    void load(const topology_config& topology);
    [[nodiscard]] place find(std::size_t in, std::string_view name, unsigned i,
                             std::string_view field_name, unsigned j = 0) const;
    [[nodiscard]] std::uint32_t get(const std::vector<std::uint32_t>& storage, std::size_t in,
                                    const place& p) const;
    void put(std::vector<std::uint32_t>& storage, std::size_t in, const place& p,
             std::uint32_t value) const;
    [[nodiscard]] std::uint32_t nt_get(const nt_function& f, std::string_view name, unsigned i,
                                       std::string_view field_name) const {
        return get(f.storage, 0, find(0, name, i, field_name));
    }
    void nt_put(nt_function& f, std::string_view name, unsigned i, std::string_view field_name,
                std::uint32_t value) const {
        put(f.storage, 0, find(0, name, i, field_name), value);
    }

    /// `f`: the NT function, or the one through which the switch or a bridge is reached; `port`:
    /// of a bridge.
    [[nodiscard]] std::uint32_t read_dword(std::size_t in, nt_function* f, std::uint32_t offset,
                                           std::uint32_t lanes, bool by_window, unsigned port = 0);
    [[nodiscard]] std::uint32_t value_of_dword(std::size_t in, nt_function* f, std::uint32_t offset,
                                               std::uint32_t lanes, bool by_window, unsigned port);
    void write_dword(std::size_t in, nt_function* f, std::uint32_t offset, std::uint32_t value,
                     std::uint32_t lanes, bool by_window, unsigned port = 0);
    [[nodiscard]] std::vector<std::uint32_t>& storage_of(std::size_t in, nt_function* f,
                                                         unsigned port) {
        return in == 0 ? f->storage : in == 1 ? switch_ : bridges_.at(port);
    }
    [[nodiscard]] std::uint32_t window_read(nt_function& through);
    void window_write(nt_function& through, std::uint32_t value);
    [[nodiscard]] nt_function* function_at(std::uint32_t global);
    [[nodiscard]] bool bar0_open(nt_function& f) const;
    void refuse(nt_function& f, bool posted, std::uint32_t offset);
    /// An error of that field of AERUES; `advisory_case`: somebody else reports it.
    void report(nt_function& f, std::string_view error, bool advisory_case,
                const std::array<std::uint32_t, 4>& header);
    void log_first_error(nt_function& f, std::string_view error,
                         const std::array<std::uint32_t, 4>& header) const;
    void measure();
    void act(std::size_t in, nt_function* f, const cell& c, std::uint32_t offset,
             std::uint32_t written, std::uint32_t before, std::uint32_t lanes);
    void ring(nt_function& from, std::uint32_t bits);
    void send(nt_function& from, unsigned n, std::uint32_t data);
    void event(std::string_view status, std::string_view mask, std::string_view field_name,
               std::string_view type, unsigned index);
    void change(const cell& c, std::string_view status, std::string_view begun,
                std::string_view done, const std::vector<std::string_view>& fields);
    void shape_bars(nt_function& f) const;
    [[nodiscard]] std::uint32_t* lookup_part(nt_function& f, std::string_view name);
    void derive();
    void restart(nt_function& f, bool hot);
    /// Of the NT function's register, what a built-in fault inverts in its reset value.
    [[nodiscard]] std::uint32_t inverted_in(std::string_view name) const;
    [[nodiscard]] std::uint32_t kept_of(std::size_t in, std::string_view name) const;

    target_traits traits_{false, true, true, true, false};
    std::array<std::vector<reg>, 3> rows_{};
    std::array<plan, 3> plans_{};
    std::array<std::unordered_map<std::string_view, const reg*>, 3> by_name_{};
    std::vector<nt_function> functions_{};
    std::vector<std::uint32_t> switch_{};
    std::array<std::vector<std::uint32_t>, max_ports> bridges_{};
    std::vector<std::uint32_t> bridge_initial_{};
    std::array<std::uint32_t, 64> mapping_{};
    bool alarm_stands_ = false; ///< above the high threshold, and that is enabled
    bool deaf_ = false;
    bool reading_clears_ = false;
    std::size_t writes_ = 0;
    bool record_ = false;
    when_leaving_d3hot d3hot_ = when_leaving_d3hot::not_offered;
    std::set<std::string_view> written_{};
    std::array<std::vector<std::uint32_t>, 3> seen_{}; ///< OR of what was read, by dword
};

} // namespace ntb::regs::check
