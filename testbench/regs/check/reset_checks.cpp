// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/reset_checks.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "model/regs/handling.h"
#include "testbench/regs/check/error_sequences.h"

namespace ntb::regs::check {

namespace {

const char* words_for(reset_kind kind) {
    switch (kind) {
    case reset_kind::power_on:
        return "power-on";
    case reset_kind::fundamental:
        return "a fundamental reset";
    case reset_kind::hot:
        return "a hot reset";
    case reset_kind::from_d3hot:
        return "D3hot";
    }
    return "?";
}

struct known_value {
    std::uint32_t value = 0;
    std::uint32_t mask = 0;
};

/// What the register holds after power-on, as far as map and profile tell.
known_value at_power_on(const context& c, const sheet& s) {
    known_value k{s.reset, c.expected.complete ? s.ones : s.ones & ~s.live & ~s.loaded};
    for (const initial_value& v : c.expected.values) {
        if (v.name != s.name)
            continue;
        // Of what hardware changes, power-on is known only where nothing can have happened since.
        const std::uint32_t bits = device_view::with_field(s, v.field, 0, 0xFFFFFFFF);
        if (c.expected.complete || (bits & s.live) == 0) {
            k.value = device_view::with_field(s, v.field, k.value, v.value);
            k.mask |= bits;
        }
    }
    return k;
}

/// Bridges are found by their vendor ID (device_view.h): one with a wrong ID is none.
bool is_bridge_number(const initial_value& v) {
    const std::string_view register_name = "P2PDID";
    return v.name.size() > register_name.size() &&
           v.name.compare(v.name.size() - register_name.size(), register_name.size(),
                          register_name) == 0;
}

/// Whether a write to another register can have changed it, since power-on.
bool follows_another(const sheet& s) {
    return std::any_of(effect_rows.begin(), effect_rows.end(), [&s](const effect_row& e) {
        return e.affected_space == s.at.in->name && e.affected == s.at.row->name;
    });
}

/// Registers that are given values of their own before a reset, in the order in which that works:
/// what shapes others before what is shaped, storage before what sends.
int turn_of(const sheet& s) {
    if (!s.written || s.storage() == 0 || !s.conditions.empty())
        return -1;
    const std::string_view row = s.at.row->name;
    if (row == "NTMTBLDATA" || row == "GASADATA")
        return -1; // the sequence "events of a reset" looks at the table
    return row == "BARSETUP{n}" ? 0 : row == "OUTMSG{n}" ? 2 : 1;
}
constexpr int turns = 3;

/// Sets status bits of the function, so that the reset has something to clear.
void raise_status(context& c, unsigned function, std::size_t in) {
    const auto write = [&](std::size_t where, const char* name, std::uint32_t v) {
        const sheet* s = c.view.find(where, name);
        if (s != nullptr && s->written && !c.view.paths(*s).empty())
            c.view.write(*s, v);
    };
    const auto read = [&](const char* name) {
        const sheet* s = c.view.find(in, name);
        if (s != nullptr)
            static_cast<void>(c.view.read(*s));
    };
    if (c.traits.silicon && !c.traits.shared_allowed)
        return; // other hosts would hear of it
    write(in, "OUTDBELLSET", 0xFFFFFFFF);
    write(in, "NTMTBLADDR", 0x7F); // beyond the table: NTMTBLSTS.ERR
    read("NTMTBLDATA");
    if (const auto sw = c.view.switch_instance()) {
        for (const char* mask : {"SEMSK", "SEPMSK", "SEGSIGMSK"})
            write(*sw, mask, 0);
        write(in, "NTGSIGNAL", 1);
        c.view.device().settle();
        for (const char* mask : {"SEMSK", "SEPMSK", "SEGSIGMSK"})
            if (const sheet* s = c.view.find(*sw, mask))
                c.view.write(*s, s->value);
    }
    leave_errors(c, function);
}

/// Clears what raise_status() and messages have left in any function.
void clear_status(context& c) {
    for (const sheet& s : c.view.sheets())
        if (s.written && s.rw1c != 0 && !c.view.paths(s).empty() &&
            c.view.instances().at(s.in).function >= 0)
            c.view.write(s, s.rw1c);
}

/// Lookup and mapping tables of a device that nothing has used (B9.6, B7.1, B21.1: invalid).
void tables_as_found(context& c) {
    for (std::size_t in = 0; in < c.view.instances().size(); ++in) {
        const auto entries_are_reset = [&](sheet& select, std::uint32_t which,
                                           std::initializer_list<const char*> parts) {
            c.view.write(select, which);
            for (const char* name : parts)
                if (const sheet* s = c.view.find(in, name))
                    c.out.expect(*s, s->reset, c.view.read(*s), s->steady(),
                                 "entry " + std::to_string(which) + " after power-on");
        };
        const auto written = [&](const char* name) {
            sheet* const s = c.view.find(in, name);
            return s != nullptr && s->written ? s : nullptr;
        };
        if (sheet* const select = written("LUTOFFSET")) {
            for (const std::uint32_t bar : {2U, 4U})
                for (std::uint32_t i = 0; i < 24; ++i)
                    entries_are_reset(
                        *select,
                        device_view::with_field(
                            *select, "BAR", device_view::with_field(*select, "INDEX", 0, i), bar),
                        {"LUTLDATA", "LUTMDATA", "LUTUDATA"});
            c.view.write(*select, select->value);
        }
        if (sheet* const select = written("NTMTBLADDR")) {
            for (std::uint32_t i = 0; i < 64; ++i)
                entries_are_reset(*select, i, {"NTMTBLDATA"});
            c.view.write(*select, select->value);
        }
    }
}

} // namespace

void check_as_found(context& c) {
    c.out.begin(check_kind::reset, c.traits.fresh ? "power-on" : "as found");
    for (const initial_value& v : c.expected.values) {
        const bool there = std::any_of(c.view.sheets().begin(), c.view.sheets().end(),
                                       [&v](const sheet& s) { return s.name == v.name; });
        // One number that every function has, and one that every bridge has.
        if (!there && c.expected.complete &&
            (v.field == "PORTNUM" || (c.traits.writes_allowed && is_bridge_number(v))))
            c.out.fail(v.name, "the topology has it, the device has not", v.value, 0);
    }
    for (const sheet& s : c.view.sheets()) {
        if (c.view.paths(s).empty() || s.own_window)
            continue;
        known_value k = at_power_on(c, s);
        if (!c.traits.fresh)
            k.mask &= follows_another(s) ? 0 : ~(s.rw | s.rw1c | s.rw1s);
        c.out.expect(s, k.value, s.value, k.mask,
                     c.traits.fresh ? "after power-on" : "nothing can have changed it");
    }
    if (c.traits.fresh && c.traits.writes_allowed)
        tables_as_found(c);
}

void check_reset(context& c, unsigned function, reset_kind kind, bool everything) {
    const auto in = c.view.instance_of_function(function);
    if (!in)
        return;
    c.out.begin(check_kind::reset,
                c.view.instances().at(*in).name + " " + std::string(words_for(kind)));
    const unsigned partition = c.view.partition_of(function);
    // The function, and the bridge of its port. Power states are the function's own affair.
    const bool alone = kind == reset_kind::from_d3hot;
    std::vector<std::size_t> ids;
    for (const sheet& s : c.view.sheets())
        if (s.in == *in || (!alone && c.view.is_bridge_of(s.in, c.view.port_of(function))))
            ids.push_back(s.id);
    raise_status(c, function, *in);
    for (int turn = 0; turn < turns; ++turn)
        for (const std::size_t id : ids) {
            sheet& s = c.view.sheets().at(id);
            if (turn_of(s) != turn)
                continue;
            const sheet shaped = c.view.shaped(s);
            const std::uint32_t other = everything ? ~s.reset : c.dice.word();
            c.view.write(s, shaped.allowed(other, s.value) & shaped.rw);
        }
    c.view.device().settle();
    for (std::size_t i = 0; i < c.view.instances().size(); ++i)
        c.view.look_at(c.view.instances().size() - 1 - i); // the window's own pointer last
    for (const std::size_t id : ids) {
        sheet& s = c.view.sheets().at(id);
        if (s.own_window && s.written) {
            c.view.write(s, s.rw);
            s.value = c.view.read(s);
        }
    }

    c.view.device().reset(kind, function);

    for (const std::size_t id : ids) {
        sheet& s = c.view.sheets().at(id);
        if ((s.own_window && !s.written) || c.view.paths(s).empty())
            continue;
        const std::uint32_t kept = kind == reset_kind::fundamental ? 0 : s.kept;
        std::uint32_t expected = (s.reset & ~kept) | (s.value & kept);
        std::uint32_t mask = s.steady();
        const std::uint32_t initialised = s.loaded & ~kept;
        expected = (expected & ~initialised) | (c.initial.at(id) & initialised);
        if (s.at.row->name == "BAR{n}")
            mask &= ~s.loaded; // follow BARSETUP; the sequence "BARs" looks at them
        if (c.traits.host_manages && !s.why_not_written.empty())
            mask &= ~(s.rw | s.loaded); // the operating system has set it up again
        c.out.expect(s, expected, c.view.read(s), mask,
                     std::string("after ") + words_for(kind) + ", before it " +
                         std::to_string(s.value));
    }
    // Set up as it was found, then everything else is looked at.
    for (int turn = 0; turn < turns - 1; ++turn)
        for (const std::size_t id : ids) {
            sheet& s = c.view.sheets().at(id);
            if (turn_of(s) == turn)
                c.view.write(s, c.initial.at(id) & s.rw);
        }
    for (unsigned f = 0; f < c.view.device().functions(); ++f)
        c.view.open_bar0(f); // a partition of two was reset as one
    for (sheet& s : c.view.sheets()) {
        if (s.own_window || c.view.paths(s).empty())
            continue;
        const std::uint32_t got = c.view.read(s);
        const int owner = c.view.instances().at(s.in).function;
        bool same_partition =
            !alone && owner >= 0 && c.view.partition_of(static_cast<unsigned>(owner)) == partition;
        for (unsigned f = 0; f < c.view.device().functions(); ++f)
            same_partition =
                same_partition || (!alone && c.view.is_bridge_of(s.in, c.view.port_of(f)) &&
                                   c.view.partition_of(f) == partition);
        // Its entries became invalid (B4.3).
        const bool table = !alone && s.at.row->name == "NTMTBLDATA";
        if (s.in != *in && !same_partition && !table)
            c.out.expect(s, s.value, got, s.steady(),
                         std::string("after ") + words_for(kind) + " of " +
                             c.view.instances().at(*in).name);
        s.value = got;
    }
    clear_status(c);
    c.view.look_at_everything();
}

} // namespace ntb::regs::check
