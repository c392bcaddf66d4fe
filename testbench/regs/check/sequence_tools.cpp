// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/sequence_tools.h"

namespace ntb::regs::check {

sheet& register_set::at(std::string_view name) const {
    sheet* s = c_.view.find(in_, name);
    if (s == nullptr)
        throw missing_register(std::string(name));
    return *s;
}

std::uint32_t register_set::read(std::string_view name) const {
    const sheet& s = at(name);
    const std::vector<path>& by = c_.view.paths(s);
    return c_.view.read(s, by.at(c_.dice.below(by.size())));
}

void register_set::write(std::string_view name, std::uint32_t value) const {
    const sheet& s = at(name);
    const std::vector<path> by = c_.view.write_paths(s);
    c_.view.write(s, by.at(c_.dice.below(by.size())), value);
    c_.view.device().settle();
}

void register_set::expect(std::string_view name, std::uint32_t value, const std::string& what,
                          std::uint32_t mask) const {
    const sheet& s = at(name);
    c_.out.expect(s, value, read(name), mask & s.ones, what);
}

void register_set::expect_field(std::string_view name, std::string_view f, std::uint32_t v,
                                const std::string& what) const {
    const sheet& s = at(name);
    const std::uint32_t got = read(name);
    const std::uint32_t mask = device_view::with_field(s, f, 0, 0xFFFFFFFF);
    c_.out.expect(s, device_view::with_field(s, f, got, v), got, mask, what);
}

register_set registers_of_function(context& c, unsigned function) {
    return {c, c.view.instance_of_function(function).value()};
}
register_set registers_of_switch(context& c) {
    return {c, c.view.switch_instance().value()};
}

} // namespace ntb::regs::check
