// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/interrupts.h"

#include <cerrno>
#include <utility>

#include "tlm_bridge/eventfd.h"

namespace ntb::bridge {
namespace {

/// Whether the request acts on interrupt 0 (there is no other).
bool applies(const irq_request& r) noexcept {
    return r.data == irq_data::none || (r.data == irq_data::flags && r.flags[0] != 0);
}

unique_fd take_first(const irq_request& r) noexcept {
    return r.eventfds == nullptr ? unique_fd() : std::move(r.eventfds[0]);
}

} // namespace

int interrupts::set(const irq_request& request) noexcept {
    switch (request.index) {
    case irq_intx:
        return set_intx_irq(request);
    case irq_msi:
        return set_msi_irq(request);
    default:
        return ENOTTY;
    }
}

int interrupts::set_intx_irq(const irq_request& r) noexcept {
    switch (r.action) {
    case irq_action::trigger:
        if (r.count == 0) { // switch off
            intx_.reset();
            intx_unmask_.reset();
            intx_masked_ = false;
        } else if (r.data == irq_data::eventfd) {
            intx_ = take_first(r);
            intx_masked_ = false;
            update_intx(); // the level may have been there before its listener
        } else if (applies(r) && intx_) {
            (void)signal_eventfd(intx_.get()); // loopback test by the client
        }
        return 0;
    case irq_action::mask:
        if (r.data == irq_data::eventfd) {
            return ENOTTY;
        }
        if (applies(r)) {
            intx_masked_ = true;
        }
        return 0;
    case irq_action::unmask:
        if (r.data == irq_data::eventfd) {
            intx_unmask_ = take_first(r);
            undrained_ = 0;
            service_unmask_fd();
        } else if (applies(r)) {
            unmask_intx();
        }
        return 0;
    }
    return ENOTTY;
}

int interrupts::set_msi_irq(const irq_request& r) noexcept {
    if (r.action != irq_action::trigger) {
        return ENOTTY; // the function's MSI has no mask bits
    }
    if (r.count == 0) {
        msi_.reset();
    } else if (r.data == irq_data::eventfd) {
        msi_ = take_first(r);
    } else if (applies(r)) {
        (void)trigger_msi();
    }
    return 0;
}

interrupts::outcome interrupts::trigger_msi() noexcept {
    outcome o = outcome::not_connected;
    if (msi_) {
        switch (signal_eventfd(msi_.get())) {
        case signal_result::delivered:
            ++msi_delivered_;
            return outcome::delivered;
        case signal_result::full:
            o = outcome::full;
            break;
        case signal_result::failed:
            o = outcome::failed;
            break;
        }
    }
    ++msi_lost_;
    return o;
}

void interrupts::set_intx(bool asserted) noexcept {
    intx_asserted_ = asserted;
    update_intx();
}

void interrupts::update_intx() noexcept {
    if (intx_asserted_ && !intx_masked_ && intx_) {
        intx_masked_ = true; // VFIO_IRQ_INFO_AUTOMASKED
        (void)signal_eventfd(intx_.get());
    }
}

void interrupts::unmask_intx() noexcept {
    intx_masked_ = false;
    update_intx();
}

void interrupts::service_unmask_fd() noexcept {
    if (!intx_unmask_ || !drain_eventfd(intx_unmask_.get())) {
        return;
    }
    unmask_intx();
    // A counter that stays readable (EFD_SEMAPHORE and a large count) would keep the poll awake for
    // ever; a client that means to unmask signals once an interrupt.
    undrained_ = eventfd_readable(intx_unmask_.get()) ? undrained_ + 1 : 0;
    if (undrained_ >= most_undrained) {
        intx_unmask_.reset();
        undrained_ = 0;
    }
}

void interrupts::disconnect() noexcept {
    msi_.reset();
    intx_.reset();
    intx_unmask_.reset();
    intx_masked_ = false;
}

} // namespace ntb::bridge
