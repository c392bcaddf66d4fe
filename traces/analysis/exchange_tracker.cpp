// SPDX-License-Identifier: Apache-2.0
#include "traces/analysis/exchange_tracker.h"

#include <algorithm>
#include <utility>

namespace ntb::traces {
namespace {

constexpr std::uint64_t unknown_latency = UINT64_MAX;
/// Requests and writes remembered per port; older ones have been lost on the way (masked, or sent
/// where no NT function is).
constexpr std::size_t max_under_way = 64;
constexpr std::uint32_t in_message_bits = 0xF0000; ///< MSGSTS.INMSGSTS3..0
constexpr std::uint32_t out_message_bits = 0xF;    ///< MSGSTS.OUTMSGSTS3..0
constexpr unsigned in_message_shift = 16;

std::uint64_t distance(std::uint64_t a, std::uint64_t b) {
    return a > b ? a - b : b - a;
}

struct choice {
    std::size_t index = SIZE_MAX;
    bool clear = false; ///< it was the only candidate
};

/// What is known of a pair's latency; where nothing is, the shortest of any pair: it differs
/// little.
template <class Table>
std::uint64_t expected_latency(const Table& table, unsigned from, unsigned to) {
    if (table[from][to] != unknown_latency)
        return table[from][to];
    std::uint64_t shortest = unknown_latency;
    for (const auto& row : table)
        shortest = std::min(shortest, *std::min_element(row.begin(), row.end()));
    return shortest;
}

/// Of the entries of `list` that fit, the one whose age is nearest to what latency_of() says; the
/// youngest while that is unknown.
template <class List, class Fits, class Latency>
choice choose(const List& list, std::uint64_t now, Fits fits, Latency latency_of) {
    choice best;
    std::uint64_t best_distance = UINT64_MAX;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (!fits(list[i]))
            continue;
        const std::uint64_t age = now - list[i].ps;
        const std::uint64_t expected = latency_of(list[i]);
        const std::uint64_t d = expected == unknown_latency ? age : distance(age, expected);
        best.clear = best.index == SIZE_MAX;
        if (best.clear || d <= best_distance) {
            best.index = i;
            best_distance = d;
        }
    }
    return best;
}

/// Signals without which the cause of an MSI can not be known.
bool explains_interrupts(signal_role role) {
    switch (role) {
    case signal_role::indbellsts:
    case signal_role::indbellmsk:
    case signal_role::msgsts:
    case signal_role::msgstsmsk:
    case signal_role::ntintsts:
    case signal_role::ntintmsk:
        return true;
    default:
        return false;
    }
}
constexpr unsigned explaining_signals = 6;

} // namespace

exchange_tracker::exchange_tracker(const vcd_reader& reader, sink on_delivery, event_sink on_event)
    : on_delivery_(std::move(on_delivery)), on_event_(std::move(on_event)),
      meanings_(meanings(reader)), known_(reader.channels(), false) {
    for (auto& row : doorbell_latency_)
        row.fill(unknown_latency);
    for (auto& row : message_latency_)
        row.fill(unknown_latency);
    for (port_state& p : ports_)
        p.interrupt_latency = unknown_latency;
    for (const signal_meaning& m : meanings_) {
        if (m.role == signal_role::none || m.role == signal_role::core_clock)
            continue;
        counts_[m.port].seen = true;
        ports_[m.port].has_rx |= m.role == signal_role::rx_tlp;
        ports_[m.port].has_indbellsts |= m.role == signal_role::indbellsts;
        ports_[m.port].told += explains_interrupts(m.role) ? 1 : 0;
    }
}

