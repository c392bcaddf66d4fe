// SPDX-License-Identifier: Apache-2.0
#include "model/eeprom_loader.h"

#include <algorithm>
#include <systemc>

#include "model/regs/eeprom_refs.h"
#include "model/regs/sw_refs.h"
#include "model/switch_core.h"

namespace ntb {

namespace {

std::vector<std::uint8_t> first_64k(std::vector<std::uint8_t> image) {
    image.resize(std::min(image.size(), eeprom_max_bytes));
    return image;
}

} // namespace

eeprom_loader::eeprom_loader(const topology_config& topology, const timing_config& timing,
                             switch_core& core)
    : image_(first_64k(topology.eeprom.image)),
      byte_ps_(std::uint64_t{timing.eeprom_byte_ns} * 1000U),
      poll_ps_(std::uint64_t{timing.eeprom_poll_ns} * 1000U),
      wait_limit_ps_(std::uint64_t{timing.eeprom_wait_limit_us} * 1'000'000U),
      ignore_checksum_(topology.eeprom.ignore_checksum), core_(core),
      reader_(image_.data(), image_.size(), topology.boot_mode) {
    status_.state = topology.eeprom.present ? eeprom_state::loading : eeprom_state::none;
}

void eeprom_loader::run() {
    using kind = eeprom_step::kind;
    for (;;) {
        reader_.ignore_checksum(checksum_ignored());
        eeprom_step step = reader_.next();
        take_time(step.bytes);
        show(eeprom_state::loading, step);
        if (step.what == kind::write)
            write(step);
        if (step.what == kind::wait && !await(step)) {
            step.what = kind::fault;
            step.fault = eeprom_fault::wait_limit;
        }
        if (step.what == kind::fault) {
            status_.fault = step.fault;
            ended(true);
            show(eeprom_state::halted, step);
            return;
        }
        if (step.what == kind::done) {
            core_.keep_initial_values();
            ended(false);
            show(eeprom_state::done, step);
            return;
        }
    }
}

void eeprom_loader::release() {
    if (status_.state != eeprom_state::halted)
        return;
    status_.state = eeprom_state::released;
    core_.bank().set_field(sw::SWCTL.at(), core_.layout().field(sw::SWCTL_RSTHALT), 0);
    if (state_signal_.traced())
        sink_->set(state_signal_, core_clock::now_ps(), static_cast<std::uint64_t>(status_.state));
}

bool eeprom_loader::checksum_ignored() const {
    return ignore_checksum_ ||
           core_.bank().get_field(sw::SMBUSCTL.at(),
                                  core_.layout().field(sw::SMBUSCTL_ICHECKSUM)) != 0;
}

void eeprom_loader::ended(bool failed) {
    // What has no position is an empty field: nothing is set.
    switch_core::bank_type& bank = core_.bank();
    const register_layout& layout = core_.layout();
    bank.set_field(sw::SMBUSSTS.at(), layout.field(sw::SMBUSSTS_EEPROMDONE), 1);
    if (!failed)
        return;
    bank.set_field(sw::SMBUSSTS.at(), layout.field(sw::SMBUSSTS_EED), 1);
    bank.set_field(sw::SWCTL.at(), layout.field(sw::SWCTL_RSTHALT), 1);
}

void eeprom_loader::take_time(std::uint32_t bytes) {
    read_at_ps_ = std::max(read_at_ps_, core_clock::now_ps()) + bytes * byte_ps_;
    const std::uint64_t due = core_.clock().edge(read_at_ps_);
    if (due > core_clock::now_ps())
        sc_core::wait(core_clock::until(due));
}

void eeprom_loader::write(const eeprom_step& step) {
    register_access a{};
    a.data = step.data;
    a.debug = true; // takes no time of its own
    core_.global_write(step.address, a);
    ++status_.writes;
    if (!core_.is_register(step.address))
        ++status_.unmapped_writes;
}

bool eeprom_loader::await(const eeprom_step& step) {
    register_access a{};
    a.debug = true;
    const std::uint64_t until = core_clock::now_ps() + wait_limit_ps_;
    sc_core::sc_time pause = sc_core::SC_ZERO_TIME; // what needs no time is done a delta later
    while (!step.satisfied_by(core_.global_read(step.address, a))) {
        const std::uint64_t now = core_clock::now_ps();
        if (now >= until)
            return false;
        sc_core::wait(pause);
        pause = sc_core::sc_time::from_value(std::min(poll_ps_, until - now));
    }
    return true;
}

void eeprom_loader::show(eeprom_state state, const eeprom_step& step) {
    status_.state = state;
    status_.block = step.at;
    const std::uint64_t now = core_clock::now_ps();
    if (state_signal_.traced())
        sink_->set(state_signal_, now, static_cast<std::uint64_t>(state));
    if (block_signal_.traced())
        sink_->set(block_signal_, now, step.at);
}

void eeprom_loader::trace(trace_sink& sink) {
    if (status_.state == eeprom_state::none)
        return;
    sink_ = &sink;
    state_signal_ = sink.declare_bits("switch.eeprom.state", 3,
                                      static_cast<std::uint64_t>(eeprom_state::loading));
    block_signal_ = sink.declare_bits("switch.eeprom.block", 16, 0);
}

} // namespace ntb
