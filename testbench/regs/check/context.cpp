// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/context.h"

namespace ntb::regs::check {

namespace {

/// Storage back to `value`, set status bits cleared; then what it reads now is what it holds.
void put_back(context& c, sheet& s, std::uint32_t value) {
    const bool storage = s.written && s.storage() != 0;
    if ((storage || (s.written && s.rw1c != 0)) && !s.own_window)
        c.view.write(s, (value & s.rw) | s.rw1c);
    s.value = c.view.read(s);
}

} // namespace

borrowed::borrowed(context& c, std::size_t id) : c_(c), id_(id) {
    sheet& s = c.view.sheets().at(id);
    for (const condition& k : s.conditions) {
        if (!s.written)
            break;
        sheet& other = c.view.sheets().at(k.other);
        conditions_.push_back({k.other, c.view.read(other)});
        c.view.write(other, (conditions_.back().value & ~k.mask) | k.value);
    }
    for (const std::size_t a : s.affects)
        if (s.written)
            affected_.push_back({a, c.view.sheets().at(a).value});
    shaped_ = c.view.shaped(s);
    before_ = c.view.read(s);
}

void borrowed::give_back() {
    sheet& s = c_.view.sheets().at(id_);
    if (s.written && shaped_.storage() != 0)
        c_.view.write(s, before_ & shaped_.rw);
    if (!affected_.empty())
        c_.view.device().settle();
    for (const saved& a : affected_)
        put_back(c_, c_.view.sheets().at(a.id), a.value);
    for (const saved& k : conditions_) {
        sheet& other = c_.view.sheets().at(k.id);
        c_.view.write(other, k.value);
        other.value = c_.view.read(other);
        for (const std::size_t a : other.affects)
            c_.view.sheets().at(a).value = c_.view.read(c_.view.sheets().at(a));
    }
    s.value = c_.view.read(s);
}

} // namespace ntb::regs::check