void exchange_tracker::change(const vcd_change& c) {
    const signal_meaning m = meanings_[c.channel];
    if (m.role == signal_role::none)
        return;
    if (c.time_ps != now_) {
        step();
        now_ = c.time_ps;
    }
    port_state& p = ports_[m.port];
    const bool initial = !known_[c.channel];
    known_[c.channel] = true;
    const auto word = static_cast<std::uint32_t>(c.value);
    switch (m.role) {
    case signal_role::core_clock:
        core_clock_ps_ = c.value;
        return;
    case signal_role::rx_tlp:
    case signal_role::tx_tlp:
        if (!c.text.empty())
            events_.push_back({m, 0, parse_bar0_write(c.text)});
        return;
    default:
        break;
    }
    if (!initial) {
        events_.push_back({m, c.value, {}});
        return;
    }
    switch (m.role) { // what was so before anything happened
    case signal_role::outdbellset_count:
        p.rings.counter = p.rings.counter_before = c.value;
        break;
    case signal_role::outmsg_write_count:
        p.sends[m.number].counter = p.sends[m.number].counter_before = c.value;
        break;
    case signal_role::msi_count:
        p.msis.counter = p.msis.counter_before = c.value;
        break;
    case signal_role::msi_dropped_count:
        p.drops.counter = p.drops.counter_before = c.value;
        break;
    case signal_role::outmsg:
        p.outmsg[m.number] = c.value;
        break;
    case signal_role::inmsg:
        p.inmsg[m.number] = c.value;
        break;
    case signal_role::indbellsts:
        p.indbellsts = word;
        break;
    case signal_role::indbellmsk:
        p.indbellmsk = word;
        break;
    case signal_role::msgsts:
        p.msgsts = word;
        break;
    case signal_role::msgstsmsk:
        p.msgstsmsk = word;
        break;
    case signal_role::ntintsts:
        p.ntintsts = word;
        break;
    case signal_role::ntintmsk:
        p.ntintmsk = word;
        break;
    case signal_role::intx:
        p.intx = c.value != 0;
        break;
    default:
        break;
    }
}

/// Works off one instant in the order of cause and effect: links, requests, status, interrupts.
/// (With a timing of zeros all of them happen at once.)
void exchange_tracker::step() {
    if (events_.empty())
        return;
    for (const event& e : events_)
        link_event(e);
    for (const event& e : events_)
        request_event(e);
    for (unsigned port = 0; port < max_trace_ports; ++port) {
        port_state& p = ports_[port];
        for (std::uint64_t n = p.rings.take(); n != 0; --n)
            ring(port, p.outdbellset);
        for (unsigned number = 0; number < trace_messages; ++number) {
            for (std::uint64_t n = p.sends[number].take(); n != 0; --n)
                send(port, number);
        }
    }
    for (const event& e : events_)
        status_event(e);
    for (unsigned port = 0; port < max_trace_ports; ++port) {
        port_state& p = ports_[port];
        for (std::uint64_t n = p.drops.take(); n != 0; --n)
            interrupt(port, true);
        for (std::uint64_t n = p.msis.take(); n != 0; --n)
            interrupt(port, false);
    }
    events_.clear();
}

void exchange_tracker::finish() {
    step();
    for (unsigned port = 0; port < max_trace_ports; ++port) {
        while (!ports_[port].doorbells.empty())
            drop_oldest(port);
        for (cause& c : ports_[port].causes) {
            for (delivery& d : c.deliveries)
                tell(d, delivery_end::no_interrupt);
        }
        ports_[port].causes.clear();
    }
    while (!rings_.empty())
        forget_ring();
}

void exchange_tracker::link_event(const event& e) {
    port_counts& count = counts_[e.meaning.port];
    if (e.meaning.role == signal_role::tx_tlp)
        ++count.tx_tlps;
    if (e.meaning.role != signal_role::rx_tlp)
        return;
    ++count.rx_tlps;
    if (!e.write.valid)
        return;
    std::vector<tlp_write>& writes = ports_[e.meaning.port].writes;
    if (writes.size() == max_under_way)
        writes.erase(writes.begin());
    writes.push_back({now_, e.write});
}

