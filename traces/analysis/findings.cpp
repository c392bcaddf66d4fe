// SPDX-License-Identifier: Apache-2.0
#include "traces/analysis/findings.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "traces/time_text.h"

namespace ntb::traces {
namespace {

struct description {
    std::string_view key;
    std::string_view text;
    bool fault;
};
constexpr std::array<description, finding_kinds> descriptions{{
    {"interrupt-lost", "a cause rose unmasked, no interrupt followed", true},
    {"interrupt-dropped", "an MSI could not be sent (bus mastering off or link down)", true},
    {"interrupt-unasked", "an MSI came without a cause", true},
    {"interrupt-coalesced", "another cause was pending, so no MSI of its own", false},
    {"interrupt-masked", "masked at the receiver", false},
    {"interrupt-late", "its MSI came later than the bound (--late) after its request", false},
    {"doorbell-merged", "its bit was still set, so nothing new to see", false},
    {"doorbell-unheard", "no status bit rose at any port", true},
    {"message-overrun", "the destination's register was full, the data is lost", true},
    {"data-overtaken", "a doorbell's interrupt came before data that was written earlier", true},
    {"data-missing", "a doorbell rang, and data written before it never left the switch", true},
    {"interrupt-repeated", "bits were unmasked that had their MSI and were not cleared", false},
    {"request-refused", "completed as an unsupported request", false},
    {"link-down", "the link went down", false},
}};

const description& of(finding_kind kind) {
    return descriptions.at(static_cast<std::size_t>(kind));
}

std::string hex(std::uint64_t value) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
    return "0x" + std::string(digits.data(), end);
}

bool starts_with(std::string_view text, std::string_view with) {
    return text.substr(0, with.size()) == with;
}

/// "0x00001234" at the end of a write's text; empty for what carries no data.
std::string data_of(std::string_view tlp) {
    const std::size_t data = tlp.rfind(" 0x");
    return data == std::string_view::npos ? std::string() : std::string(tlp.substr(data + 1));
}

std::string subject(const delivery& d) {
    const std::string what = d.kind == delivery_kind::doorbell
                                 ? "doorbell " + hex(d.what)
                                 : "message register " + std::to_string(d.what);
    return what + " of port " + std::to_string(d.from);
}

} // namespace

std::string_view finding_key(finding_kind kind) {
    return of(kind).key;
}

std::string_view finding_text(finding_kind kind) {
    return of(kind).text;
}

bool is_fault(finding_kind kind) {
    return of(kind).fault;
}

findings::findings(const vcd_reader& reader, std::uint64_t late_ps)
    : late_ps_(late_ps), known_(reader.channels(), false) {
    for (const signal_meaning& m : meanings(reader)) {
        if (m.role == signal_role::tx_tlp)
            has_tx_.at(m.port) = true;
        if (m.role == signal_role::msi_count)
            has_msi_count_.at(m.port) = true;
    }
}

void findings::change(const vcd_change& c, const signal_meaning& m) {
    const bool initial = !known_[c.channel];
    known_[c.channel] = true;
    if (!std::exchange(begun_, true))
        begin_ps_ = c.time_ps;
    now_ps_ = c.time_ps;
    switch (m.role) {
    case signal_role::link_up:
        if (!initial && c.value == 0) {
            note(finding_kind::link_down, m.port, c.time_ps, "the host's link");
            forget_sent(m.port);
        }
        break;
    case signal_role::msi_count:
        if (!initial && c.value > msi_count_.at(m.port))
            sent_msis(m.port, c.time_ps, c.value - msi_count_.at(m.port));
        msi_count_.at(m.port) = c.value;
        break;
    case signal_role::rx_tlp: {
        if (!starts_with(c.text, "Cpl") && !c.text.empty())
            asked_.at(m.port) = std::string(c.text);
        if (starts_with(c.text, "MWr bar") && !starts_with(c.text, "MWr bar0")) {
            std::deque<window_write>& writes = writes_.at(m.port);
            if (writes.size() == remembered)
                writes.pop_front();
            writes.push_back({c.time_ps, data_of(c.text)});
        }
        break;
    }
    case signal_role::tx_tlp:
        if (starts_with(c.text, "MWr "))
            left(m.port, c.time_ps, data_of(c.text));
        else if (starts_with(c.text, "MSI "))
            msi_on_link(m.port, c.time_ps);
        else if (starts_with(c.text, "Cpl UR"))
            note(finding_kind::request_refused, m.port, c.time_ps, asked_.at(m.port));
        break;
    default:
        break;
    }
}

