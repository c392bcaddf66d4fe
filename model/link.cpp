// SPDX-License-Identifier: Apache-2.0
#include "model/link.h"

#include <algorithm>
#include <string>
#include <type_traits>

namespace ntb {

link::link(const port_config& port, const timing_config& timing, const core_clock& clock)
    : clock_(clock), timing_(timing), lane_byte_ps_(port.link_generation == 1 ? 4000 : 2000),
      width_(std::max<std::uint64_t>(port.link_width, 1)),
      instant_(!timing.link_serialisation && timing.ingress + timing.decode == 0 &&
               timing.egress + timing.credit_return == 0) {}

void link::set_up(bool up) {
    up_ = up;
    epoch_ += up ? 0U : 1U;
    rx_ = tx_ = direction{};
    if (up_signal_.traced())
        sink_->set(up_signal_, core_clock::now_ps(), up ? 1 : 0);
    for (const signal_id text : {rx_text_, tx_text_})
        if (!up && text.traced()) // what was on its way is lost
            sink_->clear_text(text, core_clock::now_ps());
}

link::slot link::occupy(direction& d, direction& back, const wire_load& w,
                        std::uint64_t ready_ps) const {
    std::uint64_t begin = std::max(ready_ps, d.free_ps);
    d.gap_begin = d.free_ps;
    if (d.owed_ps != 0 && d.owed_since <= begin) {
        d.gap_begin = std::max(d.free_ps, d.owed_since) + d.owed_ps;
        begin = std::max(begin, d.gap_begin);
        d.owed_ps = 0;
    }
    d.gap_end = begin;
    const std::uint64_t took = wire_ps(w.bytes);
    d.free_ps = begin + took;
    if (timing_.dllps_per_tlp != 0 && took != 0) // the first is due when the first TLP is there
        owe(back, begin + took / w.tlps,
            wire_ps(std::uint64_t{w.tlps} * timing_.dllps_per_tlp * dllp_bytes));
    return slot{begin, d.free_ps};
}

void link::owe(direction& d, std::uint64_t since, std::uint64_t ps) {
    if (since < d.gap_end) {
        const std::uint64_t from = std::max(d.gap_begin, since);
        const std::uint64_t used = std::min(ps, d.gap_end - from);
        d.gap_begin = from + used;
        ps -= used;
        if (ps == 0)
            return;
    }
    if (d.owed_ps != 0) {
        const std::uint64_t from = std::max(d.free_ps, d.owed_since);
        d.owed_ps -= std::min(d.owed_ps, since > from ? since - from : 0);
    }
    d.owed_ps += ps;
    d.owed_since = since;
}

std::uint64_t link::arrival_ps(std::uint64_t end_ps) const {
    const std::uint32_t cycles = timing_.ingress + timing_.decode;
    return cycles == 0 ? end_ps : clock_.edge(end_ps) + cycles * clock_.period_ps();
}

template <class What>
void link::show(signal_id id, const slot& s, const What& what) {
    // Shown at least one cycle, so that it can be seen where links are not modelled.
    if (!id.traced())
        return;
    const std::uint64_t now = core_clock::now_ps();
    const std::uint64_t from = std::max(s.begin_ps, now);
    const std::uint64_t until = std::max(s.end_ps, from + clock_.period_ps());
    if constexpr (std::is_same_v<What, tlp_appearance>)
        sink_->tlp(id, now, from, until, what);
    else
        sink_->text(id, now, from, until, what);
}
template void link::show(signal_id, const slot&, const tlp_appearance&);
template void link::show(signal_id, const slot&, const std::string_view&);

void link::trace(trace_sink& sink, std::string_view scope) {
    sink_ = &sink;
    const std::string s(scope);
    up_signal_ = sink.declare_bits(s + "up", 1, 0);
    rx_text_ = sink.declare_text(s + "rx.tlp");
    tx_text_ = sink.declare_text(s + "tx.tlp");
}

} // namespace ntb