void exchange_tracker::request_event(const event& e) {
    port_state& p = ports_[e.meaning.port];
    const unsigned number = e.meaning.number;
    switch (e.meaning.role) {
    case signal_role::outdbellset:
        if (e.value == 0)
            break;
        // Two different values at one instant: the first one is complete.
        if (p.rings.pulses != 0) {
            ring(e.meaning.port, p.outdbellset);
            ++p.rings.counter_before;
            --p.rings.pulses;
        }
        p.outdbellset = static_cast<std::uint32_t>(e.value);
        ++p.rings.pulses;
        break;
    case signal_role::outdbellset_count:
        p.rings.counter = e.value;
        break;
    case signal_role::outmsg:
        p.outmsg[number] = e.value;
        break;
    case signal_role::outmsg_write:
        p.sends[number].pulses += e.value != 0 ? 1 : 0;
        break;
    case signal_role::outmsg_write_count:
        p.sends[number].counter = e.value;
        break;
    case signal_role::inmsg:
        p.inmsg[number] = e.value;
        break;
    case signal_role::msi:
        p.msis.pulses += e.value != 0 ? 1 : 0;
        break;
    case signal_role::msi_count:
        p.msis.counter = e.value;
        break;
    case signal_role::msi_dropped:
        p.drops.pulses += e.value != 0 ? 1 : 0;
        break;
    case signal_role::msi_dropped_count:
        p.drops.counter = e.value;
        break;
    default:
        break;
    }
}

/// The begin of the BAR0 write that acts now; forgets it, and older ones to the same register.
std::optional<std::uint64_t> exchange_tracker::take_write(unsigned port, std::uint32_t offset,
                                                          std::uint64_t value) {
    port_state& p = ports_[port];
    if (!p.has_rx) {
        links_recorded_ = false;
        return now_;
    }
    const auto fits = [&](const tlp_write& w) {
        return w.write.offset == offset && w.write.value == value;
    };
    const auto found = std::find_if(p.writes.begin(), p.writes.end(), fits);
    if (found == p.writes.end()) {
        ++other_doors_;
        return std::nullopt;
    }
    const std::uint64_t began = found->ps;
    p.writes.erase(p.writes.begin(), found + 1); // posted writes never pass each other
    return began;
}

void exchange_tracker::ring(unsigned from, std::uint32_t bits) {
    ++counts_[from].doorbells_rung;
    const std::optional<std::uint64_t> began = take_write(from, outdbellset_offset, bits);
    if (rings_.size() == max_under_way)
        forget_ring();
    rings_.push_back({++rings_so_far_, from, bits, now_, false});
    for (unsigned to = 0; to < max_trace_ports; ++to) {
        port_state& p = ports_[to];
        if (!p.has_indbellsts)
            continue;
        if (p.doorbells.size() == max_under_way)
            drop_oldest(to);
        p.doorbells.push_back(
            {from, bits, 0, began, now_, (bits & ~p.indbellsts) == 0, rings_so_far_});
        // Where the bits are set already nothing rises; that is no loss.
        rings_.back().heard |= (bits & ~p.indbellsts) == 0;
    }
}

/// Forgets the oldest doorbell under way to `port`: nothing of it will be seen any more.
void exchange_tracker::drop_oldest(unsigned port) {
    std::vector<request>& list = ports_[port].doorbells;
    const request r = list.front();
    list.erase(list.begin());
    if (r.bits_were_set)
        tell({delivery_kind::doorbell, r.from, port, r.what, r.write_ps, r.ps, r.ps, 0, {}},
             delivery_end::bit_was_set);
}

/// Numbers are consecutive; what is older than those remembered has been judged.
void exchange_tracker::heard(std::uint64_t ring) {
    if (!rings_.empty() && ring >= rings_.front().number)
        rings_.at(ring - rings_.front().number).heard = true;
}

void exchange_tracker::forget_ring() {
    const rung r = rings_.front();
    rings_.pop_front();
    if (!r.heard && r.bits != 0)
        tell(exchange_event_kind::doorbell_unheard, r.from, r.ps, r.bits);
}