void findings::sent_msis(unsigned port, std::uint64_t ps, std::uint64_t count) {
    std::deque<sent_msi>& sent = sent_msis_.at(port);
    for (count = std::min<std::uint64_t>(count, remembered); count != 0; --count) {
        if (sent.size() == remembered) {
            lost(port, sent.front());
            sent.pop_front();
        }
        sent.push_back({ps});
    }
}

void findings::lost(unsigned port, const sent_msi& msi) {
    if (has_tx_.at(port) && msi.ps + msi_patience_ps < now_ps_)
        note(finding_kind::interrupt_lost, port, msi.ps, "MSI that never reached the link");
}

/// None of them will be on the link any more.
void findings::forget_sent(unsigned port) {
    for (const sent_msi& msi : sent_msis_.at(port))
        lost(port, msi);
    sent_msis_.at(port).clear();
}

void findings::msi_on_link(unsigned port, std::uint64_t ps) {
    std::deque<sent_msi>& sent = sent_msis_.at(port);
    const bool cut = begin_ps_ != 0 && ps < begin_ps_ + msi_patience_ps; // sent before it began
    if (sent.empty()) {
        if (has_msi_count_.at(port) && !cut)
            note(finding_kind::interrupt_unasked, port, ps,
                 "MSI on the link, not from the function");
        return;
    }
    const auto in_time = [&](const sent_msi& m) { return ps - m.ps <= late_ps_; };
    auto which = std::find_if(sent.begin(), sent.end(), in_time);
    if (which == sent.end())
        which = sent.begin();
    judge_late(port, ps, *which);
    for (std::deque<doorbell>& list : doorbells_) {
        for (doorbell& d : list) {
            if (d.to == port && d.msi_ps == which->ps && d.on_link_ps == unknown)
                d.on_link_ps = ps;
        }
    }
    sent.erase(which);
}

/// The MSI that the function of `port` sent at `msi_ps` tells of that request.
bool findings::tells_of(unsigned port, std::uint64_t msi_ps, const delivery& d) {
    sent_msi told{msi_ps, d.write_ps.value_or(d.set_ps), subject(d)};
    std::deque<sent_msi>& sent = sent_msis_.at(port);
    const auto same = [&](const sent_msi& m) { return m.ps == msi_ps; };
    const auto found = std::find_if(sent.begin(), sent.end(), same);
    if (!has_tx_.at(port) || found == sent.end()) { // or on the link already: nothing takes time
        judge_late(port, msi_ps, told);
        return false;
    }
    if (found->since_ps == unknown || told.since_ps < found->since_ps)
        *found = std::move(told);
    return true;
}

void findings::judge_late(unsigned port, std::uint64_t ps, const sent_msi& msi) {
    if (msi.since_ps != unknown && ps - msi.since_ps > late_ps_)
        note(finding_kind::interrupt_late, port, msi.since_ps,
             msi.about + ", MSI after " + format_time(ps - msi.since_ps));
}

/// A peer's write leaves towards the host of `port`: which one, and did a doorbell overtake it?
void findings::left(unsigned port, std::uint64_t ps, const std::string& data) {
    for (unsigned from = 0; from < max_trace_ports; ++from) {
        std::deque<window_write>& writes = writes_.at(from);
        const auto same = [&](const window_write& w) { return w.data == data; };
        const auto found = std::find_if(writes.rbegin(), writes.rend(), same); // the youngest
        if (from == port || found == writes.rend())
            continue;
        if (std::count_if(writes.begin(), writes.end(), same) > 1) {
            for (window_write& w : writes)
                w.alike |= same(w);
        }
        for (const doorbell& d : doorbells_.at(from)) {
            if (found->alike || d.to != port || d.write_ps <= found->ps || d.on_link_ps >= ps)
                continue;
            note(finding_kind::data_overtaken, port, d.on_link_ps,
                 "data written at " + format_time(found->ps) + " by port " + std::to_string(from) +
                     " left at " + format_time(ps));
            break;
        }
        writes.erase(std::next(found).base());
        return;
    }
}

