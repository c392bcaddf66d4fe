// SPDX-License-Identifier: Apache-2.0
// What the sequences are written with: the registers of one function by name, and expectations
// that say which sequence they belong to.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "testbench/regs/check/context.h"

namespace ntb::regs::check {

/// The device says a number (its port, its partition) to which the map has no register.
class missing_register : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The registers of one instance, by name. A name that is not there throws missing_register.
class register_set {
public:
    register_set(context& c, std::size_t in) : c_(c), in_(in) {}

    [[nodiscard]] sheet& at(std::string_view name) const;
    [[nodiscard]] sheet& at(std::string_view name, unsigned n) const {
        return at(std::string(name) + std::to_string(n));
    }
    [[nodiscard]] std::uint32_t read(std::string_view name) const;
    [[nodiscard]] std::uint32_t field(std::string_view name, std::string_view f) const {
        return device_view::field_of(at(name), f, read(name));
    }
    /// Writes by a door chosen at random, and lets the effect happen.
    void write(std::string_view name, std::uint32_t value) const;
    void write_field(std::string_view name, std::string_view f, std::uint32_t v) const {
        write(name, device_view::with_field(at(name), f, read(name), v));
    }
    /// The register reads `value` in the bits of `mask`.
    void expect(std::string_view name, std::uint32_t value, const std::string& what,
                std::uint32_t mask = 0xFFFFFFFF) const;
    void expect_field(std::string_view name, std::string_view f, std::uint32_t v,
                      const std::string& what) const;
    /// The value is known again to everybody.
    void look(std::string_view name) const { at(name).value = read(name); }

    [[nodiscard]] std::size_t in() const { return in_; }
    [[nodiscard]] context& with() const { return c_; }

private:
    context& c_;
    std::size_t in_;
};

[[nodiscard]] register_set registers_of_function(context& c, unsigned function);
[[nodiscard]] register_set registers_of_switch(context& c);

/// Restores a register's storage at the end of a sequence that ran through.
class kept_register {
public:
    kept_register(const register_set& of, std::string_view name)
        : of_(of), name_(name), value_(of.read(name)) {}
    void give_back() const {
        of_.write(name_, value_ & of_.at(name_).rw);
        of_.look(name_);
    }

private:
    const register_set& of_;
    std::string name_;
    std::uint32_t value_;
};

} // namespace ntb::regs::check
