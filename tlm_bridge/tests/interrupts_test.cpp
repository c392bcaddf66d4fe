// SPDX-License-Identifier: Apache-2.0
// MSI and INTx as VFIO has them.
#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "tlm_bridge/eventfd.h"
#include "tlm_bridge/interrupts.h"
#include "tlm_bridge/tests/messages.h"

using namespace ntb::bridge;
using namespace ntb::bridge::test;

namespace {

struct wired {
    interrupts irqs;
    unique_fd event = new_eventfd();

    int act(std::uint32_t index, irq_action action) {
        return irqs.set({index, 0, 1, action, irq_data::none, nullptr, nullptr});
    }
    int connect(std::uint32_t index, const unique_fd& to, irq_action action = irq_action::trigger) {
        unique_fd fd = duplicate(to);
        return irqs.set({index, 0, 1, action, irq_data::eventfd, nullptr, &fd});
    }
    std::uint64_t signals() { return take_count(event); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(interrupt_signals, wired)

BOOST_AUTO_TEST_CASE(an_msi_without_listener_is_lost_and_counted) {
    BOOST_TEST((irqs.trigger_msi() == interrupts::outcome::not_connected));
    BOOST_TEST(irqs.msi_lost() == 1U);
}

BOOST_AUTO_TEST_CASE(each_msi_is_one_signal) {
    BOOST_TEST(connect(irq_msi, event) == 0);
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST((irqs.trigger_msi() == interrupts::outcome::delivered));
    }
    BOOST_TEST(signals() == 3U);
    BOOST_TEST(irqs.msi_delivered() == 3U);
}

BOOST_AUTO_TEST_CASE(a_full_eventfd_never_blocks) {
    for (const int flags : {0, int{EFD_NONBLOCK}}) { // blocking or not is the client's choice
        const unique_fd full = new_eventfd(0, flags);
        const std::uint64_t nearly_all = 0xfffffffffffffffe;
        BOOST_REQUIRE(::write(full.get(), &nearly_all, sizeof nearly_all) == sizeof nearly_all);
        BOOST_TEST(connect(irq_msi, full) == 0);
        BOOST_TEST((irqs.trigger_msi() == interrupts::outcome::full));
        BOOST_TEST(connect(irq_intx, full) == 0);
        irqs.set_intx(true);
        BOOST_TEST(irqs.intx_masked());
        irqs.disconnect();
    }
}

BOOST_AUTO_TEST_CASE(intx_signals_once_and_then_waits_to_be_unmasked) {
    BOOST_TEST(connect(irq_intx, event) == 0);
    irqs.set_intx(true);
    irqs.set_intx(true);
    irqs.set_intx(false);
    irqs.set_intx(true);
    BOOST_TEST(signals() == 1U);
    BOOST_TEST(irqs.intx_masked());
}

BOOST_AUTO_TEST_CASE(unmasking_signals_again_while_intx_is_still_asserted) {
    BOOST_TEST(connect(irq_intx, event) == 0);
    irqs.set_intx(true);
    BOOST_TEST(signals() == 1U);
    BOOST_TEST(act(irq_intx, irq_action::unmask) == 0);
    BOOST_TEST(signals() == 1U);
    irqs.set_intx(false);
    BOOST_TEST(act(irq_intx, irq_action::unmask) == 0);
    BOOST_TEST(signals() == 0U);
    BOOST_TEST(!irqs.intx_masked());
}

BOOST_AUTO_TEST_CASE(a_masked_intx_is_kept_until_unmasked) {
    BOOST_TEST(connect(irq_intx, event) == 0);
    BOOST_TEST(act(irq_intx, irq_action::mask) == 0);
    irqs.set_intx(true);
    BOOST_TEST(signals() == 0U);
    BOOST_TEST(act(irq_intx, irq_action::unmask) == 0);
    BOOST_TEST(signals() == 1U);
}

BOOST_AUTO_TEST_CASE(masking_by_flag_acts_only_where_the_flag_is_set) {
    for (const std::uint8_t flag : {std::uint8_t{0}, std::uint8_t{1}}) {
        BOOST_TEST(irqs.set({irq_intx, 0, 1, irq_action::mask, irq_data::flags, &flag, nullptr}) ==
                   0);
        BOOST_TEST(irqs.intx_masked() == (flag == 1));
    }
}

BOOST_AUTO_TEST_CASE(a_level_that_was_there_before_its_listener_is_signalled) {
    irqs.set_intx(true);
    BOOST_TEST(connect(irq_intx, event) == 0);
    BOOST_TEST(signals() == 1U);
}

BOOST_AUTO_TEST_CASE(an_eventfd_of_the_client_can_unmask_intx) {
    const unique_fd resample = new_eventfd();
    BOOST_TEST(connect(irq_intx, event) == 0);
    BOOST_TEST(irqs.unmask_fd() == -1);
    BOOST_TEST(connect(irq_intx, resample, irq_action::unmask) == 0);
    BOOST_TEST(irqs.unmask_fd() >= 0);
    irqs.set_intx(true);
    BOOST_TEST(signals() == 1U);
    irqs.service_unmask_fd();
    BOOST_TEST(signals() == 0U); // nobody has unmasked yet
    BOOST_TEST((signal_eventfd(resample.get()) == signal_result::delivered));
    irqs.service_unmask_fd();
    BOOST_TEST(signals() == 1U);
}

BOOST_AUTO_TEST_CASE(an_unmask_eventfd_that_never_becomes_empty_is_dropped) {
    const unique_fd endless = new_eventfd(1U << 30, EFD_SEMAPHORE); // a read takes one of them
    BOOST_TEST(connect(irq_intx, event) == 0);
    for (int again = 0; again < 3; ++again) { // and so is the next one, in its own time
        BOOST_TEST(connect(irq_intx, endless, irq_action::unmask) == 0);
        unsigned served = 0;
        for (; irqs.unmask_fd() >= 0 && served < 1000; ++served) {
            irqs.service_unmask_fd();
        }
        BOOST_TEST(irqs.unmask_fd() == -1);
        BOOST_TEST(served > 50U);
    }
    irqs.set_intx(true); // the interrupt itself goes on
    BOOST_TEST(signals() == 1U);
    BOOST_TEST(act(irq_intx, irq_action::unmask) == 0);
    BOOST_TEST(signals() == 1U);
}

BOOST_AUTO_TEST_CASE(an_unmask_eventfd_that_becomes_empty_now_and_then_is_kept) {
    const unique_fd counting = new_eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK);
    BOOST_TEST(connect(irq_intx, counting, irq_action::unmask) == 0);
    for (int i = 0; i < 200; ++i) {
        const std::uint64_t several = 3; // signalled faster than it was looked at
        BOOST_REQUIRE(::write(counting.get(), &several, sizeof several) == sizeof several);
        for (std::uint64_t n = 0; n < several; ++n) {
            irqs.service_unmask_fd();
        }
    }
    BOOST_TEST(irqs.unmask_fd() >= 0);
}

BOOST_AUTO_TEST_CASE(actions_that_vfio_does_not_know_are_refused) {
    BOOST_TEST(act(irq_msi, irq_action::mask) == ENOTTY);
    BOOST_TEST(act(irq_msi, irq_action::unmask) == ENOTTY);
    BOOST_TEST(act(irq_msix, irq_action::trigger) == ENOTTY);
    BOOST_TEST(connect(irq_intx, event, irq_action::mask) == ENOTTY);
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_takes_its_eventfds_and_leaves_the_level) {
    BOOST_TEST(connect(irq_intx, event) == 0);
    BOOST_TEST(connect(irq_msi, event) == 0);
    irqs.set_intx(true);
    BOOST_TEST(signals() == 1U);
    irqs.disconnect();
    BOOST_TEST(irqs.intx_asserted());
    BOOST_TEST((irqs.trigger_msi() == interrupts::outcome::not_connected));
    BOOST_TEST(connect(irq_intx, event) == 0); // the next client hears of it
    BOOST_TEST(signals() == 1U);
}

BOOST_AUTO_TEST_CASE(an_eventfd_is_told_from_other_descriptors) {
    BOOST_TEST(is_eventfd(event.get()));
    BOOST_TEST(!is_eventfd(new_memory(1).get()));
    BOOST_TEST(!is_eventfd(-1));
    BOOST_TEST(!is_eventfd(9999));
}

BOOST_AUTO_TEST_SUITE_END()