void exchange_tracker::send(unsigned from, unsigned number) {
    ++counts_[from].messages_sent;
    const std::uint64_t value = ports_[from].outmsg[number];
    if (messages_.size() == max_under_way)
        messages_.erase(messages_.begin());
    messages_.push_back({from, number, value, take_write(from, outmsg0_offset + 4 * number, value),
                         now_, false, 0});
}

bool exchange_tracker::pending(unsigned port, std::uint32_t bit) const {
    const port_state& p = ports_[port];
    if (bit == ntint_dbell)
        return (p.indbellsts & ~p.indbellmsk) != 0;
    if (bit == ntint_msg)
        return (p.msgsts & ~p.msgstsmsk) != 0;
    return (p.ntintsts & bit) != 0;
}

void exchange_tracker::status_event(const event& e) {
    const unsigned port = e.meaning.port;
    port_state& p = ports_[port];
    const auto word = static_cast<std::uint32_t>(e.value);
    switch (e.meaning.role) {
    case signal_role::indbellsts:
        doorbell_status(port, word);
        break;
    case signal_role::msgsts:
        message_status(port, word);
        break;
    case signal_role::indbellmsk: {
        const bool before = pending(port, ntint_dbell);
        p.indbellmsk = word;
        mask_change(port, ntint_dbell, before);
        break;
    }
    case signal_role::msgstsmsk: {
        const bool before = pending(port, ntint_msg);
        p.msgstsmsk = word;
        mask_change(port, ntint_msg, before);
        break;
    }
    case signal_role::ntintmsk:
        global_mask_change(port, word);
        break;
    case signal_role::ntintsts:
        other_status(port, word);
        break;
    case signal_role::intx:
        intx_changed(port, e.value != 0);
        break;
    default:
        break;
    }
}