/// What a sender wrote before its last doorbell that was heard, and that never left.
void findings::missing(unsigned from) {
    bool others_recorded = false;
    for (unsigned port = 0; port < max_trace_ports; ++port)
        others_recorded |= port != from && has_tx_.at(port);
    for (const window_write& w : writes_.at(from)) {
        if (others_recorded && w.ps < last_rung_.at(from))
            note(finding_kind::data_missing, from, w.ps, "write of " + w.data);
    }
    writes_.at(from).clear();
}

void findings::add(const delivery& d) {
    if (d.from == d.to) // a port's own doorbells come back to it unless masked (B5.4)
        return;
    switch (d.end) {
    case delivery_end::interrupted: {
        const std::uint64_t on_link = tells_of(d.to, d.msi_ps, d) ? unknown : d.msi_ps;
        if (d.kind == delivery_kind::doorbell) {
            std::deque<doorbell>& list = doorbells_.at(d.from);
            if (list.size() == remembered)
                list.pop_front();
            list.push_back({d.to, d.write_ps.value_or(d.set_ps), d.msi_ps, on_link});
            last_rung_.at(d.from) = list.back().write_ps;
        }
        break;
    }
    case delivery_end::bit_was_set:
        note(finding_kind::doorbell_merged, d.to, d.set_ps, subject(d));
        break;
    case delivery_end::coalesced:
        note(finding_kind::interrupt_coalesced, d.to, d.status_ps, subject(d));
        break;
    case delivery_end::masked:
        note(finding_kind::interrupt_masked, d.to, d.status_ps, subject(d));
        break;
    case delivery_end::no_interrupt:
        note(finding_kind::interrupt_lost, d.to, d.status_ps, subject(d));
        break;
    case delivery_end::intx:
    case delivery_end::dropped: // told as an event
        break;
    }
}

void findings::add(const exchange_event& e) {
    switch (e.kind) {
    case exchange_event_kind::msi_without_cause:
        note(finding_kind::interrupt_unasked, e.port, e.time_ps, "MSI to the host");
        break;
    case exchange_event_kind::msi_repeated:
        note(finding_kind::interrupt_repeated, e.port, e.time_ps, "bits " + hex(e.what));
        break;
    case exchange_event_kind::msi_unmasked:
        (void)tells_of(e.port, e.time_ps, e.about);
        break;
    case exchange_event_kind::msi_dropped:
        note(finding_kind::interrupt_dropped, e.port, e.time_ps, "MSI to the host");
        break;
    case exchange_event_kind::message_refused:
        note(finding_kind::message_overrun, e.port, e.time_ps,
             "sent from message register " + std::to_string(e.what));
        break;
    case exchange_event_kind::doorbell_unheard:
        note(finding_kind::doorbell_unheard, e.port, e.time_ps, "doorbell " + hex(e.what));
        break;
    }
}

void findings::note(finding_kind kind, unsigned port, std::uint64_t ps, std::string about) {
    finding& f = all_[{kind, port}];
    if (f.count == 0 || ps < f.first_ps) {
        f.first_ps = ps;
        f.first = std::move(about);
    }
    f.kind = kind;
    f.port = port;
    f.last_ps = std::max(f.last_ps, ps);
    ++f.count;
}

std::vector<finding> findings::report() {
    for (unsigned port = 0; port < max_trace_ports; ++port) {
        missing(port);
        forget_sent(port);
    }
    std::vector<finding> list;
    for (const auto& [key, f] : all_)
        list.push_back(f);
    std::stable_sort(list.begin(), list.end(), [](const finding& a, const finding& b) {
        const auto rank = [](const finding& f) { return is_fault(f.kind) ? 0 : 1; };
        return rank(a) != rank(b) ? rank(a) < rank(b) : a.first_ps < b.first_ps;
    });
    return list;
}

} // namespace ntb::traces
