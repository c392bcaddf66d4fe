// SPDX-License-Identifier: Apache-2.0
// Random doorbell and message traffic against a reference of a few lines each, which says what
// docs/reference/behaviour.md sections 5 and 6 say and nothing else. NTBSIM_TEST_SEED in the
// environment chooses another run; a failure names its seed.
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

#include "testbench/tests/bits.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

std::uint32_t seed() {
    const char* wanted = std::getenv("NTBSIM_TEST_SEED");
    return wanted != nullptr ? static_cast<std::uint32_t>(std::strtoul(wanted, nullptr, 0))
                             : 20130130U;
}

constexpr unsigned partitions = 4;
constexpr unsigned port_of(unsigned partition) {
    return 2 * partition;
}

/// Section 5: who rings, whom it reaches, what interrupts.
struct doorbell_reference {
    std::array<std::uint32_t, 32> outbound_mask{}, inbound_mask{};
    std::array<std::uint32_t, partitions> status{}, mask{};
    std::array<bool, partitions> pending{};
    std::array<unsigned, partitions> interrupts{};

    void ring(unsigned from, std::uint32_t bits) {
        for (unsigned n = 0; n < 32; ++n)
            for (unsigned to = 0; to < partitions; ++to)
                if ((bits >> n & 1U) != 0 && (outbound_mask.at(n) >> from & 1U) == 0 &&
                    (inbound_mask.at(n) >> to & 1U) == 0)
                    status.at(to) |= 1U << n;
        look();
    }
    void look() {
        for (unsigned p = 0; p < partitions; ++p) {
            const bool now = (status.at(p) & ~mask.at(p)) != 0;
            if (now && !pending.at(p))
                ++interrupts.at(p);
            pending.at(p) = now;
        }
    }
};

/// Section 6: routes, full registers, lost messages, what interrupts.
struct message_reference {
    struct inbound {
        std::uint32_t data = 0;
        unsigned source = 0;
    };
    std::array<std::array<unsigned, 4>, partitions> to_partition{}, to_register{};
    std::array<std::array<inbound, 4>, partitions> in{};
    std::array<std::uint32_t, partitions> status{}, mask{};
    std::array<bool, partitions> pending{};
    std::array<unsigned, partitions> interrupts{};

    void send(unsigned from, unsigned n, std::uint32_t data) {
        const unsigned to = to_partition.at(from).at(n);
        const unsigned r = to_register.at(from).at(n);
        if (to >= partitions || (status.at(to) & full(r)) != 0) {
            status.at(from) |= lost(n);
        } else {
            in.at(to).at(r) = {data, from};
            status.at(to) |= full(r);
        }
        look();
    }
    void look() {
        for (unsigned p = 0; p < partitions; ++p) {
            const bool now = (status.at(p) & ~mask.at(p)) != 0;
            if (now && !pending.at(p))
                ++interrupts.at(p);
            pending.at(p) = now;
        }
    }
};

class random_hosts : public several_hosts {
public:
    explicit random_hosts(const timing_config& timing) : several_hosts(four_partitions(), timing) {}

    std::mt19937 random{seed()};
    unsigned below(unsigned n) { return static_cast<unsigned>(random() % n); }
    /// Few bits more often than many.
    std::uint32_t bits() {
        std::uint32_t b = static_cast<std::uint32_t>(random());
        for (unsigned thin = below(5); thin != 0; --thin)
            b &= static_cast<std::uint32_t>(random());
        return b;
    }

    void doorbells(unsigned steps) {
        doorbell_reference reference;
        for (unsigned p = 0; p < partitions; ++p) {
            write(port_of(p), "NTINTMSK", int_all & ~int_dbell);
            reference.mask.at(p) = 0xFFFFFFFF;
        }
        for (unsigned step = 0; step < steps; ++step) {
            const unsigned p = below(partitions);
            const unsigned n = below(32);
            const std::uint32_t b = bits();
            switch (below(8)) {
            case 0:
                global_write(port_of(p), "GODBELLMSK" + std::to_string(n), b);
                reference.outbound_mask.at(n) = b;
                break;
            case 1:
                global_write(port_of(p), "GIDBELLMSK" + std::to_string(n), b);
                reference.inbound_mask.at(n) = b;
                break;
            case 2:
                write(port_of(p), "INDBELLMSK", b);
                reference.mask.at(p) = b;
                reference.look();
                break;
            case 3:
            case 4:
                write(port_of(p), "INDBELLSTS", b);
                reference.status.at(p) &= ~b;
                reference.look();
                break;
            default:
                write(port_of(p), "OUTDBELLSET", b);
                reference.ring(p, b);
                break;
            }
            sc_core::wait(1, sc_core::SC_US);
            std::uint32_t anywhere = 0;
            for (unsigned q = 0; q < partitions; ++q) {
                BOOST_TEST(read(port_of(q), "INDBELLSTS") == reference.status.at(q));
                BOOST_TEST(((read(port_of(q), "NTINTSTS") & int_dbell) != 0) ==
                           reference.pending.at(q));
                BOOST_TEST(msis(port_of(q)) == reference.interrupts.at(q));
                anywhere |= reference.status.at(q);
            }
            BOOST_TEST(global_read(0, "GDBELLSTS") == anywhere);
        }
    }

