// SPDX-License-Identifier: Apache-2.0
#include "model/bridge_function.h"

#include <string>

#include "model/regs/declared_ids.h"
#include "model/regs/port_refs.h"
#include "model/regs/trace_names.h"
#include "model/switch_core.h"

namespace ntb {

namespace {

using regs::space_id;

constexpr auto P2PINTSTS = regs::declared_register_named(space_id::port, "P2PINTSTS");
constexpr auto P2PINTSTS_SEVENT = regs::declared_field_named(space_id::port, "P2PINTSTS", "SEVENT");
constexpr auto P2PINTSTS_FMCC = regs::declared_field_named(space_id::port, "P2PINTSTS", "FMCC");
constexpr auto P2PGSIGNAL = regs::declared_register_named(space_id::port, "P2PGSIGNAL");
constexpr auto P2PGSIGNAL_GSIGNAL =
    regs::declared_field_named(space_id::port, "P2PGSIGNAL", "GSIGNAL");

} // namespace

bridge_function::bridge_function(port_number port, const topology_config& topology,
                                 switch_core& core)
    : port_(port), core_(core), link_width_(topology.ports[port.value()].link_width),
      link_generation_(topology.ports[port.value()].link_generation),
      bank_(register_plan(), *this, 0, core.layout(), space_id::port,
            std::array<plan::declared_behaviour, 1>{
                {{P2PGSIGNAL, &bridge_function::wrote_gsignal}}}) {
    bank_.set_resets(topology.resets, space_id::port);
    bank_.set_reset(p2p::P2PDID.at(), p2p::P2PDID_DID, static_cast<std::uint32_t>(topology.device));
    bank_.reset_fundamental();
}

const bridge_function::plan& bridge_function::register_plan() {
    static constexpr plan p = plan::make(regs::port_map, 0, std::array<plan::behaviour, 0>{});
    return p;
}

void bridge_function::trace(trace_sink& sink, std::string_view scope) {
    for_each_traced(regs::port_map, [&](const traced_register& r) {
        bank_.trace(sink, std::string(scope) + r.name, r.offset & ~3U, (r.offset & 3U) * 8U,
                    r.mask << ((r.offset & 3U) * 8U), r.size * 8U);
    });
}

std::uint32_t bridge_function::read_dword(const register_access& a) {
    bool refused = false;
    return bank_.read(a, refused);
}

void bridge_function::write_dword(const register_access& a) {
    (void)bank_.write(a); // no dword-only register here
}

void bridge_function::show_mode(port_mode mode) {
    const bool several = has_upstream_bridge(mode) && mode != port_mode::upstream;
    bank_.set_field(p2p::P2PHDR.at() & ~3U, p2p::P2PHDR_MFUNC, several ? 1 : 0);
}

void bridge_function::set_link(bool up) {
    if (!up)
        bank_.reset_hot();
    show_link(up);
}

void bridge_function::show_link(bool up) {
    const std::uint32_t at = p2p::P2PPCIELCTLSTS.at();
    bank_.set_field(at, p2p::P2PPCIELCTLSTS_CLS, up ? link_generation_ : 0U);
    bank_.set_field(at, p2p::P2PPCIELCTLSTS_NLW, up ? link_width_ : 0U);
}

void bridge_function::switch_event_arrived() {
    const std::uint32_t at = core_.layout().offset(P2PINTSTS);
    if (at != regs::unknown_offset)
        bank_.set_field(at & ~3U, core_.layout().field(P2PINTSTS_SEVENT), 1);
}

void bridge_function::failover_complete() {
    const std::uint32_t at = core_.layout().offset(P2PINTSTS);
    if (at != regs::unknown_offset)
        bank_.set_field(at & ~3U, core_.layout().field(P2PINTSTS_FMCC), 1);
}

void bridge_function::wrote_gsignal(const register_access& a, std::uint32_t) {
    if (core_.layout().field(P2PGSIGNAL_GSIGNAL).get(a.written()) != 0)
        core_.bridge_signals(port_);
}

} // namespace ntb
