// SPDX-License-Identifier: Apache-2.0
#include "traces/analysis/port_signals.h"

#include <array>
#include <charconv>
#include <utility>

namespace ntb::traces {
namespace {

constexpr std::string_view port_prefix = "switch.port";

/// Takes `prefix` off the front of `text`, if it is there.
bool take(std::string_view& text, std::string_view prefix) {
    if (text.substr(0, prefix.size()) != prefix)
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

template <class Number>
bool take_number(std::string_view& text, Number& number, int base) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (parsed.ec != std::errc{})
        return false;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    return true;
}

/// The port of a name, which is cut to what follows "switch.portP.".
unsigned take_port(std::string_view& name) {
    unsigned port = 0;
    if (!take(name, port_prefix) || !take_number(name, port, 10) || port >= max_trace_ports ||
        !take(name, "."))
        return max_trace_ports;
    return port;
}

constexpr std::array<std::pair<std::string_view, signal_role>, 16> roles{{
    {"link.up", signal_role::link_up},
    {"link.rx.tlp", signal_role::rx_tlp},
    {"link.tx.tlp", signal_role::tx_tlp},
    {"nt.outdbellset", signal_role::outdbellset},
    {"nt.outdbellset_count", signal_role::outdbellset_count},
    {"nt.indbellsts", signal_role::indbellsts},
    {"nt.indbellmsk", signal_role::indbellmsk},
    {"nt.msgsts", signal_role::msgsts},
    {"nt.msgstsmsk", signal_role::msgstsmsk},
    {"nt.ntintsts", signal_role::ntintsts},
    {"nt.ntintmsk", signal_role::ntintmsk},
    {"nt.msi", signal_role::msi},
    {"nt.msi_count", signal_role::msi_count},
    {"nt.msi_dropped", signal_role::msi_dropped},
    {"nt.msi_dropped_count", signal_role::msi_dropped_count},
    {"nt.intx", signal_role::intx},
}};

} // namespace

unsigned port_of(std::string_view name) {
    return take_port(name);
}

signal_meaning meaning_of(std::string_view name) {
    if (name == "switch.core_clock_ps")
        return {signal_role::core_clock, 0, 0};
    const unsigned port = take_port(name);
    if (port == max_trace_ports)
        return {};
    const auto port_byte = static_cast<std::uint8_t>(port);
    for (const auto& [text, role] : roles) {
        if (name == text)
            return {role, port_byte, 0};
    }
    std::uint8_t number = 0;
    const bool in = take(name, "nt.inmsg");
    if ((!in && !take(name, "nt.outmsg")) || !take_number(name, number, 10) ||
        number >= trace_messages)
        return {};
    if (in)
        return {name.empty() ? signal_role::inmsg : signal_role::none, port_byte, number};
    if (name.empty())
        return {signal_role::outmsg, port_byte, number};
    if (name == "_write")
        return {signal_role::outmsg_write, port_byte, number};
    if (name == "_write_count")
        return {signal_role::outmsg_write_count, port_byte, number};
    return {};
}

std::vector<signal_meaning> meanings(const vcd_reader& reader) {
    std::vector<signal_meaning> by_channel(reader.channels());
    for (const vcd_signal& s : reader.signals()) {
        const signal_meaning m = meaning_of(s.name);
        const bool text = m.role == signal_role::rx_tlp || m.role == signal_role::tx_tlp;
        if (m.role != signal_role::none && s.kind == (text ? vcd_kind::text : vcd_kind::bits))
            by_channel[s.channel] = m;
    }
    return by_channel;
}

bar0_write parse_bar0_write(std::string_view tlp) {
    bar0_write write;
    if (!take(tlp, "MWr bar0+0x") || !take_number(tlp, write.offset, 16))
        return write;
    const std::size_t value = tlp.rfind(" 0x");
    if (value == std::string_view::npos)
        return write;
    tlp.remove_prefix(value + 3);
    write.valid = take_number(tlp, write.value, 16) && tlp.empty();
    return write;
}

} // namespace ntb::traces
