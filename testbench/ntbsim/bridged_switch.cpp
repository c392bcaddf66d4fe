// SPDX-License-Identifier: Apache-2.0
#include "testbench/ntbsim/bridged_switch.h"

#include <string>

namespace ntb::cli {

/// The switch's port as its NT function's bridge asks for it.
class bridged_switch::nt_control final : public bridge::port_control {
public:
    nt_control(ntb_switch& s, port_number number) : switch_(s), number_(number) {}
    void set_link(bool up) override {
        const bool was = clients_ != 0;
        clients_ += up ? 1U : -1U;
        if (was != (clients_ != 0))
            switch_.set_link(number_, up);
    }
    [[nodiscard]] unsigned clients() const { return clients_; }
    void hot_reset() override { switch_.hot_reset(number_); }
    void set_mirror(register_mirror* mirror) override { switch_.set_mirror(number_, mirror); }
    void list_windows(window_list& out) const override { switch_.list_windows(number_, out); }
    [[nodiscard]] bool accepts_requests() const override {
        return switch_.accepts_requests(number_);
    }
    [[nodiscard]] bool writes_under_way() const override {
        return switch_.writes_under_way(number_);
    }
    [[nodiscard]] bool await_writes(std::uint64_t limit_ps) override {
        return switch_.await_writes(number_, limit_ps);
    }
    [[nodiscard]] std::uint64_t bar_size(unsigned bar) const override {
        return switch_.bar_size(number_, bar_number(bar));
    }

private:
    ntb_switch& switch_;
    port_number number_;
    unsigned clients_ = 0; ///< of the port's functions
};

/// The DMA function of a port beside its NT function. The link is up while a client of either is
/// there; a reset is that of the DMA function alone.
class bridged_switch::dma_control final : public bridge::port_control {
public:
    dma_control(ntb_switch& s, port_number number, nt_control& nt)
        : switch_(s), number_(number), nt_(nt) {}
    void set_link(bool up) override { nt_.set_link(up); }
    void hot_reset() override { switch_.reset_dma(number_); }
    [[nodiscard]] std::uint64_t bar_size(unsigned) const override { return 0; }

private:
    ntb_switch& switch_;
    port_number number_;
    nt_control& nt_;
};

bridged_switch::bridged_switch(const topology_config& topology, const timing_config& timing,
                               trace_sink* trace, const std::shared_ptr<spdlog::logger>& logger,
                               other_part* other)
    : other_(other),
      switch_(std::make_unique<ntb_switch>("switch", topology, timing, trace, other)) {
    for (unsigned p = 0; p < max_ports; ++p) {
        if (!has_nt_function(topology.ports[p].mode) && !topology.ports[p].host)
            continue;
        add_nt(p, logger);
        if (has_dma_function(topology.ports[p].mode))
            add_dma(p, logger);
    }
}

bridged_switch::~bridged_switch() = default;

unsigned bridged_switch::clients(unsigned port) const {
    return nt_controls_.at(port)->clients();
}

bridge::port_control& bridged_switch::nt_port(unsigned port) {
    return *nt_controls_.at(port);
}

void bridged_switch::add_nt(unsigned port, const std::shared_ptr<spdlog::logger>& logger) {
    const port_number number(port);
    nt_control& control =
        *nt_controls_.emplace(port, std::make_unique<nt_control>(*switch_, number)).first->second;
    const std::string name = "host" + std::to_string(port);
    auto b = std::make_unique<bridge::port_bridge>(name.c_str(), control, logger);
    b->config.bind(switch_->config_socket(number));
    for (unsigned i = 0; i < bar_count; ++i)
        b->bars[i]->bind(switch_->bar_socket(number, bar_number(i)));
    switch_->upstream_socket(number).bind(b->upstream);
    bridges_.emplace(capture::function_place{port, nt_number}, std::move(b));
}

void bridged_switch::add_dma(unsigned port, const std::shared_ptr<spdlog::logger>& logger) {
    const port_number number(port);
    dma_controls_.push_back(
        std::make_unique<dma_control>(*switch_, number, *nt_controls_.at(port)));
    const std::string name = "dma" + std::to_string(port);
    auto b = std::make_unique<bridge::port_bridge>(name.c_str(), *dma_controls_.back(), logger);
    b->config.bind(switch_->dma_config_socket(number));
    bridges_.emplace(capture::function_place{port, dma_number}, std::move(b));
}

} // namespace ntb::cli