    void messages(unsigned steps) {
        message_reference reference;
        for (unsigned p = 0; p < partitions; ++p) {
            write(port_of(p), "NTINTMSK", int_all & ~int_msg);
            reference.mask.at(p) = 0x000F000F;
        }
        for (unsigned step = 0; step < steps; ++step) {
            const unsigned p = below(partitions);
            const unsigned n = below(4);
            switch (below(8)) {
            case 0: {
                const unsigned to = below(5);
                const unsigned r = below(4);
                global_write(port_of(p), "SWP" + std::to_string(p) + "MSGCTL" + std::to_string(n),
                             to << 4 | r);
                reference.to_partition.at(p).at(n) = to;
                reference.to_register.at(p).at(n) = r;
                break;
            }
            case 1:
                reference.mask.at(p) = bits() & 0x000F000F;
                write(port_of(p), "MSGSTSMSK", reference.mask.at(p));
                reference.look();
                break;
            case 2:
            case 3: {
                const std::uint32_t ones = bits();
                write(port_of(p), "MSGSTS", ones);
                reference.status.at(p) &= ~ones;
                reference.look();
                break;
            }
            default: {
                const std::uint32_t data = bits();
                write(port_of(p), "OUTMSG" + std::to_string(n), data);
                reference.send(p, n, data);
                BOOST_TEST(read(port_of(p), "MSGSTS") == reference.status.at(p)); // at once
                break;
            }
            }
            sc_core::wait(1, sc_core::SC_US);
            for (unsigned q = 0; q < partitions; ++q) {
                BOOST_TEST(read(port_of(q), "MSGSTS") == reference.status.at(q));
                BOOST_TEST(msis(port_of(q)) == reference.interrupts.at(q));
                for (unsigned r = 0; r < 4; ++r) {
                    const std::string number = std::to_string(r);
                    BOOST_TEST(read(port_of(q), "INMSG" + number) == reference.in.at(q).at(r).data);
                    BOOST_TEST(read(port_of(q), "INMSGSRC" + number) ==
                               reference.in.at(q).at(r).source);
                }
            }
        }
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(random_traffic)

BOOST_AUTO_TEST_CASE(doorbells_do_what_a_few_lines_say) { // B5.1 B5.2 B5.4 B5.7 B5.8
    random_hosts hosts(timing_config{});
    BOOST_TEST_CONTEXT("NTBSIM_TEST_SEED=" << seed())
    hosts.run([&hosts] { hosts.doorbells(2000); });
}

BOOST_AUTO_TEST_CASE(doorbells_without_delays_do_the_same) { // B5.1 B5.2 B5.4 B5.7 B5.8
    random_hosts hosts(ideal_timing());
    BOOST_TEST_CONTEXT("NTBSIM_TEST_SEED=" << seed())
    hosts.run([&hosts] { hosts.doorbells(2000); });
}

BOOST_AUTO_TEST_CASE(messages_do_what_a_few_lines_say) { // B6.1 B6.2 B6.3 B6.4 B6.5
    random_hosts hosts(timing_config{});
    BOOST_TEST_CONTEXT("NTBSIM_TEST_SEED=" << seed())
    hosts.run([&hosts] { hosts.messages(2000); });
}

BOOST_AUTO_TEST_CASE(messages_without_delays_do_the_same) { // B6.1 B6.2 B6.3 B6.4 B6.5
    random_hosts hosts(ideal_timing());
    BOOST_TEST_CONTEXT("NTBSIM_TEST_SEED=" << seed())
    hosts.run([&hosts] { hosts.messages(2000); });
}

BOOST_AUTO_TEST_SUITE_END()
