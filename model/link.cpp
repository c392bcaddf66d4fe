// SPDX-License-Identifier: Apache-2.0
#include "model/link.h"

#include <algorithm>
#include <string>

namespace ntb {

link::link(const port_config& port, const timing_config& timing, const core_clock& clock)
    : clock_(clock), timing_(timing), lane_byte_ps_(port.link_generation == 1 ? 4000 : 2000),
      width_(std::max<std::uint64_t>(port.link_width, 1)),
      instant_(!timing.link_serialisation && timing.ingress + timing.decode == 0 &&
               timing.egress == 0) {}

void link::set_up(bool up) {
    up_ = up;
    epoch_ += up ? 0U : 1U;
    rx_free_ps_ = tx_free_ps_ = 0;
    if (up_signal_.traced())
        sink_->set(up_signal_, core_clock::now_ps(), up ? 1 : 0);
}

std::uint64_t link::wire_ps(std::uint32_t tlp_bytes) const {
    return timing_.link_serialisation ? (tlp_bytes * lane_byte_ps_ + width_ - 1) / width_ : 0;
}

link::slot link::occupy_rx(std::uint32_t tlp_bytes) {
    const std::uint64_t begin = std::max(core_clock::now_ps(), rx_free_ps_);
    rx_free_ps_ = begin + wire_ps(tlp_bytes);
    return slot{begin, rx_free_ps_};
}

link::slot link::occupy_tx(std::uint32_t tlp_bytes) {
    const std::uint64_t begin = std::max(clock_.after(timing_.egress), tx_free_ps_);
    tx_free_ps_ = begin + wire_ps(tlp_bytes);
    return slot{begin, tx_free_ps_};
}

std::uint64_t link::arrival_ps(std::uint64_t end_ps) const {
    const std::uint32_t cycles = timing_.ingress + timing_.decode;
    return cycles == 0 ? end_ps : clock_.edge(end_ps) + cycles * clock_.period_ps();
}

void link::show(signal_id id, const slot& s, std::string_view text) {
    // Shown at least one cycle, so that it can be seen where links are not modelled. The sink wants
    // times that do not run backwards: a slot in the future is shown from now on.
    if (id.traced())
        sink_->text(id, core_clock::now_ps(),
                    std::max(s.end_ps, core_clock::now_ps() + clock_.period_ps()), text);
}

void link::trace(trace_sink& sink, std::string_view scope) {
    sink_ = &sink;
    const std::string s(scope);
    up_signal_ = sink.declare_bits(s + "up", 1, 0);
    rx_text_ = sink.declare_text(s + "rx.tlp");
    tx_text_ = sink.declare_text(s + "tx.tlp");
}

} // namespace ntb
