// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/checker.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "model/regs/handling.h"
#include "testbench/regs/check/error_sequences.h"
#include "testbench/regs/check/register_steps.h"
#include "testbench/regs/check/reset_checks.h"
#include "testbench/regs/check/sequence_tools.h"
#include "testbench/regs/check/sequences.h"
#include "testbench/regs/words.h"

namespace ntb::regs::check {

namespace {

struct step {
    check_kind kind = check_kind::access;
    std::string subject{};
    std::function<void(context&)> run{};
};

constexpr std::uint32_t unmapped_block = 64; ///< dwords of one step
constexpr unsigned resets_of_each_kind = 2;

/// Ports and partitions that carry a function are not switched off.
void leave_what_is_in_use(context& c) {
    const auto sw = c.view.switch_instance();
    if (!sw)
        return;
    const auto field = [&](const std::string& name, const char* f) {
        const sheet* s = c.view.find(*sw, name);
        return s == nullptr ? 0U : device_view::field_of(*s, f, s->value);
    };
    for (sheet& s : c.view.sheets()) {
        const std::string index = std::to_string(s.at.first);
        const bool port = s.at.row->name == "SWPORT{x}CTL";
        const bool partition = s.at.row->name == "SWPART{x}CTL";
        const bool in_use = (port && field("SWPORT" + index + "STS", "MODE") != 0) ||
                            (partition && field("SWPART" + index + "STS", "US") != 0);
        if (in_use && s.written) {
            s.written = false;
            s.why_not_written =
                port ? "would take the port away (B3.3)" : "would take the partition away (B3.3)";
        }
    }
}

/// What the map's handling table leaves out on this target.
void note_handling(context& c) {
    for (const handling_row& h : handling_rows) {
        const bool there =
            std::any_of(c.view.sheets().begin(), c.view.sheets().end(), [&](const sheet& s) {
                return s.at.in->name == h.space && s.at.row->name == h.name &&
                       !c.view.paths(s).empty();
            });
        const char* what = nullptr;
        switch (h.what) {
        case handling::live:
            what = "compared only by sequences: hardware changes it";
            break;
        case handling::loaded:
            what = c.expected.values.empty() ? "reset value not known without --topology" : nullptr;
            break;
        case handling::own_rule:
            what = "written only by its sequence";
            break;
        case handling::unraised:
            what =
                c.traits.writes_allowed ? "never seen set, so its clearing is not seen" : nullptr;
            break;
        case handling::destructive:
            what = c.traits.silicon ? "not written: may do harm" : nullptr;
            break;
        case handling::shared:
            what = c.traits.silicon && !c.traits.shared_allowed
                       ? "not written: other hosts see it (--allow-shared)"
                       : nullptr;
            break;
        case handling::host_owned:
            what = c.traits.host_manages ? "not written: the host depends on it" : nullptr;
            break;
        case handling::by_config:
        case handling::in_use:
            break; // still checked; noted for each member
        }
        if (there && what != nullptr)
            c.out.exclude(
                {std::string(h.name) + (h.field.empty() ? "" : ".") + std::string(h.field), what,
                 std::string(h.reason)});
    }
}

void note_exclusions(context& c) {
    note_handling(c);
    for (const sheet& s : c.view.sheets()) {
        const bool by_table =
            std::any_of(handling_rows.begin(), handling_rows.end(), [&s](const handling_row& h) {
                return h.reason == s.why_not_written && h.what != handling::in_use;
            });
        if (c.view.paths(s).empty())
            c.out.exclude({"registers of " + std::string(s.at.in->title), "not reached",
                           c.traits.writes_allowed
                               ? "no door leads to them"
                               : "only by writing GASAADDR, and --allow-writes is not given"});
        else if (!s.written && c.traits.writes_allowed && !by_table)
            c.out.exclude({s.name, "not written", std::string(s.why_not_written)});
    }
    if (!c.traits.writes_allowed)
        c.out.exclude({"everything", "not written", "--allow-writes is not given"});
    if (c.traits.silicon)
        c.out.exclude({"offsets without a register", "not written",
                       "silicon may have registers there that no document names"});
    for (unsigned f = 0; f < c.view.device().functions(); ++f)
        if (!c.view.device().has_bar0(f))
            c.out.exclude({"bar0 of function " + std::to_string(f), "not used",
                           "memory space is off, or BAR0 is not the configuration space"});
    for (const auto& [kind, title] : {std::pair{reset_kind::fundamental, "fundamental reset"},
                                      std::pair{reset_kind::hot, "hot reset"},
                                      std::pair{reset_kind::from_d3hot, "reset by D3hot"}})
        if (!c.view.device().can_reset(kind))
            c.out.exclude({title, "not done", "this target cannot"});
    if (c.traits.writes_allowed && !c.traits.silicon)
        note_stimuli(c);
    if (!c.traits.fresh)
        c.out.exclude({"reset values that no reset of a function restores", "not compared",
                       "the device has been used since power-on"});
}

void plan_registers(context& c, std::vector<step>& steps) {
    for (const sheet& s : c.view.sheets()) {
        const std::size_t id = s.id;
        const std::vector<path>& all = c.view.paths(s);
        if (all.empty() || (s.own_window && !s.written))
            continue;
        // By every door of its own; of the many windows by one.
        std::vector<path> doors = s.written ? c.view.write_paths(s) : all;
        std::vector<path> windows;
        const auto is_window = [](const path& p) { return p.window; };
        std::copy_if(doors.begin(), doors.end(), std::back_inserter(windows), is_window);
        doors.erase(std::remove_if(doors.begin(), doors.end(), is_window), doors.end());
        if (!windows.empty())
            doors.push_back(windows.at(c.dice.below(windows.size())));
        for (const path& by : doors)
            steps.push_back(
                {check_kind::access, s.name, [id, by](context& k) { check_access(k, id, by); }});
        if (all.size() > 1)
            steps.push_back({check_kind::alias, s.name, [id](context& k) { check_alias(k, id); }});
        if (s.written && (s.storage() | s.wo) != 0)
            steps.push_back(
                {check_kind::neighbours, s.name, [id](context& k) { check_neighbours(k, id); }});
    }
}

void plan_spaces(context& c, std::vector<step>& steps) {
    for (std::size_t in = 0; in < c.view.instances().size(); ++in) {
        const instance& where = c.view.instances()[in];
        std::vector<path> ways = c.view.dword_paths(in);
        if (ways.empty())
            continue;
        std::vector<std::uint32_t> dwords;
        for (const sheet& s : c.view.sheets())
            if (s.in == in)
                dwords.push_back(s.offset() & ~3U);
        std::sort(dwords.begin(), dwords.end());
        dwords.erase(std::unique(dwords.begin(), dwords.end()), dwords.end());
        const std::string title = where.name.empty() ? std::string(where.in->name) : where.name;
        for (const path& by : ways) {
            if (by.window)
                continue;
            for (const std::uint32_t at : dwords) {
                const bool config_only = std::any_of(
                    c.view.sheets().begin(), c.view.sheets().end(), [&](const sheet& s) {
                        return s.in == in && s.offset() / 4 == at / 4 && s.by_config;
                    });
                if (by.by == door::config || !config_only)
                    steps.push_back({check_kind::bytes, title + " " + offset_text(*where.in, at),
                                     [in, at, by](context& k) { check_bytes(k, in, at, by); }});
            }
        }
        if (c.traits.silicon)
            continue;
        // Direct doors all, windows one.
        const auto first_window =
            std::find_if(ways.begin(), ways.end(), [](const path& p) { return p.window; });
        if (first_window != ways.end())
            ways.erase(first_window + 1, ways.end());
        for (const path& by : ways)
            for (std::uint32_t at = 0; at < where.in->bytes; at += 4 * unmapped_block) {
                const std::uint32_t first = where.in->base + at;
                const std::uint32_t n = std::min(unmapped_block, (where.in->bytes - at) / 4);
                steps.push_back(
                    {check_kind::unmapped, title + " from " + offset_text(*where.in, first),
                     [in, first, n, by](context& k) { check_unmapped(k, in, first, n, by); }});
            }
    }
}

void plan_sequences(context& c, std::vector<step>& steps) {
    for (const sequence& q : all_sequences())
        for (unsigned f = 0; f < c.view.device().functions(); ++f) {
            const auto in = c.view.instance_of_function(f);
            const auto sw = c.view.switch_instance();
            if (!in || !sw)
                continue;
            bool possible = true;
            std::string why;
            for (const char* name : q.registers) {
                const sheet* s = c.view.find(*in, name);
                s = s == nullptr ? c.view.find(*sw, name) : s;
                possible = possible && s != nullptr && !c.view.paths(*s).empty();
            }
            if (!possible || !c.traits.writes_allowed ||
                (c.traits.silicon && q.seen_by_others && !c.traits.shared_allowed) ||
                (c.traits.silicon && q.unsafe)) {
                const char* reason = !possible                  ? "a register of it is not reached"
                                     : !c.traits.writes_allowed ? "read-only"
                                     : q.unsafe                 ? "may harm a running system"
                                                                : "other hosts see it";
                c.out.exclude({"sequence " + std::string(q.name), "not run", reason});
                continue;
            }
            steps.push_back({check_kind::sequence, c.view.instances().at(*in).name + " " + q.name,
                             [&q, f](context& k) {
                                 q.run(k, f);
                                 k.view.look_at_everything(); // what it was to change, it may
                             }});
        }
}

void plan_resets(context& c, std::vector<step>& steps) {
    if (!c.traits.writes_allowed)
        return;
    for (unsigned f = 0; f < c.view.device().functions(); ++f)
        for (const reset_kind kind :
             {reset_kind::hot, reset_kind::fundamental, reset_kind::from_d3hot})
            for (unsigned n = 0; n < resets_of_each_kind; ++n)
                if (c.view.device().can_reset(kind))
                    steps.push_back({check_kind::reset, "", [f, kind, n](context& k) {
                                         check_reset(k, f, kind, n == 0);
                                     }});
}

} // namespace

results check_device(target& device, const check_options& options) {
    results out;
    random dice(options.seed);
    device_view view(device, options.map);
    context c{view, out, dice, device.traits(), {}, options.expected};
    for (const other_reset& r : options.expected.resets)
        for (sheet& s : view.sheets())
            if (s.at.in->id == r.in && s.offset() / 4 == r.offset / 4) {
                const unsigned shift = (s.offset() & 3U) * 8U;
                s.reset = ((s.reset & ~(r.mask >> shift)) | ((r.value & r.mask) >> shift)) & s.ones;
            }
    view.look_at_everything();
    leave_what_is_in_use(c);
    note_exclusions(c);
    check_as_found(c);
    for (const sheet& s : view.sheets()) {
        c.initial.push_back(s.value);
        out.registers += view.paths(s).empty() ? 0U : 1U;
    }
    for (unsigned f = 0; f < device.functions(); ++f)
        view.open_bar0(f);

    std::vector<step> steps;
    plan_registers(c, steps);
    plan_spaces(c, steps);
    plan_sequences(c, steps);
    plan_resets(c, steps);
    dice.shuffle(steps);
    for (const step& s : steps) {
        if (s.subject.compare(0, options.only.size(), options.only) != 0)
            continue;
        if (!s.subject.empty()) // a reset names itself
            out.begin(s.kind, s.subject);
        try {
            s.run(c);
        } catch (const missing_register& e) {
            out.fail(s.subject,
                     "the device's own numbers lead to " + std::string(e.what()) +
                         ", which is no register",
                     0, 0);
        }
    }
    out.begin(check_kind::neighbours, "everything");
    check_everything(c, "at the end");
    return out;
}

} // namespace ntb::regs::check