void exchange_tracker::doorbell_status(unsigned port, std::uint32_t status) {
    port_state& p = ports_[port];
    const bool before = pending(port, ntint_dbell);
    const std::uint32_t before_bits = p.indbellsts;
    std::uint32_t risen = status & ~before_bits;
    p.indbellsts = status;
    p.told_dbell &= status;
    p.masked_dbell.bits &= status;
    if (risen != 0)
        ++counts_[port].doorbells_received;
    std::vector<delivery> deliveries;
    const std::uint32_t shown = risen;
    while (risen != 0) {
        const auto latency_of = [&](const request& r) {
            return expected_latency(doorbell_latency_, r.from, port);
        };
        // One that explains exactly what rose, else (bits may be masked) one that explains some.
        const auto explains = [&](const request& r) { return (r.what & ~before_bits) == risen; };
        const auto fits = [&](const request& r) { return (r.what & risen) != 0; };
        choice best = choose(p.doorbells, now_, explains, latency_of);
        if (best.index == SIZE_MAX)
            best = choose(p.doorbells, now_, fits, latency_of);
        if (best.index == SIZE_MAX)
            break;
        const request r = p.doorbells[best.index];
        std::uint64_t& latency = doorbell_latency_[r.from][port];
        if (best.clear && !r.bits_were_set)
            latency = std::min(latency, now_ - r.ps);
        deliveries.push_back(
            {delivery_kind::doorbell, r.from, port, r.what & shown, r.write_ps, r.ps, now_, 0, {}});
        heard(r.ring);
        risen &= ~r.what;
        p.doorbells.erase(p.doorbells.begin() + static_cast<std::ptrdiff_t>(best.index));
        // Older ones of that sender with the same bits arrived before and changed nothing.
        for (std::size_t i = 0; i < best.index && i < p.doorbells.size();) {
            const request& old = p.doorbells[i];
            if (old.from != r.from || (old.what & ~r.what) != 0 || old.ps >= r.ps) {
                ++i;
                continue;
            }
            // It can have been merged only if the bit was set when it came: at its request, or by
            // the one that is here now. Otherwise it was masked on its way.
            if (old.bits_were_set || r.ps - old.ps <= now_ - r.ps) {
                tell({delivery_kind::doorbell,
                      old.from,
                      port,
                      old.what,
                      old.write_ps,
                      old.ps,
                      old.ps,
                      0,
                      {}},
                     delivery_end::bit_was_set);
                heard(old.ring);
            }
            p.doorbells.erase(p.doorbells.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
    if (shown != 0)
        rise(port, ntint_dbell, before, std::move(deliveries), shown);
    if (before && !pending(port, ntint_dbell))
        fall(port, ntint_dbell);
}

void exchange_tracker::message_status(unsigned port, std::uint32_t status) {
    port_state& p = ports_[port];
    const bool before = pending(port, ntint_msg);
    const std::uint32_t risen = status & ~p.msgsts;
    p.msgsts = status;
    p.told_msg &= status;
    p.masked_msg.bits &= status;
    const auto remove = [this](std::size_t i) {
        messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(i));
    };
    for (unsigned n = 0; n < trace_messages; ++n) {
        if ((risen & out_message_bits & 1U << n) == 0)
            continue;
        ++counts_[port].messages_refused;
        tell(exchange_event_kind::message_refused, port, now_, n);
        const auto fits = [&](const request& r) { return r.from == port && r.what == n; };
        const choice best =
            choose(messages_, now_, fits, [](const request&) { return unknown_latency; });
        if (best.index != SIZE_MAX)
            remove(best.index);
    }
    std::vector<delivery> deliveries;
    for (unsigned n = 0; n < trace_messages; ++n) {
        if ((risen & in_message_bits & 1U << (n + in_message_shift)) == 0)
            continue;
        ++counts_[port].messages_received;
        const auto fits = [&](const request& r) { return r.value == p.inmsg[n]; };
        const choice best = choose(messages_, now_, fits, [&](const request& r) {
            return expected_latency(message_latency_, r.from, port);
        });
        if (best.index == SIZE_MAX)
            continue;
        const request r = messages_[best.index];
        if (best.clear)
            message_latency_[r.from][port] = std::min(message_latency_[r.from][port], now_ - r.ps);
        deliveries.push_back(
            {delivery_kind::message, r.from, port, r.what, r.write_ps, r.ps, now_, 0, {}});
        remove(best.index);
    }
    if (risen != 0)
        rise(port, ntint_msg, before, std::move(deliveries), risen);
    if (before && !pending(port, ntint_msg))
        fall(port, ntint_msg);
}

/// Status bits behind `bit` have risen: expects an interrupt if that makes it pending, unmasked.
void exchange_tracker::rise(unsigned port, std::uint32_t bit, bool was_pending,
                            std::vector<delivery> deliveries, std::uint32_t risen, bool unmasked) {
    port_state& p = ports_[port];
    if (!was_pending && pending(port, bit) && (p.ntintmsk & bit) == 0) {
        if (p.intx) {
            for (const delivery& d : deliveries)
                tell(d, delivery_end::intx);
            return;
        }
        if (p.causes.size() < max_under_way)
            p.causes.push_back({bit, now_, std::move(deliveries), unmasked});
        return;
    }
    masked_request& masked = bit == ntint_dbell ? p.masked_dbell : p.masked_msg;
    for (const delivery& d : deliveries) {
        if (!was_pending && masked.bits == 0 && d.from != port)
            masked = {risen, d};
        tell(d, was_pending ? delivery_end::coalesced : delivery_end::masked);
    }
}

void exchange_tracker::fall(unsigned port, std::uint32_t bit) {
    std::vector<cause>& causes = ports_[port].causes;
    for (std::size_t i = 0; i < causes.size();) {
        if (causes[i].bit != bit) {
            ++i;
            continue;
        }
        for (const delivery& d : causes[i].deliveries)
            tell(d, delivery_end::no_interrupt);
        causes.erase(causes.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

/// INTx is a level for all causes together (B12.4): who is told by it needs no MSI.
void exchange_tracker::intx_changed(unsigned port, bool asserted) {
    port_state& p = ports_[port];
    p.intx = asserted;
    if (!asserted)
        return;
    for (const cause& c : p.causes) {
        for (const delivery& d : c.deliveries)
            tell(d, delivery_end::intx);
    }
    p.causes.clear();
}

void exchange_tracker::mask_change(unsigned port, std::uint32_t bit, bool was_pending) {
    const bool is_pending = pending(port, bit);
    if (!was_pending && is_pending)
        rise(port, bit, false, {}, 0, true);
    else if (was_pending && !is_pending)
        fall(port, bit);
}

void exchange_tracker::global_mask_change(unsigned port, std::uint32_t mask) {
    port_state& p = ports_[port];
    const std::uint32_t opened = p.ntintmsk & ~mask;
    p.ntintmsk = mask;
    for (std::uint32_t bit = 1; bit != 0x100; bit <<= 1U) {
        if ((opened & bit) != 0 && pending(port, bit))
            rise(port, bit, false, {}, 0, true);
    }
}

/// Bits of NTINTSTS other than doorbell and message, which are told by their own registers.
void exchange_tracker::other_status(unsigned port, std::uint32_t status) {
    port_state& p = ports_[port];
    const std::uint32_t before = p.ntintsts;
    p.ntintsts = status;
    for (std::uint32_t bit = 1; bit != 0x100; bit <<= 1U) {
        if (bit == ntint_dbell || bit == ntint_msg)
            continue;
        if ((status & ~before & bit) != 0)
            rise(port, bit, false, {});
        else if ((before & ~status & bit) != 0)
            fall(port, bit);
    }
}

void exchange_tracker::interrupt(unsigned port, bool dropped) {
    port_state& p = ports_[port];
    ++(dropped ? counts_[port].msis_dropped : counts_[port].msis);
    const choice best = choose(
        p.causes, now_, [](const cause&) { return true; },
        [&](const cause&) { return p.interrupt_latency; });
    if (dropped)
        tell(exchange_event_kind::msi_dropped, port, now_, 0);
    if (best.index == SIZE_MAX) {
        if (!dropped && p.told == explaining_signals)
            tell(exchange_event_kind::msi_without_cause, port, now_, 0);
        return;
    }
    cause chosen = std::move(p.causes[best.index]);
    p.causes.erase(p.causes.begin() + static_cast<std::ptrdiff_t>(best.index));
    if (best.clear && !dropped)
        p.interrupt_latency = std::min(p.interrupt_latency, now_ - chosen.ps);
    if (!dropped)
        told_by_msi(port, chosen);
    for (delivery& d : chosen.deliveries) {
        d.msi_ps = now_;
        tell(d, dropped ? delivery_end::dropped : delivery_end::interrupted);
    }
}

/// An MSI has told the host of everything that is pending in its status register.
void exchange_tracker::told_by_msi(unsigned port, const cause& c) {
    port_state& p = ports_[port];
    if (c.bit != ntint_dbell && c.bit != ntint_msg)
        return;
    const bool bell = c.bit == ntint_dbell;
    std::uint32_t& told = bell ? p.told_dbell : p.told_msg;
    const std::uint32_t shown = bell ? p.indbellsts & ~p.indbellmsk : p.msgsts & ~p.msgstsmsk;
    if (c.unmasked && (shown & told) != 0)
        tell(exchange_event_kind::msi_repeated, port, now_, shown & told);
    told |= shown;
    masked_request& masked = bell ? p.masked_dbell : p.masked_msg;
    if ((shown & masked.bits) == 0)
        return;
    if (on_event_)
        on_event_({exchange_event_kind::msi_unmasked, port, now_, masked.what.what, masked.what});
    masked.bits = 0;
}

void exchange_tracker::tell(delivery d, delivery_end end) const {
    d.end = end;
    on_delivery_(d);
}

void exchange_tracker::tell(exchange_event_kind kind, unsigned port, std::uint64_t ps,
                            std::uint32_t what) const {
    if (on_event_)
        on_event_({kind, port, ps, what, {}});
}

} // namespace ntb::traces
