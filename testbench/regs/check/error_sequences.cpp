// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/error_sequences.h"

#include <array>
#include <optional>
#include <string>

#include "testbench/regs/check/sequence_tools.h"

namespace ntb::regs::check {

namespace {

std::uint32_t bit_of(const register_set& of, std::string_view name, std::string_view field) {
    return device_view::with_field(of.at(name), field, 0, 1);
}

/// The bits of `raised` are set, of those in `watched` no other: zeros keep them, ones for the
/// others too, and each clears with a one of its own.
void follow_latched(const register_set& of, std::string_view name, std::uint32_t raised,
                    std::uint32_t watched, const std::string& what) {
    of.expect(name, raised, "after " + what, watched);
    of.write(name, 0);
    of.expect(name, raised, "after zeros were written", watched);
    of.write(name, watched & ~raised);
    of.expect(name, raised, "after ones were written to the other bits", watched);
    std::uint32_t left = raised;
    for (std::uint32_t bit = 1; bit != 0; bit <<= 1) {
        if ((raised & bit) == 0)
            continue;
        left &= ~bit;
        of.write(name, bit);
        of.expect(name, left, "after a one was written", watched);
    }
}

// --- errors -------------------------------------------------------------------------------------

/// Something that a function reports as an error.
struct provocation {
    std::optional<stimulus> by{}; ///< none: a request while memory space is off (B8.7)
    bool posted = false;          ///< of those: a write
    const char* error = nullptr;  ///< field of AERUES, AERUEM and AERUESV
    bool advisory_case = false;   ///< PCIe 2.1 section 6.2.3.2.4: somebody else reports it
    const char* seen = nullptr;   ///< field of PCISTS
    bool parity = false;          ///< MDPED, too, if PCICMD.PERRE
};

constexpr std::array<provocation, 6> provocations{{
    {{}, false, "UR", true, nullptr, false},
    {{}, true, "UR", false, nullptr, false},
    {stimulus::poisoned_write, false, "UR", true, "DPE", false},
    {stimulus::poisoned_answer, false, "POISONED", true, "DPE", true},
    {stimulus::unsupported_answer, false, nullptr, false, "RMAS", false},
    {stimulus::no_answer, false, "COMPTO", false, nullptr, false},
}};

/// What the function has been told of how to report.
struct reporting {
    bool fatal = false;    ///< AERUESV
    bool masked = false;   ///< AERUEM
    bool advisory = false; ///< AERCEM.ADVISORYNF is 0
    bool serre = false;
    bool perre = false;
};

constexpr std::array<reporting, 6> reportings{{
    {false, false, false, false, false}, // as after reset
    {false, false, true, true, true},
    {true, false, false, true, false},
    {true, false, true, false, true},
    {false, true, true, true, true},
    {true, true, false, true, true},
}};

[[nodiscard]] bool possible(const context& c, const provocation& p, unsigned f) {
    return p.by ? c.view.device().why_not(*p.by, f).empty() : c.view.device().has_bar0(f);
}

/// Makes it happen while PCICMD has `command` besides; memory space is on afterwards.
void provoke(context& c, const register_set& nt, unsigned f, const provocation& p,
             std::uint32_t command) {
    sheet& s = nt.at("PCICMD");
    target& d = c.view.device();
    const std::uint32_t off = device_view::with_field(s, "MAE", command, 0);
    c.view.write(s, p.by ? command : off);
    if (p.by)
        d.provoke(*p.by, f);
    else if (p.posted)
        d.write(door::bar0, f, nt.at("NTSDATA").offset(), 4, 0);
    else
        static_cast<void>(d.read(door::bar0, f, nt.at("NTSDATA").offset(), 4));
    d.settle();
    c.view.write(s, device_view::with_field(s, "MAE", command, 1));
}

void set_up(context& c, const register_set& nt, const reporting& how, std::uint32_t error) {
    const auto write = [&](const char* name, std::uint32_t v) { c.view.write(nt.at(name), v); };
    write("AERUESV", how.fatal ? error : 0);
    write("AERUEM", how.masked ? error : 0);
    write("AERCEM", how.advisory ? 0 : bit_of(nt, "AERCEM", "ADVISORYNF"));
}

std::uint32_t command_for(const register_set& nt, const reporting& how, std::uint32_t before) {
    const sheet& s = nt.at("PCICMD");
    const std::uint32_t v = device_view::with_field(s, "SERRE", before, how.serre ? 1 : 0);
    return device_view::with_field(s, "PERRE", v, how.perre ? 1 : 0);
}

constexpr std::array<const char*, 4> error_registers{"PCISTS", "PCIEDSTS", "AERUES", "AERCES"};

constexpr std::array<const char*, 4> header_log{"AERHL1DW", "AERHL2DW", "AERHL3DW", "AERHL4DW"};

/// The header log has the refused access to NTSDATA (PCIe 2.1 sections 2.2.1 and 6.2.4.2), and
/// ignores writes.
void expect_header(const register_set& nt, bool posted) {
    constexpr std::uint32_t kind_but_width = 0xDF0003FF; // type and length; not 3 or 4 dwords
    constexpr std::uint32_t byte_enables = 0x000000FF;
    nt.expect("AERHL1DW", (posted ? 0x40000000U : 0U) | 1U, "header log", kind_but_width);
    nt.expect("AERHL2DW", 0x0F, "header log", byte_enables);
    const std::uint32_t bar = nt.read("BAR0");
    if (device_view::field_of(nt.at("BAR0"), "TYPE", bar) == 0)
        nt.expect("AERHL3DW", (bar & ~0xFU) + nt.at("NTSDATA").offset(), "header log");
    for (const char* name : header_log) {
        const std::uint32_t before = nt.read(name);
        for (const std::uint32_t v : {~before, before}) {
            nt.write(name, v);
            nt.expect(name, before, "after it was written");
        }
    }
}

void report_one(context& c, const register_set& nt, unsigned f, const provocation& p,
                const reporting& how, std::uint32_t command) {
    const std::uint32_t error = p.error != nullptr ? bit_of(nt, "AERUES", p.error) : 0;
    set_up(c, nt, how, error);
    for (const char* name : error_registers)
        nt.write(name, nt.at(name).rw1c);
    for (const char* name : error_registers)
        nt.expect(name, 0, "after ones were written", nt.at(name).rw1c);
    provoke(c, nt, f, p, command_for(nt, how, command));

    const bool advisory = p.advisory_case && !how.fatal;
    const bool refused = error == bit_of(nt, "AERUES", "UR");
    std::uint32_t pci = p.seen != nullptr ? bit_of(nt, "PCISTS", p.seen) : 0;
    std::uint32_t device = refused ? bit_of(nt, "PCIEDSTS", "URD") : 0;
    std::uint32_t correctable = 0;
    std::uint32_t uncorrectable = 0;
    if (p.parity && how.perre)
        pci |= bit_of(nt, "PCISTS", "MDPED");
    if (error != 0 && advisory) {
        device |= bit_of(nt, "PCIEDSTS", "CED");
        correctable = bit_of(nt, "AERCES", "ADVISORYNF");
        uncorrectable = how.advisory ? error : 0;
    } else if (error != 0) {
        device |= bit_of(nt, "PCIEDSTS", how.fatal ? "FED" : "NFED");
        uncorrectable = error;
        if (how.serre && !how.masked)
            pci |= bit_of(nt, "PCISTS", "SSE");
    }
    const std::string what = (p.by       ? words_for(*p.by)
                              : p.posted ? "a refused write"
                                         : "a refused read") +
                             std::string(how.fatal ? ", fatal" : "") +
                             (how.masked ? ", masked" : "");
    if (uncorrectable != 0 && !how.masked) {
        std::uint32_t index = 0;
        while ((error >> index & 1U) == 0)
            ++index;
        nt.expect_field("AERCTL", "FEPTR", index, "after " + what);
        const std::uint32_t storage = nt.at("AERCTL").rw;
        nt.write("AERCTL", (nt.read("AERCTL") & storage) | ~storage);
        nt.expect_field("AERCTL", "FEPTR", index, "after ones were written");
        if (!p.by)
            expect_header(nt, p.posted);
    }
    struct expected {
        const char* name;
        std::uint32_t bits;
    };
    std::vector<expected> all{
        {"PCISTS", pci}, {"PCIEDSTS", device}, {"AERUES", uncorrectable}, {"AERCES", correctable}};
    c.dice.shuffle(all);
    for (const expected& e : all)
        follow_latched(nt, e.name, e.bits, nt.at(e.name).rw1c, what);
}

// --- temperature --------------------------------------------------------------------------------

constexpr std::uint32_t no_threshold = 0xFF; // nothing is above it

/// TMPCTL for a sensor that is on, with nothing enabled but the alarm above `high`.
std::uint32_t alarm_above(const register_set& sw, std::uint32_t high) {
    const sheet& s = sw.at("TMPCTL");
    return device_view::with_field(s, "HTH", device_view::with_field(s, "AHTH_EN", 0, 1), high);
}

/// The highest alarm of TMPALARM, where TMPSTS has it (B14.2).
std::uint32_t highest_alarm(const register_set& sw) {
    return bit_of(sw, "TMPSTS", "AHTH");
}

/// Of a temperature that the sensor shows. False if there is none to be above.
bool raise_alarm(const register_set& sw) {
    sw.write("TMPCTL", alarm_above(sw, no_threshold));
    const std::uint32_t now = sw.field("TMPSTS", "TEMP");
    if (now == 0)
        return false;
    sw.write("TMPCTL", alarm_above(sw, now - 1));
    return true;
}

/// What is written to TMPALARM besides its flags is the history (B14.3).
std::uint32_t history(const register_set& sw) {
    return sw.read("TMPALARM") & sw.at("TMPALARM").rw;
}

/// TMPSTS flags what lies above the highest and below the lowest threshold, whatever is written to
/// it (B14.2). The sensor is on, all alarms are off.
void compare_with_thresholds(const register_set& sw) {
    const sheet& s = sw.at("TMPCTL");
    const std::uint32_t now = sw.field("TMPSTS", "TEMP");
    for (const std::uint32_t high : {0U, now, no_threshold})
        for (const std::uint32_t low : {0U, now, no_threshold}) {
            sw.write("TMPCTL", device_view::with_field(
                                   s, "HTH", device_view::with_field(s, "LTH", 0, low), high));
            for (const std::uint32_t v : {0U, 0xFFFFFFFFU}) {
                sw.write("TMPSTS", v);
                sw.expect_field("TMPSTS", "TEMP", now, "while it was written");
                sw.expect_field("TMPSTS", "AHTH", now > high ? 1 : 0, "by TMPCTL.HTH (B14.2)");
                sw.expect_field("TMPSTS", "BLTH", now < low ? 1 : 0, "by TMPCTL.LTH (B14.2)");
            }
        }
    sw.write("TMPCTL", alarm_above(sw, no_threshold));
}

bool partition_is_active(context& c, const register_set& sw, unsigned f) {
    return sw.field("SWPART" + std::to_string(c.view.partition_of(f)) + "STS", "STATE") == 1;
}

} // namespace

void report_errors(context& c, unsigned f) {
    const register_set nt = registers_of_function(c, f);
    const sheet& command = nt.at("PCICMD");
    const std::uint32_t before = nt.read("PCICMD");
    const std::uint32_t open = device_view::with_field(command, "MAE", before, 1);
    const kept_register data(nt, "NTSDATA");
    const kept_register severity(nt, "AERUESV");
    const kept_register mask(nt, "AERUEM");
    const kept_register correctable(nt, "AERCEM");
    const std::uint32_t value = c.dice.word();
    nt.write("NTSDATA", value);
    struct chosen {
        const provocation* what;
        const reporting* how;
    };
    std::vector<chosen> all;
    for (const provocation& p : provocations)
        for (const reporting& r : reportings)
            if (possible(c, p, f))
                all.push_back({&p, &r});
    c.dice.shuffle(all);
    for (const chosen& one : all)
        report_one(c, nt, f, *one.what, *one.how, open);
    nt.expect("NTSDATA", value, "after writes that were refused");
    for (const kept_register* k : {&correctable, &mask, &severity, &data})
        k->give_back();
    c.view.write(command, before);
    c.view.look_at(nt.in());
}

void alarm_of_temperature(context& c, unsigned f) {
    const register_set nt = registers_of_function(c, f);
    const register_set sw = registers_of_switch(c);
    const kept_register adjustment(sw, "TMPADJ");
    const kept_register control(sw, "TMPCTL");
    const kept_register alarm(sw, "TMPALARM");
    const std::uint32_t flags = sw.at("TMPALARM").rw1c;
    const std::uint32_t sensor = bit_of(nt, "NTINTSTS", "TMPSENSOR");
    sw.write("TMPADJ", 0);
    for (unsigned round = 0; round < 2; ++round) {
        sw.write("TMPCTL", alarm_above(sw, no_threshold));
        sw.write("TMPALARM", history(sw) | flags);
        nt.write("NTINTSTS", sensor);
        nt.expect("NTINTSTS", 0, "after a one was written", sensor);
        compare_with_thresholds(sw);
        if (!raise_alarm(sw)) {
            c.out.exclude({"temperature alarm", "not raised", "the sensor shows 0"});
            break;
        }
        sw.expect_field("TMPSTS", "AHTH", 1, "above the threshold (B14.2)");
        if (partition_is_active(c, sw, f))
            follow_latched(nt, "NTINTSTS", sensor, sensor, "a temperature alarm (B12.5)");
        const std::uint32_t raised = highest_alarm(sw);
        sw.expect("TMPALARM", raised, "after a temperature alarm (B14.2)", flags);
        if (sw.read("TMPALARM") != sw.read("TMPALARM") ||
            (sw.read("TMPALARM") & flags) == 0) { // which of the two is not known (B14.3)
            c.out.exclude({"TMPALARM.IRQ", "clearing with ones",
                           "this device clears it when it is "
                           "read"});
            continue;
        }
        const std::uint32_t kept = history(sw);
        sw.write("TMPALARM", kept);
        sw.expect("TMPALARM", kept | raised, "after zeros were written to the flags");
        sw.write("TMPALARM", kept | (flags & ~raised));
        sw.expect("TMPALARM", kept | raised, "after ones were written to the other flags");
        sw.write("TMPALARM", kept | raised);
        sw.expect("TMPALARM", kept, "after a one was written (B14.2)");
    }
    for (const kept_register* k : {&alarm, &control, &adjustment})
        k->give_back();
    for (unsigned g = 0; g < c.view.device().functions(); ++g) {
        const register_set other = registers_of_function(c, g);
        other.write("NTINTSTS", sensor);
        other.look("NTINTSTS");
    }
}

void report_failover(context& c, unsigned f) {
    const register_set sw = registers_of_switch(c);
    const kept_register mask(sw, "SEFOVRMSK");
    sw.write("SEFOVRMSK", 0xFFFFFFFF);
    for (const std::uint32_t v : {0xFFFFFFFFU, 0U}) {
        sw.write("SESTS", v);
        sw.expect_field("SESTS", "FOVER", 0, "while SEFOVRMSK masks everything (B11.7)");
    }
    mask.give_back();
    if (!c.view.device().why_not(stimulus::failover, f).empty())
        return; // said by note_stimuli()
    const register_set nt = registers_of_function(c, f);
    const std::uint32_t bits = bit_of(nt, "NTINTSTS", "FMCI") | bit_of(nt, "NTINTSTS", "FMCC");
    for (unsigned round = 0; round < 2; ++round) {
        nt.write("NTINTSTS", bits);
        nt.expect("NTINTSTS", 0, "after ones were written", bits);
        c.view.device().provoke(stimulus::failover, f);
        follow_latched(nt, "NTINTSTS", bits, bits, "a failover of its port (B3.11)");
    }
    nt.look("NTINTSTS");
}

void leave_errors(context& c, unsigned f) {
    const register_set nt = registers_of_function(c, f);
    const sheet* const known = c.view.find(nt.in(), "NTINTSTS"); // another space has no such rules
    if (known == nullptr || c.traits.silicon || !c.traits.writes_allowed)
        return;
    const sheet& command = nt.at("PCICMD");
    const std::uint32_t before = device_view::with_field(command, "MAE", c.view.read(command), 1);
    for (const provocation& p : provocations) {
        if (!possible(c, p, f))
            continue;
        const std::uint32_t error = p.error != nullptr ? bit_of(nt, "AERUES", p.error) : 0;
        for (const reporting& how : {reportings[1], reportings[2]}) {
            set_up(c, nt, how, error);
            provoke(c, nt, f, p, command_for(nt, how, before));
        }
    }
    if (c.view.device().why_not(stimulus::failover, f).empty())
        c.view.device().provoke(stimulus::failover, f);
    if (!c.view.switch_instance())
        return;
    const register_set sw = registers_of_switch(c);
    const kept_register control(sw, "TMPCTL");
    static_cast<void>(raise_alarm(sw));
    control.give_back();
    sw.write("TMPALARM", history(sw) | sw.at("TMPALARM").rw1c);
}

void note_stimuli(context& c) {
    for (unsigned n = 0; n < stimuli; ++n)
        for (unsigned f = 0; f < c.view.device().functions(); ++f) {
            const auto what = static_cast<stimulus>(n);
            const std::string reason = c.view.device().why_not(what, f);
            if (reason.empty())
                continue;
            c.out.exclude({std::string("status set by ") + words_for(what), "not raised", reason});
            break;
        }
}

} // namespace ntb::regs::check
