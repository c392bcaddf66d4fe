// SPDX-License-Identifier: Apache-2.0
// When things happen, computed from the timing configuration alone, as a reader of the
// specification would do it. Written apart from the model on purpose.
//
// A TLP takes its bytes times the symbol time, divided among the lanes. After its last symbol the
// next clock edge begins `ingress` and `decode`; each further step counts in whole cycles.
// Units: picoseconds; bytes.
#pragma once

#include <cstdint>

#include "model/config.h"

namespace ntb::test {

class expected_time {
public:
    explicit expected_time(const timing_config& timing, unsigned lanes = 4, unsigned generation = 2)
        : timing_(timing), lanes_(lanes), symbol_ps_(generation == 1 ? 4000 : 2000) {}

    // Framing 2, sequence number 2, link CRC 4 bytes around header and data.
    static constexpr unsigned read_request = 8 + 12;
    static constexpr unsigned write_of_dword = 8 + 12 + 4;
    static constexpr unsigned completion_of_dword = 8 + 12 + 4;
    static constexpr unsigned completion_without_data = 8 + 12;
    static constexpr unsigned msi = 8 + 12 + 4;
    static constexpr unsigned msi_above_4g = 8 + 16 + 4;
    static constexpr unsigned interrupt_message = 8 + 16;

    [[nodiscard]] std::uint64_t on_the_wire(unsigned bytes) const {
        const std::uint64_t total = std::uint64_t{bytes} * symbol_ps_;
        return total / lanes_ + (total % lanes_ != 0 ? 1 : 0);
    }
    [[nodiscard]] std::uint64_t edge(std::uint64_t ps) const {
        const std::uint64_t rest = ps % timing_.core_clock_ps;
        return rest == 0 ? ps : ps + timing_.core_clock_ps - rest;
    }
    [[nodiscard]] std::uint64_t cycles(unsigned n) const {
        return std::uint64_t{n} * timing_.core_clock_ps;
    }
    /// When a TLP that the host starts to send at `ps` acts in the function.
    [[nodiscard]] std::uint64_t acts(std::uint64_t ps, unsigned bytes) const {
        return edge(ps + on_the_wire(bytes)) + cycles(timing_.ingress + timing_.decode);
    }
    /// When the host has a TLP that the function hands over at `ps`.
    [[nodiscard]] std::uint64_t reaches_host(std::uint64_t ps, unsigned bytes) const {
        return edge(ps) + cycles(timing_.egress) + on_the_wire(bytes);
    }
    /// When a host has a request that another port has translated at `ps`.
    [[nodiscard]] std::uint64_t reaches_other_host(std::uint64_t ps, unsigned bytes) const {
        return edge(ps) + cycles(timing_.cross_request + timing_.egress) + on_the_wire(bytes);
    }
    /// The DLLPs that go back for one TLP: an ACK and an UpdateFC, 8 bytes each.
    [[nodiscard]] std::uint64_t dllps() const { return on_the_wire(8 * timing_.dllps_per_tlp); }
    /// When a completion that a host starts to send at `ps` is back in the port that asked.
    [[nodiscard]] std::uint64_t completion_crosses(std::uint64_t ps, unsigned bytes) const {
        return acts(ps, bytes) + cycles(timing_.cross_completion);
    }

private:
    timing_config timing_;
    std::uint64_t lanes_;
    std::uint64_t symbol_ps_;
};

} // namespace ntb::test
