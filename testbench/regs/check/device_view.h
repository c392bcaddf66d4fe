// SPDX-License-Identifier: Apache-2.0
// The device under validation as the map sees it: every register of every instance, reached by
// every door, with what it was last seen to hold. Knows how a register that has no door of its own
// is reached (GASAADDR/GASADATA, behaviour B1.8), nothing of what is checked.
//
// Threading: one thread. Errors: target_error from the target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "testbench/regs/check/sheet.h"
#include "testbench/regs/check/target.h"

namespace ntb::regs::check {

/// A way to a register: a door of a function, or the global window opened through that door.
struct path {
    door by = door::config;
    unsigned function = 0;
    bool window = false;
};

[[nodiscard]] std::string name_of(const path& p);

class device_view {
public:
    /// Finds out which ports the target's functions belong to (reads their PCIELCAP) and makes
    /// the list of registers. `map`: the spaces to validate, those of the model by default.
    explicit device_view(target& device, const std::vector<space>& map = built_in_map());

    [[nodiscard]] static std::vector<space> built_in_map() {
        return {spaces.begin(), spaces.end()};
    }

    [[nodiscard]] target& device() { return device_; }
    [[nodiscard]] const std::vector<instance>& instances() const { return instances_; }
    [[nodiscard]] std::vector<sheet>& sheets() { return sheets_; }
    [[nodiscard]] const std::vector<sheet>& sheets() const { return sheets_; }
    /// The register of that expanded name in the instance; null if the map has none.
    [[nodiscard]] sheet* find(std::size_t in, std::string_view name);
    /// Index of the instance of that function; of the switch's own registers.
    [[nodiscard]] std::optional<std::size_t> instance_of_function(unsigned function) const;
    [[nodiscard]] std::optional<std::size_t> switch_instance() const;
    /// Whether the instance is the bridge function of that port.
    [[nodiscard]] bool is_bridge_of(std::size_t in, unsigned port) const {
        return instances_.at(in).in->name == "port" && instances_.at(in).port == port;
    }
    /// Port and partition of a function, as its registers say.
    [[nodiscard]] unsigned port_of(unsigned function) const { return ports_.at(function); }
    [[nodiscard]] unsigned partition_of(unsigned function);

    /// The ways to a register, the best first; none where it cannot be reached (a target that
    /// must not be written has no window).
    [[nodiscard]] const std::vector<path>& paths(const sheet& s) const { return paths_.at(s.id); }
    /// Those that may be used for writing it.
    [[nodiscard]] std::vector<path> write_paths(const sheet& s) const;

    [[nodiscard]] std::uint32_t read(const sheet& s, const path& by);
    void write(const sheet& s, const path& by, std::uint32_t value);
    [[nodiscard]] std::uint32_t read(const sheet& s) { return read(s, best(s)); }
    void write(const sheet& s, std::uint32_t value) { write(s, best_for_writing(s), value); }
    /// A dword of an instance, mapped or not. `in_space` = offset as the space counts.
    [[nodiscard]] std::uint32_t read_dword(std::size_t in, std::uint32_t in_space, const path& by);
    void write_dword(std::size_t in, std::uint32_t in_space, const path& by, std::uint32_t value);
    [[nodiscard]] std::vector<path> dword_paths(std::size_t in) const;

    /// Field `field_name` of `s` in `value`, and `value` with that field set to `v`.
    [[nodiscard]] static std::uint32_t field_of(const sheet& s, std::string_view field_name,
                                                std::uint32_t value);
    [[nodiscard]] static std::uint32_t with_field(const sheet& s, std::string_view field_name,
                                                  std::uint32_t value, std::uint32_t v);

    /// Memory space on, so that BAR0 answers; what PCICMD had besides stays.
    void open_bar0(unsigned function);
    /// Reads every register anew into its `value`.
    void look_at_everything();
    void look_at(std::size_t in);

    /// The sheet with the masks that it has now: those of a BAR follow its BARSETUP (B9.1, B9.5).
    [[nodiscard]] sheet shaped(const sheet& s);

private:
    void add_instance(const space& in, unsigned port, int function, std::int64_t global);
    void add_bridges();
    void add_sheets(std::size_t in);
    void apply_handling();
    void link_effects();
    void find_siblings();
    [[nodiscard]] const path& best(const sheet& s) const;
    [[nodiscard]] path best_for_writing(const sheet& s) const;
    void point_window(const path& by, std::uint32_t global);
    [[nodiscard]] std::uint32_t global_of(std::size_t in, std::uint32_t in_space) const;

    target& device_;
    const target_traits traits_;
    std::vector<space> map_;
    std::vector<instance> instances_{};
    std::vector<sheet> sheets_{};
    std::vector<std::vector<path>> paths_{}; ///< of each sheet
    std::vector<std::uint32_t>
        siblings_rw1c_{};                 ///< of each sheet's dword, in place, without its own
    std::vector<bool> guarded_sibling_{}; ///< its dword has a register not to be written
    std::vector<unsigned> ports_{};       ///< of each function
    std::vector<bool> bar0_open_{};
    std::uint32_t gasa_address_ = 0; ///< offsets in the NT function, from the map
    std::uint32_t gasa_data_ = 0;
};

} // namespace ntb::regs::check
