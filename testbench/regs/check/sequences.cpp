// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/sequences.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "model/config.h"
#include "testbench/regs/check/error_sequences.h"
#include "testbench/regs/check/sequence_tools.h"

namespace ntb::regs::check {

namespace {

std::vector<unsigned> shuffled(context& c, unsigned count) {
    std::vector<unsigned> out(count);
    for (unsigned i = 0; i < count; ++i)
        out[i] = i;
    c.dice.shuffle(out);
    return out;
}

// --- doorbells ----------------------------------------------------------------------------------

/// Other hosts must not hear what is rung here: only own functions stay reachable. Returns what
/// GIDBELLMSK `n` was.
std::uint32_t shield_others(context& c, const register_set& sw, unsigned n) {
    const std::string name = "GIDBELLMSK" + std::to_string(n);
    const std::uint32_t before = sw.read(name);
    std::uint32_t ours = 0;
    for (unsigned g = 0; g < c.view.device().functions(); ++g)
        ours |= 1U << c.view.partition_of(g);
    sw.write(name, before | (0xFFU & ~ours));
    return before;
}

/// PCISTS.INTS is the level of the pending interrupt `source` (PCI 2.3 section 6.2.3).
void show_interrupt(const register_set& nt, const char* source) {
    const kept_register mask(nt, "NTINTMSK");
    nt.write("NTINTMSK", 0xFFFFFFFF);
    nt.expect_field("PCISTS", "INTS", 0, "while NTINTMSK masks everything (B12.2)");
    nt.write("NTINTMSK", device_view::with_field(nt.at("NTINTMSK"), source, 0xFFFFFFFF, 0));
    nt.expect_field("PCISTS", "INTS", 1, "while an interrupt is pending (B12.2)");
    nt.write("PCISTS", device_view::with_field(nt.at("PCISTS"), "INTS", 0, 1));
    nt.expect_field("PCISTS", "INTS", 1, "after a one was written");
    mask.give_back();
}

void ring_doorbells(context& c, unsigned f) {
    const register_set nt = registers_of_function(c, f);
    const register_set sw = registers_of_switch(c);
    const unsigned partition = c.view.partition_of(f);
    nt.write("INDBELLSTS", 0xFFFFFFFF);
    const kept_register mask(nt, "INDBELLMSK");
    nt.write("INDBELLMSK", 0xFFFFFFFF);
    nt.expect("INDBELLSTS", 0, "after ones were written");
    // Doorbells may be pending in functions that are not ours.
    for (unsigned g = 0; g < c.view.device().functions(); ++g)
        registers_of_function(c, g).write("INDBELLSTS", 0xFFFFFFFF);
    const std::uint32_t elsewhere = sw.read("GDBELLSTS");
    for (const unsigned n : shuffled(c, 32)) {
        const std::uint32_t bit = 1U << n;
        const std::string name = std::to_string(n);
        const std::uint32_t in_mask = shield_others(c, sw, n);
        const std::uint32_t shielded = sw.read("GIDBELLMSK" + name);
        const kept_register out_mask(sw, "GODBELLMSK" + name);

        nt.write("OUTDBELLSET", bit);
        nt.expect("INDBELLSTS", bit, "after doorbell " + name + " (B5.2, B5.4)");
        nt.expect("OUTDBELLSET", 0, "after doorbell " + name);
        sw.expect("GDBELLSTS", bit, "while doorbell " + name + " is pending (B5.7)", bit);
        nt.write("OUTDBELLSET", 0);
        nt.write("INDBELLSTS", ~bit);
        nt.expect("INDBELLSTS", bit, "after ones were written to the other bits");
        nt.expect_field("NTINTSTS", "DBELL", 0, "while the doorbell is masked (B5.8)");
        nt.write("INDBELLMSK", ~bit);
        nt.expect_field("NTINTSTS", "DBELL", 1, "while doorbell " + name + " is pending (B5.8)");
        nt.write("NTINTSTS", device_view::with_field(nt.at("NTINTSTS"), "DBELL", 0, 1));
        nt.expect_field("NTINTSTS", "DBELL", 1, "after a one was written (B5.8)");
        sw.write("GDBELLSTS", bit);
        sw.expect("GDBELLSTS", bit, "after a one was written (B5.7)", bit);
        if (n == 0 && !c.traits.silicon) // whose host would be interrupted
            show_interrupt(nt, "DBELL");
        nt.write("INDBELLMSK", 0xFFFFFFFF);
        nt.expect_field("NTINTSTS", "DBELL", 0, "masked again (B5.8)");
        nt.write("INDBELLSTS", bit);
        nt.expect("INDBELLSTS", 0, "after a one was written");
        for (unsigned g = 0; g < c.view.device().functions(); ++g) {
            const register_set peer = registers_of_function(c, g);
            if (c.view.partition_of(g) != partition)
                peer.expect("INDBELLSTS", bit, "after the other port's doorbell (B5.2)");
            peer.write("INDBELLSTS", bit);
        }
        sw.expect("GDBELLSTS", 0, "after doorbell " + name + " was cleared everywhere (B5.7)",
                  bit & ~elsewhere);

        sw.write("GIDBELLMSK" + name, shielded | 1U << partition);
        nt.write("OUTDBELLSET", bit);
        nt.expect("INDBELLSTS", 0, "while GIDBELLMSK" + name + " masks the partition (B5.2)");
        sw.write("GIDBELLMSK" + name, shielded & ~(1U << partition));
        sw.write("GODBELLMSK" + name, 1U << partition);
        nt.write("OUTDBELLSET", bit);
        nt.expect("INDBELLSTS", 0, "while GODBELLMSK" + name + " masks the partition (B5.2)");
        out_mask.give_back();
        for (unsigned g = 0; g < c.view.device().functions(); ++g)
            registers_of_function(c, g).write("INDBELLSTS", bit);
        sw.write("GIDBELLMSK" + name, in_mask);
    }
    mask.give_back();
    for (unsigned g = 0; g < c.view.device().functions(); ++g) {
        registers_of_function(c, g).look("INDBELLSTS");
        registers_of_function(c, g).look("NTINTSTS");
    }
}

// --- messages -----------------------------------------------------------------------------------

/// Who gets what function `f` sends to its own partition: itself, or in a partition of two
/// (topology "seed") the other one; nobody if that other one is not ours to look at.
std::optional<unsigned> own_receiver(context& c, unsigned f) {
    const register_set sw = registers_of_switch(c);
    const unsigned partition = c.view.partition_of(f);
    for (unsigned g = 0; g < c.view.device().functions(); ++g)
        if (g != f && c.view.partition_of(g) == partition)
            return g;
    for (unsigned p = 0; p < max_ports; ++p) {
        const std::string status = "SWPORT" + std::to_string(p) + "STS";
        const std::uint32_t mode = sw.field(status, "MODE");
        if (p != c.view.port_of(f) && mode <= 8 && has_nt_function(static_cast<port_mode>(mode)) &&
            sw.field(status, "SWPART") == partition)
            return std::nullopt;
    }
    return f;
}

void send_messages(context& c, unsigned f) {
    const std::optional<unsigned> receiver = own_receiver(c, f);
    if (!receiver) {
        c.out.exclude({"sequence messages", "not run",
                       "another function shares the partition and takes its messages"});
        return;
    }
    const register_set nt = registers_of_function(c, f);
    const register_set sw = registers_of_switch(c);
    const register_set to_nt = registers_of_function(c, *receiver);
    const unsigned partition = c.view.partition_of(f);
    constexpr std::uint32_t out_bits = 0x0000000F;
    constexpr std::uint32_t in_bits = 0x000F0000;
    const kept_register mask(nt, "MSGSTSMSK");
    const kept_register to_mask(to_nt, "MSGSTSMSK");
    for (const register_set* of : {&nt, &to_nt}) {
        of->write("MSGSTSMSK", out_bits | in_bits);
        of->write("MSGSTS", 0xFFFFFFFF);
    }
    /// One status bit: it interrupts while it is unmasked, and clears with a one only.
    const auto follow_status = [&](const register_set& of, std::uint32_t bit, const char* what) {
        const std::uint32_t before = of.read("MSGSTS");
        of.expect("MSGSTS", bit, what, bit);
        of.write("MSGSTS", ~bit & ~before);
        of.write("MSGSTS", 0);
        of.expect("MSGSTS", before, "after zeros were written");
        of.expect_field("NTINTSTS", "MSG", 0, "while all message status is masked (B6.5)");
        of.write("MSGSTSMSK", (out_bits | in_bits) & ~bit);
        of.expect_field("NTINTSTS", "MSG", 1, "while unmasked status is set (B6.5)");
        of.write("NTINTSTS", device_view::with_field(of.at("NTINTSTS"), "MSG", 0, 1));
        of.expect_field("NTINTSTS", "MSG", 1, "after a one was written (B6.5)");
        of.write("MSGSTSMSK", out_bits | in_bits);
        of.write("MSGSTS", bit);
        of.expect("MSGSTS", before & ~bit, "after a one was written (B6.4)");
    };
    for (const unsigned n : shuffled(c, 4)) {
        const unsigned to = static_cast<unsigned>(c.dice.below(4));
        const std::string out = "OUTMSG" + std::to_string(n);
        const std::string in = std::to_string(to);
        const std::string route = "SWP" + std::to_string(partition) + "MSGCTL" + std::to_string(n);
        const kept_register kept_route(sw, route);
        const std::uint32_t full = 0x10000U << to;
        const std::uint32_t lost = 1U << n;
        const std::uint32_t first = c.dice.word();
        const std::uint32_t second = ~first;

        sw.write_field(route, "PART", partition);
        sw.write_field(route, "REG", to);
        nt.write(out, first);
        to_nt.expect("MSGSTS", full, "after " + out + " was sent (B6.2)", in_bits);
        nt.expect("MSGSTS", 0, "after " + out + " was accepted (B6.2)", out_bits);
        to_nt.expect("INMSG" + in, first, "after " + out + " was sent (B6.2)");
        to_nt.expect("INMSGSRC" + in, partition, "after " + out + " was sent (B6.2)");
        to_nt.write("INMSG" + in, second);
        to_nt.write("INMSGSRC" + in, ~partition);
        to_nt.expect("INMSG" + in, first, "after it was written");
        to_nt.expect("INMSGSRC" + in, partition, "after it was written");
        nt.write(out, second);
        to_nt.expect("INMSG" + in, first, "after a refused message (B6.2)");
        follow_status(nt, lost, "after a full register refused it (B6.2)");
        follow_status(to_nt, full, "while the message is not taken (B6.2)");
        to_nt.expect("INMSG" + in, first, "after its status was cleared (B6.4)");
        nt.write(out, second);
        to_nt.expect("INMSG" + in, second, "after the register was freed (B6.4)");
        to_nt.write("MSGSTS", full);
        kept_route.give_back();
    }
    to_mask.give_back();
    mask.give_back();
    for (const sheet& s : c.view.sheets())
        for (const char* row : {"OUTMSG{n}", "INMSG{n}", "INMSGSRC{n}", "MSGSTS", "NTINTSTS"})
            if (s.at.row->name == row)
                c.view.sheets().at(s.id).value = c.view.read(s);
}

// --- index and data -----------------------------------------------------------------------------

void fill_mapping_table(context& c, unsigned f) {
    const register_set nt = registers_of_function(c, f);
    constexpr unsigned entries = 64; // B7.1
    const kept_register index(nt, "NTMTBLADDR");
    const std::uint32_t fields = nt.at("NTMTBLDATA").rw;
    std::array<std::uint32_t, entries> before{};
    std::array<std::uint32_t, entries> value{};
    for (unsigned i = 0; i < entries; ++i) {
        nt.write("NTMTBLADDR", i);
        before.at(i) = nt.read("NTMTBLDATA");
        value.at(i) = (c.dice.word() & fields & ~0xFFU) | (i << 1 & fields); // each its own
    }
    const std::vector<unsigned> order = shuffled(c, entries);
    for (const unsigned i : order) {
        nt.write("NTMTBLADDR", i);
        nt.write("NTMTBLDATA", value.at(i));
    }
    const auto other = static_cast<unsigned>(c.dice.below(c.view.device().functions()));
    const register_set reader = registers_of_function(c, other); // one table for all (B7.1)
    const kept_register reader_index(reader, "NTMTBLADDR");
    for (const unsigned i : shuffled(c, entries)) {
        reader.write("NTMTBLADDR", i);
        reader.expect("NTMTBLDATA", value.at(i), "entry " + std::to_string(i) + " (B7.1)");
    }
    nt.write("NTMTBLSTS", 1);
    nt.expect_field("NTMTBLSTS", "ERR", 0, "after a one was written");
    nt.write("NTMTBLADDR", 0x7F);
    nt.write("NTMTBLDATA", fields);
    nt.expect("NTMTBLDATA", 0, "beyond the last entry");
    nt.expect_field("NTMTBLSTS", "ERR", 1, "after an access beyond the last entry (B7.8)");
    nt.write("NTMTBLSTS", 0);
    nt.expect_field("NTMTBLSTS", "ERR", 1, "after a zero was written");
    nt.write("NTMTBLSTS", 1);
    nt.expect_field("NTMTBLSTS", "ERR", 0, "after a one was written");
    reader.write("NTMTBLSTS", 1);
    for (const unsigned i : order) {
        nt.write("NTMTBLADDR", i);
        nt.write("NTMTBLDATA", before.at(i));
    }
    reader_index.give_back();
    index.give_back();
    nt.look("NTMTBLDATA");
    reader.look("NTMTBLDATA");
}

void fill_lookup_tables(context& c, unsigned f) {
    const register_set nt = registers_of_function(c, f);
    constexpr unsigned entries = 24; // B9.6
    constexpr std::array<const char*, 3> parts{"LUTLDATA", "LUTMDATA", "LUTUDATA"};
    const kept_register select(nt, "LUTOFFSET");
    const auto point_at = [&](unsigned bar, unsigned i) {
        const sheet& s = nt.at("LUTOFFSET");
        nt.write("LUTOFFSET",
                 device_view::with_field(s, "BAR", device_view::with_field(s, "INDEX", 0, i), bar));
    };
    struct entry {
        unsigned bar = 0, index = 0;
        std::array<std::uint32_t, 3> before{}, value{};
    };
    std::vector<entry> all;
    for (const unsigned bar : {2U, 4U})
        for (unsigned i = 0; i < entries; ++i) {
            entry e{bar, i};
            point_at(bar, i);
            for (unsigned p = 0; p < 3; ++p) {
                e.before.at(p) = nt.read(parts.at(p));
                e.value.at(p) = c.dice.word() & nt.at(parts.at(p)).rw;
            }
            all.push_back(e);
        }
    c.dice.shuffle(all);
    for (const entry& e : all) {
        point_at(e.bar, e.index);
        for (unsigned p = 0; p < 3; ++p)
            nt.write(parts.at(p), e.value.at(p));
    }
    c.dice.shuffle(all);
    for (const entry& e : all) {
        point_at(e.bar, e.index);
        for (unsigned p = 0; p < 3; ++p)
            nt.expect(parts.at(p), e.value.at(p),
                      "entry " + std::to_string(e.index) + " of BAR " + std::to_string(e.bar) +
                          " (B9.7)");
    }
    for (const entry& e : all) {
        point_at(e.bar, e.index);
        for (unsigned p = 0; p < 3; ++p)
            nt.write(parts.at(p), e.before.at(p));
    }
    select.give_back();
    for (const char* p : parts)
        nt.look(p);
}

void use_window(context& c, unsigned f) {
    // The low address bits are dropped; what is not a dword is ignored (B1.8).
    const register_set nt = registers_of_function(c, f);
    const kept_register data(nt, "NTSDATA");
    target& d = c.view.device();
    const sheet& pointer = nt.at("GASAADDR");
    const sheet& window = nt.at("GASADATA");
    const auto global = static_cast<std::uint32_t>(c.view.instances().at(nt.in()).global) +
                        nt.at("NTSDATA").offset();
    const std::uint32_t value = c.dice.word() | 0x01010101U;
    for (const path& by : c.view.paths(pointer)) {
        nt.write("NTSDATA", value);
        d.write(by.by, f, pointer.offset(), 4, global | 3U);
        c.out.expect(pointer, global, d.read(by.by, f, pointer.offset()), pointer.ones,
                     "low address bits by " + name_of(by) + " (B1.8)");
        c.out.expect(window, value, d.read(by.by, f, window.offset()), window.ones,
                     "NTSDATA by " + name_of(by) + " (B1.8)");
        for (const unsigned width : {1U, 2U})
            for (unsigned lane = 0; lane < 4; lane += width) {
                d.write(by.by, f, window.offset() + lane, width, ~value);
                nt.expect("NTSDATA", value, "after a partial write to the window (B1.8)");
                d.write(by.by, f, pointer.offset(), 4, global);
                c.out.expect(window, 0, d.read(by.by, f, window.offset() + lane, width),
                             window.ones, "partial read of the window (B1.8)");
            }
        d.write(by.by, f, window.offset(), 4, ~value);
        nt.expect("NTSDATA", ~value, "after a write to the window by " + name_of(by));
        const std::uint32_t beyond = 0xFFFFFFFFU & ~pointer.rw;
        d.write(by.by, f, pointer.offset(), 4, global | beyond);
        c.out.expect(pointer, global, d.read(by.by, f, pointer.offset()), pointer.ones,
                     "bits beyond the global space");
    }
    data.give_back();
}

// --- events -------------------------------------------------------------------------------------

struct event_type {
    const char* summary; ///< field of SESTS and SEMSK
    const char* status;
    const char* mask;
    const char* field;
};

/// The status bits of one type are set: they show in the summary unless masked, and clear with
/// ones only (B11.3, B11.7).
void follow_event(context& c, const register_set& sw, const event_type& e, unsigned index) {
    const std::uint32_t bit = 1U << index;
    const std::string what = std::string("bit ") + std::to_string(index) + " (B11.3)";
    const kept_register mask(sw, e.mask);
    sw.expect(e.status, bit, what, bit);
    sw.write(e.mask, 0xFFFFFFFF);
    sw.expect_field("SESTS", e.summary, 0, std::string(e.mask) + " masks everything (B11.7)");
    sw.write(e.mask, ~bit);
    sw.expect_field("SESTS", e.summary, 1, std::string(e.mask) + " lets it through (B11.7)");
    sw.write("SESTS", 0xFFFFFFFF);
    sw.expect_field("SESTS", e.summary, 1, "after ones were written to SESTS");
    const std::uint32_t before = sw.read(e.status);
    sw.write(e.status, ~bit & 0xFFFFFFFFU & ~before);
    sw.write(e.status, 0);
    sw.expect(e.status, before, "after zeros were written");
    sw.write(e.status, bit);
    sw.expect(e.status, before & ~bit, "after a one was written");
    sw.expect_field("SESTS", e.summary, 0, "after its status was cleared (B11.7)");
    sw.write("SESTS", 0xFFFFFFFF);
    sw.expect_field("SESTS", e.summary, 0, "after ones were written to SESTS");
    mask.give_back();
    static_cast<void>(c);
}

void raise_global_signal(context& c, unsigned f) {
    const register_set nt = registers_of_function(c, f);
    const register_set sw = registers_of_switch(c);
    const unsigned partition = c.view.partition_of(f);
    const kept_register types(sw, "SEMSK");
    const kept_register who(sw, "SEPMSK");
    const kept_register signals(sw, "SEGSIGMSK");
    nt.write("NTINTSTS", 0xFFFFFFFF);
    sw.write("SEGSIGSTS", 0xFFFFFFFF);
    // Masked at any of the three places nobody is told (B11.1).
    struct masks {
        std::uint32_t type, partitions, signal;
        bool told;
    };
    const std::uint32_t type_bit = device_view::with_field(sw.at("SEMSK"), "GSIG", 0, 1);
    const std::uint32_t bit = 1U << partition;
    for (const masks& m :
         {masks{~0U, ~bit, ~bit, false}, masks{~type_bit, ~0U, ~bit, false},
          masks{~type_bit, ~bit, ~0U, false}, masks{~type_bit, ~bit, ~bit, true}}) {
        sw.write("SEMSK", m.type);
        sw.write("SEPMSK", m.partitions);
        sw.write("SEGSIGMSK", m.signal);
        nt.write("NTGSIGNAL", 0);
        sw.expect("SEGSIGSTS", 0, "after a zero was written to NTGSIGNAL", bit);
        nt.write("NTGSIGNAL", 1);
        nt.expect("NTGSIGNAL", 0, "after a one was written");
        sw.expect("SEGSIGSTS", bit, "after NTGSIGNAL (B11.8)", bit);
        nt.expect_field("NTINTSTS", "SEVENT", m.told ? 1 : 0, "after NTGSIGNAL (B11.3, B11.6)");
        nt.write("NTINTSTS", 0);
        nt.expect_field("NTINTSTS", "SEVENT", m.told ? 1 : 0, "after a zero was written");
        nt.write("NTINTSTS", device_view::with_field(nt.at("NTINTSTS"), "SEVENT", 0, 1));
        nt.expect_field("NTINTSTS", "SEVENT", 0, "after a one was written (B11.4)");
        sw.expect("SEGSIGSTS", bit, "after SEVENT was cleared (B11.8)", bit);
        sw.write("SEMSK", 0xFFFFFFFF);
        follow_event(c, sw, {"GSIG", "SEGSIGSTS", "SEGSIGMSK", "PART"}, partition);
    }
    signals.give_back();
    who.give_back();
    types.give_back();
    nt.look("NTINTSTS");
}

/// Sends itself messages until every bit of MSGSTS is set (B6.2).
void fill_messages(const register_set& nt, const register_set& sw, unsigned partition) {
    for (unsigned n = 0; n < 4; ++n) {
        const std::string route = "SWP" + std::to_string(partition) + "MSGCTL" + std::to_string(n);
        const kept_register kept(sw, route);
        sw.write_field(route, "PART", partition);
        sw.write_field(route, "REG", n);
        for (unsigned twice = 0; twice < 2; ++twice)
            nt.write("OUTMSG" + std::to_string(n), n);
        kept.give_back();
    }
    nt.expect("MSGSTS", 0x000F000F, "after two messages to each register (B6.2)");
}

/// What only this sequence can raise or change before a reset: SEVENT, NTMTBLSTS.ERR, and the power
/// state, which is D3hot afterwards. Returns the bit of SEVENT.
std::uint32_t raise_for_reset(context& c, const register_set& nt, const register_set& sw,
                              unsigned f) {
    const unsigned partition = c.view.partition_of(f);
    sw.write("SEPMSK", ~(1U << partition));
    sw.write("SEGSIGMSK", 0);
    sw.write("SEMSK", 0);
    nt.write("NTGSIGNAL", 1);
    for (const char* mask : {"SEMSK", "SEPMSK", "SEGSIGMSK"})
        sw.write(mask, 0xFFFFFFFF);
    nt.expect_field("NTINTSTS", "SEVENT", 1, "after NTGSIGNAL (B11.6)");
    const std::uint32_t index = nt.read("NTMTBLADDR");
    nt.write("NTMTBLADDR", 0x7F); // beyond the table
    static_cast<void>(nt.read("NTMTBLDATA"));
    nt.expect_field("NTMTBLSTS", "ERR", 1, "after an access beyond the last entry (B7.8)");
    nt.write("NTMTBLADDR", index);
    if (own_receiver(c, f) == f)
        fill_messages(nt, sw, partition);
    const sheet& power = nt.at("PMCSR");
    nt.expect_field("PMCSR", "PSTATE", 0, "before a reset");
    const std::uint32_t d3hot = device_view::with_field(power, "PSTATE", nt.read("PMCSR"), 3);
    c.view.write(power, d3hot); // by configuration cycles: BAR0 is closed
    c.out.expect(power, d3hot, c.view.read(power), power.ones, "after it was written (B13.2)");
    return device_view::with_field(nt.at("NTINTSTS"), "SEVENT", 0, 1);
}

void see_a_reset(context& c, unsigned f) {
    const register_set nt = registers_of_function(c, f);
    const register_set sw = registers_of_switch(c);
    const unsigned partition = c.view.partition_of(f);
    const unsigned port = c.view.port_of(f);
    const std::size_t in = c.view.instance_of_function(f).value();
    const kept_register types(sw, "SEMSK");
    const kept_register who(sw, "SEPMSK");
    const kept_register signals(sw, "SEGSIGMSK");
    for (const reset_kind kind : {reset_kind::hot, reset_kind::fundamental}) {
        if (!c.view.device().can_reset(kind))
            continue;
        for (const char* status : {"SELINKUPSTS", "SELINKDNSTS", "SEFRSTSTS", "SEHRSTSTS"}) {
            sw.write(status, 0xFFFFFFFF);
            sw.expect(status, 0, "after ones were written");
        }
        // A mapping entry of the partition becomes invalid; lookup tables are cleared.
        nt.write("NTMTBLADDR", partition);
        const std::uint32_t entry =
            device_view::with_field(nt.at("NTMTBLDATA"), "PART", nt.at("NTMTBLDATA").rw, partition);
        nt.write("NTMTBLDATA", entry);
        constexpr std::array<const char*, 3> parts{"LUTLDATA", "LUTMDATA", "LUTUDATA"};
        const sheet& select = nt.at("LUTOFFSET");
        const std::uint32_t some_entry = device_view::with_field(
            select, "BAR",
            device_view::with_field(select, "INDEX", 0,
                                    static_cast<std::uint32_t>(c.dice.below(24))),
            4);
        nt.write("LUTOFFSET", some_entry);
        for (const char* part : parts)
            nt.write(part, 0xFFFFFFFF);
        const std::uint32_t event = raise_for_reset(c, nt, sw, f);
        c.view.device().reset(kind, f);
        for (unsigned g = 0; g < c.view.device().functions(); ++g)
            c.view.open_bar0(g); // a partition of two was reset as one
        nt.expect_field("PMCSR", "PSTATE", 0, "after a reset in D3hot");
        nt.expect("NTINTSTS", 0, "after a reset with all events masked", event);
        nt.expect_field("NTMTBLSTS", "ERR", 0, "after a reset");
        nt.expect("MSGSTS", 0, "after a reset");
        for (const char* name : {"INMSG", "INMSGSRC"})
            for (unsigned n = 0; n < 4; ++n)
                nt.expect(name + std::to_string(n), nt.at(name, n).reset, "after a reset");
        nt.write("PCIELSTS", 0xFFFF);
        for (const char* state : {"NLW", "CLS"}) // the link comes up as it was
            nt.expect_field(
                "PCIELSTS", state,
                device_view::field_of(nt.at("PCIELSTS"), state, c.initial.at(nt.at("PCIELSTS").id)),
                "after a reset, and ones");
        nt.write("LUTOFFSET", some_entry);
        for (const char* part : parts)
            nt.expect(part, kind == reset_kind::hot ? nt.at(part).kept : 0, "after a reset");
        nt.write("LUTOFFSET", 0);
        // In a partition of two (topology "seed") a hot reset is the function's own affair.
        const bool own_affair = kind == reset_kind::hot && own_receiver(c, f) != f;
        if (kind == reset_kind::hot) {
            if (!own_affair)
                follow_event(c, sw, {"HRST", "SEHRSTSTS", "SEHRSTMSK", "PART"}, partition);
            follow_event(c, sw, {"LNKDN", "SELINKDNSTS", "SELINKDNMSK", "PORT"}, port);
            follow_event(c, sw, {"LNKUP", "SELINKUPSTS", "SELINKUPMSK", "PORT"}, port);
        } else {
            follow_event(c, sw, {"FRST", "SEFRSTSTS", "SEFRSTMSK", "PART"}, partition);
        }
        sw.expect_field("SWPORT" + std::to_string(port) + "STS", "LINKUP", 1, "after the reset");
        nt.write("NTMTBLADDR", partition);
        nt.expect("NTMTBLDATA", own_affair ? entry : 0,
                  "after a reset of the entry's partition (B4.3)");
        nt.write("NTMTBLDATA", 0);
        nt.write("NTMTBLADDR", 0);
        c.view.look_at(in);
    }
    for (const kept_register* k : {&signals, &who, &types})
        k->give_back();
}

// --- BARs, power, errors ------------------------------------------------------------------------

void size_bars(context& c, unsigned f) {
    const register_set nt = registers_of_function(c, f);
    for (const unsigned n : shuffled(c, 6)) {
        const std::string bar = "BAR" + std::to_string(n);
        const sheet& s = nt.at(bar);
        const std::uint32_t setup = nt.read("BARSETUP" + std::to_string(n));
        const sheet& like = nt.at("BARSETUP" + std::to_string(n));
        const std::uint32_t log2 = device_view::field_of(like, "SIZE", setup);
        const std::uint32_t below = n % 2 == 1 ? nt.read("BARSETUP" + std::to_string(n - 1)) : 0;
        const bool enabled = device_view::field_of(like, "EN", setup) != 0 && log2 >= 4;
        const bool upper = device_view::field_of(like, "EN", below) != 0 &&
                           device_view::field_of(like, "TYPE", below) == 2;
        std::uint32_t expected = 0;
        if (upper) {
            const std::uint32_t size = device_view::field_of(like, "SIZE", below);
            expected = static_cast<std::uint32_t>(~((std::uint64_t{1} << size) - 1) >> 32);
        } else if (enabled) {
            expected = static_cast<std::uint32_t>(~((std::uint64_t{1} << log2) - 1)) & ~0xFU;
            for (const char* same : {"MEMSI", "TYPE", "PREF"})
                expected |=
                    device_view::with_field(s, same, 0, device_view::field_of(like, same, setup));
        }
        const kept_register kept(nt, bar);
        nt.write(bar, 0xFFFFFFFF);
        nt.expect(bar, expected, "after ones were written: its size (B9.1, B9.10)");
        kept.give_back();
    }
}

void lower_power(context& c, unsigned f) {
    const register_set nt = registers_of_function(c, f);
    sheet& s = nt.at("PMCSR");
    target& d = c.view.device();
    const std::uint32_t before = nt.read("PMCSR");
    const auto set_state = [&](std::uint32_t state) {
        d.write(door::config, f, s.offset(), s.size,
                device_view::with_field(s, "PSTATE", before, state));
        c.out.expect(s, device_view::with_field(s, "PSTATE", before, state),
                     d.read(door::config, f, s.offset(), s.size), s.ones,
                     "after PSTATE was set to " + std::to_string(state) + " (B13.2)");
    };
    set_state(3);
    set_state(0);
    c.view.open_bar0(f);
    c.view.look_at(nt.in()); // leaving D3hot may reset the function (PCI PM 1.2 section 5.4.1)
}

void refuse_request(context& c, unsigned f) {
    // A memory request while memory space is off is an unsupported request (PCIe 2.1, 6.2.3).
    if (!c.view.device().has_bar0(f))
        return;
    const register_set nt = registers_of_function(c, f);
    sheet& command = nt.at("PCICMD");
    const std::uint32_t before = nt.read("PCICMD");
    nt.write("AERUES", 0xFFFFFFFF);
    nt.expect("AERUES", 0, "after ones were written");
    nt.write("PCIEDSTS", 0xFFFF);
    c.view.write(command, device_view::with_field(command, "MAE", before, 0));
    const std::uint32_t got = c.view.device().read(door::bar0, f, nt.at("NTSDATA").offset(), 4);
    c.out.expect(nt.at("NTSDATA"), 0xFFFFFFFF, got, 0xFFFFFFFF, "by bar0 without memory space");
    // A read is answered as unsupported, which is the requester's matter (advisory, PCIe 2.1
    // section 6.2.3.2.4.1, and masked after reset); a posted write is this function's error.
    c.view.device().write(door::bar0, f, nt.at("NTSDATA").offset(), 4, 0);
    c.view.write(command, before);
    nt.expect_field("AERUES", "UR", 1, "after a refused write (B8.7)");
    nt.expect_field("PCIEDSTS", "URD", 1, "after a refused request (B8.7)");
    const std::uint32_t status = nt.read("AERUES");
    nt.write("AERUES", 0);
    nt.expect("AERUES", status, "after zeros were written");
    nt.write("AERUES", ~status);
    nt.expect("AERUES", status, "after ones were written to the other bits");
    nt.write("AERUES", status);
    nt.expect("AERUES", 0, "after ones were written");
    nt.write("AERCES", nt.at("AERCES").rw1c);
    nt.write("PCISTS", nt.at("PCISTS").rw1c);
    const std::uint32_t device = nt.read("PCIEDSTS") & nt.at("PCIEDSTS").rw1c;
    nt.write("PCIEDSTS", 0);
    nt.expect("PCIEDSTS", device, "after zeros were written", nt.at("PCIEDSTS").rw1c);
    nt.write("PCIEDSTS", device);
    nt.expect("PCIEDSTS", 0, "after ones were written", nt.at("PCIEDSTS").rw1c);
    c.view.look_at(nt.in());
}

void ask_for_requester(context& c, unsigned f) {
    const register_set nt = registers_of_function(c, f);
    const sheet& s = nt.at("REQIDCAP");
    const std::uint32_t first = c.view.read(s);
    for (const path& by : c.view.paths(s)) {
        if (!by.window && c.traits.writes_allowed)
            c.view.write(s, by, ~first);
        if (by.function == f)
            c.out.expect(s, first, c.view.read(s, by), s.ones, "read by " + name_of(by));
    }
}

void load_temperature_history(context& c, unsigned) {
    const register_set sw = registers_of_switch(c);
    const kept_register control(sw, "TMPCTL");
    const kept_register alarm(sw, "TMPALARM");
    sw.write_field("TMPCTL", "PDOWN", 1); // no new measurement meanwhile
    for (unsigned i = 0; i < 3; ++i) {
        const std::uint32_t low = c.dice.word() & 0xFFU;
        const std::uint32_t high = ~low & 0xFFU;
        const std::uint32_t value = device_view::with_field(
            sw.at("TMPALARM"), "LTEMP",
            device_view::with_field(sw.at("TMPALARM"), "HTEMP", 0, high), low);
        sw.write("TMPALARM", value);
        sw.expect_field("TMPSTS", "LTEMP", low, "after TMPALARM was written (B14.3)");
        sw.expect_field("TMPSTS", "HTEMP", high, "after TMPALARM was written (B14.3)");
        const std::uint32_t status = sw.read("TMPSTS");
        for (const std::uint32_t v : {~status, status}) {
            sw.write("TMPSTS", v);
            sw.expect("TMPSTS", status, "after it was written");
        }
    }
    alarm.give_back();
    control.give_back();
}

// --- partitions and ports -----------------------------------------------------------------------

/// A change that a control register asks for: announced, completed, shown; the flags clear with
/// ones; what changes nothing announces nothing (B3.3).
void change_state(const register_set& sw, const std::string& name, const char* field,
                  std::uint32_t value, const char* begun, const char* done) {
    const std::string control = name + "CTL";
    const std::string status = name + "STS";
    const std::uint32_t before = sw.field(status, field);
    const std::uint32_t flags = device_view::with_field(
        sw.at(status), begun, device_view::with_field(sw.at(status), done, 0, 1), 1);
    sw.write(status, flags);
    for (const std::uint32_t v : {value, before}) {
        sw.write_field(control, field, v);
        sw.expect(status, flags, "after " + control + " asked for a change (B3.3)", flags);
        sw.expect_field(status, field, v, "after " + control + " asked for it");
        sw.write(status, 0);
        sw.expect(status, flags, "after zeros were written", flags);
        sw.write(status, device_view::with_field(sw.at(status), begun, 0, 1));
        sw.expect_field(status, begun, 0, "after a one was written");
        sw.expect_field(status, done, 1, "after a one was written to the other flag");
        sw.write(status, device_view::with_field(sw.at(status), done, 0, 1));
        sw.expect(status, 0, "after ones were written", flags);
        sw.write_field(control, field, v);
        sw.expect(status, 0, "after what it is already was asked for (B3.3)", flags);
        sw.write(status, ~flags);
        sw.expect_field(status, field, v, "after ones were written to it");
    }
}

void change_unused(context& c, unsigned) {
    const register_set sw = registers_of_switch(c);
    std::vector<kept_register> delays; // zero: changes take effect at once (B3.4)
    for (const char* name : {"RDRAINDELAY", "POMCDELAY", "SEDELAY", "USSBRDELAY"}) {
        delays.emplace_back(sw, name);
        sw.write(name, 0);
    }
    for (const unsigned p : shuffled(c, max_ports)) {
        const std::string name = "SWPORT" + std::to_string(p);
        if (!sw.at(name + "CTL").written)
            continue;
        change_state(sw, name, "MODE", static_cast<std::uint32_t>(port_mode::unattached), "OMCI",
                     "OMCC");
        change_state(sw, name, "DEVNUM", sw.field(name + "STS", "DEVNUM") ^ 0x15U, "OMCI", "OMCC");
        break;
    }
    for (const unsigned p : shuffled(c, max_partitions)) {
        const std::string name = "SWPART" + std::to_string(p);
        if (!sw.at(name + "CTL").written)
            continue;
        change_state(sw, name, "STATE", sw.field(name + "STS", "STATE") == 1 ? 0 : 1, "SCI", "SCC");
        break;
    }
    for (const kept_register& d : delays)
        d.give_back();
}

} // namespace

const std::vector<sequence>& all_sequences() {
    static const std::vector<sequence> list{
        {"doorbells",
         "B5.1 B5.2 B5.4 B5.7 B5.8",
         true,
         false,
         {"OUTDBELLSET", "INDBELLSTS", "INDBELLMSK", "NTINTSTS", "GDBELLSTS", "GIDBELLMSK31",
          "GODBELLMSK31", "NTINTMSK", "PCISTS"},
         ring_doorbells},
        {"messages",
         "B6.1 B6.2 B6.4 B6.5",
         true,
         false,
         {"OUTMSG3", "INMSG3", "INMSGSRC3", "MSGSTS", "MSGSTSMSK", "NTINTSTS", "SWP7MSGCTL3"},
         send_messages},
        {"mapping table",
         "B7.1 B7.8",
         true,
         false,
         {"NTMTBLADDR", "NTMTBLDATA", "NTMTBLSTS"},
         fill_mapping_table},
        {"lookup tables",
         "B9.6 B9.7",
         false,
         false,
         {"LUTOFFSET", "LUTLDATA", "LUTMDATA", "LUTUDATA"},
         fill_lookup_tables},
        {"global window", "B1.8", false, false, {"GASAADDR", "GASADATA", "NTSDATA"}, use_window},
        {"global signal",
         "B11.1 B11.3 B11.4 B11.6 B11.8",
         true,
         false,
         {"NTGSIGNAL", "NTINTSTS", "SEGSIGSTS", "SEGSIGMSK", "SEMSK", "SEPMSK", "SESTS"},
         raise_global_signal},
        {"events of a reset",
         "B4.2 B4.3 B11.3 B11.7",
         true,
         true,
         {"NTMTBLADDR",  "NTMTBLDATA",  "LUTOFFSET",   "LUTUDATA",  "SESTS",     "SELINKUPSTS",
          "SELINKUPMSK", "SELINKDNSTS", "SELINKDNMSK", "SEFRSTSTS", "SEFRSTMSK", "SEHRSTSTS",
          "SEHRSTMSK",   "SEMSK",       "SEPMSK",      "SEGSIGMSK", "NTMTBLSTS", "MSGSTS",
          "OUTMSG3",     "SWP7MSGCTL3", "PMCSR",       "INMSG3",    "INMSGSRC3", "PCIELSTS"},
         see_a_reset},
        {"BAR sizes", "B9.1 B9.10", false, true, {"BAR5", "BARSETUP5"}, size_bars},
        {"state changes",
         "B3.3 B3.4 B3.6",
         true,
         true,
         {"SWPORT23CTL", "SWPART7CTL", "SEDELAY"},
         change_unused},
        {"power state", "B13.2", false, true, {"PMCSR"}, lower_power},
        {"refused request",
         "B8.7 B13.4",
         false,
         true,
         {"AERUES", "AERCES", "PCIEDSTS", "PCISTS", "PCICMD", "NTSDATA"},
         refuse_request},
        {"errors",
         "B8.7 B13.4",
         false,
         true,
         {"AERUES", "AERUEM", "AERUESV", "AERCES", "AERCEM", "AERCTL", "AERHL4DW", "PCIEDSTS",
          "PCISTS", "PCICMD", "NTSDATA", "BAR0"},
         report_errors},
        {"temperature alarm",
         "B12.5 B14.2",
         true,
         true,
         {"TMPCTL", "TMPSTS", "TMPALARM", "TMPADJ", "NTINTSTS", "SWPART7STS"},
         alarm_of_temperature},
        {"failover",
         "B3.11 B11.7",
         true,
         true,
         {"NTINTSTS", "SESTS", "SEFOVRMSK"},
         report_failover},
        {"requester ID", "B7.7", false, false, {"REQIDCAP"}, ask_for_requester},
        {"temperature history",
         "B14.3",
         true,
         true,
         {"TMPCTL", "TMPSTS", "TMPALARM"},
         load_temperature_history},
    };
    return list;
}

} // namespace ntb::regs::check
