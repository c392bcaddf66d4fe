// SPDX-License-Identifier: Apache-2.0
#include "model/punch_through.h"

#include "model/regs/nt_refs.h"

namespace ntb {

namespace {
constexpr auto space = regs::space_id::nt;
constexpr auto operation = regs::declared_field_named(space, "PTCCTL1", "OP");
constexpr auto target_function = regs::declared_field_named(space, "PTCCTL0", "BDF");
constexpr auto target_offset = regs::declared_field_named(space, "PTCCTL0", "REG");
constexpr auto under_way = regs::declared_field_named(space, "PTCSTS", "BUSY");
constexpr auto ended = regs::declared_field_named(space, "PTCSTS", "DONE");
} // namespace

bool punch_through::by_registers() const {
    return layout_.field(operation).mask != 0 && layout_.field(target_function).mask != 0 &&
           layout_.field(target_offset).mask != 0;
}

void punch_through::data_written() {
    if (by_registers() && !busy_)
        started_.notify(sc_core::SC_ZERO_TIME);
}

void punch_through::run() {
    for (;;) {
        sc_core::wait(started_);
        const std::uint32_t control = bank_.get(nt::PTCCTL0.at());
        punch_request what{};
        what.write = layout_.field(operation).get(bank_.get(nt::PTCCTL1.at())) != 0;
        what.target = requester_id(layout_.field(target_function).get(control));
        what.offset = layout_.field(target_offset).get(control) & ~3U;
        what.data = bank_.get(nt::PTCDATA.at());
        std::uint32_t data = 0;
        const std::uint32_t resets = resets_;
        if (request(what, data) != punch_result::busy && resets == resets_ && !what.write)
            bank_.set(nt::PTCDATA.at(), data);
    }
}

punch_result punch_through::request(const punch_request& what, std::uint32_t& data) {
    if (busy_)
        return punch_result::busy;
    busy_ = true;
    const std::uint32_t resets = resets_;
    bank_.set_field(nt::PTCSTS.at(), layout_.field(under_way), 1);
    bank_.set_field(nt::PTCSTS.at(), layout_.field(ended), 0);
    const punch_result result = output_.send_config(what, data);
    if (result != punch_result::done)
        data = 0xFFFFFFFF;
    busy_ = false;
    if (resets == resets_) {
        bank_.set_field(nt::PTCSTS.at(), layout_.field(under_way), 0);
        bank_.set_field(nt::PTCSTS.at(), layout_.field(ended), 1);
    }
    return result;
}

} // namespace ntb
