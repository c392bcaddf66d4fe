// SPDX-License-Identifier: Apache-2.0
// A synthetic model for tests: two ports that ring each other's doorbells, told to a trace_sink
// by the signal list that the real model follows. All delays are given numbers of cycles, so the
// latencies that the analysis has to find are known.
#pragma once

#include <cstdint>
#include <string>

#include "model/trace_sink.h"

namespace ntb::traces::test {

struct ping_pong_timing {
    std::uint64_t cycle = 4000; ///< ps
    std::uint64_t link = 3;     ///< a packet on its link
    std::uint64_t ingress = 13; ///< end of a packet to its effect
    std::uint64_t doorbell = 8;
    std::uint64_t interrupt = 4;
    std::uint64_t egress = 12;
    std::uint64_t host = 20; ///< from MSI to the handler's first access

    [[nodiscard]] std::uint64_t write_to_status() const {
        return (link + ingress + doorbell) * cycle;
    }
    [[nodiscard]] std::uint64_t status_to_msi() const { return interrupt * cycle; }
};

class ping_pong {
public:
    explicit ping_pong(trace_sink& sink, ping_pong_timing timing = {}) : sink_(sink), t_(timing) {
        sink.declare_bits("switch.core_clock_ps", 32, t_.cycle);
        for (unsigned i = 0; i < 2; ++i) {
            const std::string port = "switch.port" + std::to_string(2 * i) + '.';
            port_signals& p = ports_[i];
            p.up = sink.declare_bits(port + "link.up", 1, 1);
            p.rx = sink.declare_text(port + "link.rx.tlp");
            p.tx = sink.declare_text(port + "link.tx.tlp");
            p.set = sink.declare_bits(port + "nt.outdbellset", 32, 0);
            p.set_count = sink.declare_bits(port + "nt.outdbellset_count", 32, 0);
            p.status = sink.declare_bits(port + "nt.indbellsts", 32, 0);
            p.mask = sink.declare_bits(port + "nt.indbellmsk", 32, 0);
            p.summary = sink.declare_bits(port + "nt.ntintsts", 32, 0);
            p.summary_mask = sink.declare_bits(port + "nt.ntintmsk", 32, 0);
            p.msi = sink.declare_bits(port + "nt.msi", 1, 0);
            p.msi_count = sink.declare_bits(port + "nt.msi_count", 32, 0);
        }
        sink.declare_bits("switch.sests", 32, 0);
    }

    /// One doorbell from one side (0 or 1) to the other, and its handling there.
    void ring(unsigned from) {
        port_signals& a = ports_[from];
        port_signals& b = ports_[1 - from];
        sink_.text(a.rx, now_, now_, now_ + t_.link * t_.cycle,
                   "MWr bar0+0x0420 OUTDBELLSET 4B 0x00000001");
        pass(t_.link + t_.ingress);
        sink_.pulse(a.set, now_, now_ + t_.cycle, 1);
        sink_.set(a.set_count, now_, ++a.rung);
        pass(t_.doorbell);
        sink_.set(b.status, now_, 1);
        sink_.set(b.summary, now_, 2);
        pass(t_.interrupt);
        sink_.pulse(b.msi, now_, now_ + t_.cycle, 1);
        sink_.set(b.msi_count, now_, ++b.msis);
        pass(t_.egress);
        packet(b.tx, "MSI 0xfee00000 0x0041");
        pass(t_.host);
        packet(b.rx, "MRd bar0+0x0404 NTINTSTS 4B tag 3");
        pass(t_.ingress + t_.egress);
        packet(b.tx, "CplD 4B tag 3 0x00000002");
        packet(b.rx, "MRd bar0+0x0428 INDBELLSTS 4B tag 4");
        pass(t_.ingress + t_.egress);
        packet(b.tx, "CplD 4B tag 4 0x00000001");
        packet(b.rx, "MWr bar0+0x0428 INDBELLSTS 4B 0x00000001");
        pass(t_.ingress);
        sink_.set(b.status, now_, 0);
        sink_.set(b.summary, now_, 0);
        pass(2);
    }

    /// A host that polls its doorbells (0 or 1), `times` times.
    void poll(unsigned side, unsigned times) {
        for (unsigned i = 0; i < times; ++i) {
            packet(ports_[side].rx, "MRd bar0+0x0428 INDBELLSTS 4B tag 4");
            pass(t_.ingress + t_.egress);
            packet(ports_[side].tx, "CplD 4B tag 4 0x00000000");
        }
    }

    void pass(std::uint64_t cycles) { now_ += cycles * t_.cycle; }
    [[nodiscard]] std::uint64_t now() const { return now_; }

private:
    struct port_signals {
        signal_id up, rx, tx, set, set_count, status, mask, summary, summary_mask, msi, msi_count;
        std::uint64_t rung = 0;
        std::uint64_t msis = 0;
    };

    void packet(signal_id link, std::string_view text) {
        sink_.text(link, now_, now_, now_ + t_.link * t_.cycle, text);
        pass(t_.link);
    }

    trace_sink& sink_;
    ping_pong_timing t_;
    port_signals ports_[2];
    std::uint64_t now_ = 100000;
};

} // namespace ntb::traces::test
