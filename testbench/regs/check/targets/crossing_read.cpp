// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/targets/crossing_read.h"

#include <vector>

#include "model/regs/nt_refs.h"

namespace ntb::regs::check {

namespace {

constexpr unsigned window_bar = 2;
constexpr std::uint32_t window_log2 = 16;
constexpr std::uint64_t read_address = 0x1000; // in the RAM of every host here

/// A register that has another value until give_back().
class changed_register {
public:
    changed_register(root_complex& host, std::uint32_t offset, unsigned size, std::uint64_t value)
        : host_(host), offset_(offset), size_(size), before_(host.config_read(offset, size).data) {
        host_.config_write(offset_, value, size_);
    }
    void give_back() const { host_.config_write(offset_, before_, size_); }

private:
    root_complex& host_;
    std::uint32_t offset_;
    unsigned size_;
    std::uint64_t before_;
};

/// Of the functions in a partition, requests of `from` reach the one at `port`.
bool reaches(platform& bench, port_number from, port_number port) {
    const auto partition = bench.partition_of(port);
    for (unsigned p = 0; p < max_ports; ++p) {
        const port_number other(p);
        if (p != from.value() && p != port.value() && bench.device().has_nt(other) &&
            bench.partition_of(other) == partition)
            return false;
    }
    return from.value() != port.value() && bench.has_host(from) && bench.device().has_nt(from);
}

} // namespace

std::optional<port_number> other_side_of(platform& bench, port_number port) {
    for (unsigned p = 0; p < max_ports; ++p)
        if (reaches(bench, port_number(p), port))
            return port_number(p);
    return std::nullopt;
}

void read_across(platform& bench, port_number from, port_number port, host_answers answer) {
    root_complex& near = bench.host(from);
    root_complex& far = bench.host(port);
    const std::uint32_t aperture = nt::BARSETUP_EN.put(
        nt::BARSETUP_SIZE.put(nt::BARSETUP_TPART.put(0, bench.partition_of(port).value()),
                              window_log2),
        1);
    std::vector<changed_register> changed;
    const auto change = [&changed](root_complex& host, std::uint32_t offset, std::uint64_t value,
                                   unsigned size = 4) {
        changed.emplace_back(host, offset, size, value);
    };
    const auto allow = [&change](root_complex& host, std::uint32_t bits) {
        const std::uint64_t now = host.config_read(nt::PCICMD.at(), 2).data;
        change(host, nt::PCICMD.at(), now | bits, 2); // PCISTS above it must not be written
    };
    // What BARSETUP shapes comes first, so that it is given back last.
    for (const unsigned bar : {window_bar, window_bar + 1}) {
        change(near, nt::BAR.at(bar), 0);
        change(near, nt::BARLIMIT.at(bar), 0xFFFFFFFF);
    }
    change(near, nt::BARSETUP.at(window_bar), aperture);
    change(near, nt::BARLTBASE.at(window_bar), read_address);
    change(near, nt::BARUTBASE.at(window_bar), 0);
    change(near, nt::NTCTL.at(), nt::NTCTL_IDPROTDIS.put(nt::NTCTL_CPEN.put(0, 1), 1));
    allow(near, nt::PCICMD_MAE.mask | nt::PCICMD_BME.mask);
    allow(far, nt::PCICMD_BME.mask);

    far.set_answers(answer);
    static_cast<void>(near.bar_read(bar_number(window_bar), 0));
    far.set_answers(host_answers::normally);

    for (auto one = changed.rbegin(); one != changed.rend(); ++one)
        one->give_back();
}

} // namespace ntb::regs::check
