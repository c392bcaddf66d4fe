// SPDX-License-Identifier: Apache-2.0
#include "testbench/config/switch_hash.h"

#include "testbench/config/timing_file.h"

namespace ntb::config {

namespace {

/// FNV-1a over numbers.
class hash {
public:
    void add(std::uint64_t number) {
        for (unsigned i = 0; i < 8; ++i) {
            value_ ^= (number >> (8 * i)) & 0xFFU;
            value_ *= 0x100000001B3ULL;
        }
    }
    [[nodiscard]] std::uint64_t value() const { return value_; }

private:
    std::uint64_t value_ = 0xCBF29CE484222325ULL;
};

template <class Enum>
std::uint64_t number_of(Enum e) {
    return static_cast<std::uint64_t>(e);
}

void add_port(hash& h, const port_config& p) {
    h.add(number_of(p.mode));
    h.add(p.partition.value());
    h.add(p.host ? 1 : 0);
    h.add(p.host_requester.value());
    h.add(p.device_number);
    h.add(p.link_width);
    h.add(p.link_generation);
    for (const bar_config& b : p.bars) {
        h.add((b.enabled ? 1U : 0U) | (b.is_64bit ? 2U : 0U) | (b.prefetchable ? 4U : 0U) |
              (b.config_space ? 8U : 0U));
        h.add(b.size_log2);
        h.add(number_of(b.translation));
        h.add(b.target_partition.value());
    }
    h.add(p.failover.enabled ? 1 : 0);
    h.add(p.failover.capability);
    for (const failover_mode& m : p.failover.to) {
        h.add(number_of(m.mode));
        h.add(m.partition.value());
        h.add(m.device_number);
    }
}

} // namespace

std::uint64_t switch_hash(const topology_config& t, const timing_config& timing) {
    hash h;
    h.add(number_of(t.device));
    h.add(number_of(t.compat));
    for (const partition_state s : t.partitions)
        h.add(number_of(s));
    for (const partition_failover& f : t.partition_failovers) {
        h.add(f.enabled ? 1 : 0);
        h.add(f.capability);
        for (const partition_state s : f.to)
            h.add(number_of(s));
    }
    for (const port_config& p : t.ports)
        add_port(h, p);
    h.add(t.boot_mode);
    h.add(t.tmpalarm_read_clears ? 1 : 0);
    for (const layout_config::place& p : t.layout.registers)
        h.add(p.offset);
    for (const layout_config::bits& b : t.layout.fields) {
        h.add(b.placed ? 1 : 0);
        h.add(b.msb);
        h.add(b.lsb);
    }
    for (const reset_value& r : t.resets) {
        h.add(number_of(r.space));
        h.add(r.offset);
        h.add(r.mask);
        h.add(r.bits);
    }
    for (const timing_value& v : timing_values(timing))
        h.add(v.value);
    return h.value();
}

} // namespace ntb::config
