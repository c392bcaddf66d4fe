// SPDX-License-Identifier: Apache-2.0
// Random window set-ups and random accesses of four hosts against a reference of a few lines, which
// says what docs/reference/behaviour.md sections 7 to 9 say and nothing else: where each byte must
// land, or that the request is refused, which then leaves no trace but AER's. Every byte of every
// host's RAM is compared. NTBSIM_TEST_SEED in the environment chooses another run; a failure names
// its seed and its round.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "model/regs/nt_refs.h"
#include "testbench/tests/bits.h"
#include "testbench/tests/several_hosts.h"

using namespace ntb;
using namespace ntb::test;

namespace {

constexpr unsigned hosts = 4;
constexpr std::uint64_t ram_bytes = root_complex::default_ram;
constexpr std::uint64_t arena = 0x100000;       ///< filled with data, so that reads mean something
constexpr std::uint64_t arena_bytes = 0x400000; ///< most windows lead there
constexpr unsigned longest_burst = 4096;

std::uint32_t seed() {
    const char* wanted = std::getenv("NTBSIM_TEST_SEED");
    return wanted != nullptr ? static_cast<std::uint32_t>(std::strtoul(wanted, nullptr, 0))
                             : 20140214U;
}

constexpr unsigned port_of(unsigned partition) {
    return 2 * partition;
}

// --- The reference -----------------------------------------------------------------------------

struct entry {
    bool valid = false;
    unsigned partition = 0;
    std::uint64_t base = 0;
};

struct window {
    bool enabled = false;
    bool wide = false; ///< 64-bit; the next BAR is its upper half
    unsigned kind = 0; ///< 0 direct, 12 or 24 entries
    unsigned log2 = 12;
    std::uint64_t address = 0, limit = 0;
    entry direct{};
    std::array<entry, 24> table{};
};

struct side {
    std::array<window, bar_count> bars{};
    bool memory = true, master = true, known = true, completions = true;
};

struct place {
    unsigned host;
    std::uint64_t address;
};

/// Where the byte at `offset` of a BAR is (B9.4 to B9.8); nothing: refused.
std::optional<place> where(const std::array<side, hosts>& sides, unsigned from, unsigned bar,
                           std::uint64_t offset) {
    const window& w = sides.at(from).bars.at(bar);
    const std::uint64_t size = std::uint64_t{1} << w.log2;
    if (!w.enabled || offset >= size || w.address + offset > w.limit)
        return {};
    entry e = w.direct;
    std::uint64_t inside = offset;
    if (w.kind != 0) {
        const std::uint64_t share = size / (w.kind == 12 ? 16 : 32);
        if (bar % 2 != 0 || offset / share >= w.kind)
            return {};
        e = w.table.at(offset / share);
        inside = offset % share;
    }
    if (!e.valid || e.partition >= hosts || e.partition == from || !sides.at(e.partition).master)
        return {};
    return place{e.partition, e.base + inside};
}

bool may_send(const side& s) { // B7.4 B8.1
    return s.memory && s.master && s.known;
}

// --- The set-up, in the device and in the reference --------------------------------------------

class window_rounds : public several_hosts {
public:
    explicit window_rounds(const timing_config& timing) : several_hosts(four_partitions(), timing) {
        for (auto& copy : expected_)
            copy = std::make_unique<host_ram>(ram_bytes);
    }

    void play(unsigned rounds, unsigned accesses) {
        BOOST_TEST_MESSAGE("NTBSIM_TEST_SEED=" << seed());
        fill_arenas();
        for (unsigned round = 0; round < rounds; ++round) {
            BOOST_TEST_CONTEXT("NTBSIM_TEST_SEED=" << seed() << " round " << round) {
                for (unsigned h = 0; h < hosts; ++h)
                    set_up(h);
                for (unsigned i = 0; i < accesses; ++i)
                    access(below(hosts), 1 + below(bar_count - 1));
                for (unsigned h = 0; h < hosts; ++h)
                    compare(h, arena, arena_bytes);
            }
        }
        for (unsigned h = 0; h < hosts; ++h)
            compare(h, 0, ram_bytes);
        // A run in which hardly anything crosses, or is refused, would show nothing.
        BOOST_TEST(crossed_ >= rounds * accesses / 6);
        BOOST_TEST(refused_ >= rounds * accesses / 5);
        BOOST_TEST(over_two_entries_ >= 2U);
        BOOST_TEST(dropped_ >= 1U);
    }

private:
    std::mt19937 random_{seed()};
    std::array<side, hosts> sides_{};
    std::array<std::unique_ptr<host_ram>, hosts> expected_{};
    std::array<unsigned, hosts> mapping_entry_{0, 8, 16, 24};
    unsigned crossed_ = 0, refused_ = 0, over_two_entries_ = 0, dropped_ = 0;

    unsigned below(std::uint64_t n) { return static_cast<unsigned>(random_() % n); }
    bool one_in(unsigned n) { return below(n) == 0; }

    void fill_arenas() {
        std::vector<unsigned char> data(arena_bytes);
        for (unsigned h = 0; h < hosts; ++h) {
            for (unsigned char& byte : data)
                byte = static_cast<unsigned char>(random_());
            BOOST_TEST(host(port_of(h)).ram().write(arena, data.data(), data.size()));
            BOOST_TEST(expected_.at(h)->write(arena, data.data(), data.size()));
        }
    }

    /// A register of that host's function by any of three doors.
    void put(unsigned h, const std::string& name, std::uint32_t offset, std::uint32_t value) {
        switch (below(3)) {
        case 0:
            BOOST_TEST(host(port_of(h)).config_write(offset, value).ok());
            break;
        case 1:
            write(port_of(h), name, value);
            break;
        default:
            global_write(port_of(h), name, value, port_of(h));
            break;
        }
    }

    std::uint64_t base() {
        switch (below(12)) {
        case 0:
            return ram_bytes - 4 * std::uint64_t{below(0x2000)}; // the end of RAM is in the window
        case 1:
            return (std::uint64_t{1} << 40) + below(0x10000); // not there
        case 2:
            return below(ram_bytes - arena_bytes); // anywhere
        default:
            return arena + below(arena_bytes * 3 / 4); // aligned to nothing
        }
    }

    entry any_entry(unsigned h) {
        entry e;
        e.valid = !one_in(8);
        e.partition = one_in(8) ? below(max_partitions) : (h + 1 + below(hosts - 1)) % hosts;
        e.base = base();
        return e;
    }

    void set_up(unsigned h) {
        root_complex& me = host(port_of(h));
        me.config_write(nt::AERCEM.at(), 0); // refused reads show in AERUES, too
        side& s = sides_.at(h);
        me.config_write(nt::PCICMD.at(), cmd_memory | cmd_master, 2);
        s = side{};
        const std::array<unsigned, 3> kinds{0, 12, 24};
        for (unsigned b = 1; b < bar_count; ++b) {
            window& w = s.bars.at(b);
            w.enabled = !one_in(20);
            w.wide = b % 2 == 0 && one_in(2);
            w.kind = b % 2 == 0 || one_in(10) ? kinds.at(below(3)) : 0;
            if (b == 4 && w.kind == 24 && s.bars.at(2).kind == 24)
                w.kind = 12; // B9.1
            w.log2 = 7 + below(15);
            w.direct = any_entry(h);
            w.direct.valid = true; // there is no such bit
            if (b % 2 == 1 && s.bars.at(b - 1).wide && s.bars.at(b - 1).enabled)
                w.enabled = false;
            put(h, "BARSETUP" + std::to_string(b), nt::BARSETUP.at(b),
                (w.enabled ? 0x80000000U : 0U) | w.direct.partition << 13 | w.kind / 12 << 11 |
                    w.log2 << 4 | below(2) << 3 | (w.wide ? 4U : 0U));
        }
        for (unsigned b = 1; b < bar_count; ++b)
            if (s.bars.at(b).enabled)
                place_window(h, b);
        cross_or_not(h);
    }

    void place_window(unsigned h, unsigned b) {
        window& w = sides_.at(h).bars.at(b);
        const std::uint64_t size = std::uint64_t{1} << w.log2;
        const std::string n = std::to_string(b);
        const std::string next = std::to_string(b + 1);
        w.address = (0x80000000U | (random_() >> 1)) & ~(size - 1);
        if (w.wide && one_in(2))
            w.address |= std::uint64_t{1 + below(100)} << 32;
        // The whole of it, a part of it, or none; the low ten bits count as ones (B9.5).
        w.limit = !one_in(4) ? ~std::uint64_t{0} : w.address + below(size + size / 4);
        if (one_in(20))
            w.limit = 0;
        if (!w.wide)
            w.limit = std::min<std::uint64_t>(w.limit, 0xFFFFFFFF);
        const auto low = [](std::uint64_t v) { return static_cast<std::uint32_t>(v); };
        put(h, "BAR" + n, nt::BAR.at(b), low(w.address));
        put(h, "BARLIMIT" + n, nt::BARLIMIT.at(b), low(w.limit));
        if (w.wide) {
            put(h, "BAR" + next, nt::BAR.at(b + 1), low(w.address >> 32));
            put(h, "BARLIMIT" + next, nt::BARLIMIT.at(b + 1), low(w.limit >> 32));
        }
        w.limit |= 0x3FF;
        put(h, "BARLTBASE" + n, nt::BARLTBASE.at(b), low(w.direct.base));
        put(h, "BARUTBASE" + n, nt::BARUTBASE.at(b), low(w.direct.base >> 32));
        w.direct.base &= ~std::uint64_t{3};
        for (unsigned i = 0; b % 2 == 0 && i < w.table.size(); ++i) {
            entry& e = w.table.at(i);
            e = any_entry(h);
            write(port_of(h), "LUTOFFSET", b << 8 | i);
            write(port_of(h), "LUTLDATA", low(e.base));
            write(port_of(h), "LUTMDATA", low(e.base >> 32));
            write(port_of(h), "LUTUDATA", (e.valid ? 0x80000000U : 0U) | e.partition);
            e.base &= ~std::uint64_t{3};
        }
    }

    void cross_or_not(unsigned h) {
        side& s = sides_.at(h);
        const unsigned port = port_of(h);
        const std::uint32_t id = host(port).id().value();
        write(port, "NTMTBLADDR", mapping_entry_.at(h));
        write(port, "NTMTBLDATA", 0);
        mapping_entry_.at(h) = 8 * h + below(8);
        const bool entered = !one_in(20);
        const bool unchecked = one_in(6);
        s.known = entered || unchecked;
        s.completions = !one_in(8);
        s.memory = !one_in(16);
        s.master = !one_in(16);
        write(port, "NTMTBLADDR", mapping_entry_.at(h));
        write(port, "NTMTBLDATA",
              entered     ? mapping(id, h)
              : one_in(2) ? mapping(id, h + hosts) // of a partition that has nobody
                          : mapping(id ^ 0x10U, h));
        write(port, "NTCTL", (unchecked ? 1U : 0U) | (s.completions ? 2U : 0U));
        host(port).config_write(nt::PCICMD.at(),
                                (s.memory ? cmd_memory : 0U) | (s.master ? cmd_master : 0U), 2);
    }

    // --- Accesses ------------------------------------------------------------------------------

    /// Ends of table entries, limit and BAR more often than what lies between.
    std::uint64_t offset_in(const window& w, unsigned length) {
        const std::uint64_t size = std::uint64_t{1} << w.log2;
        const std::uint64_t share = size / (w.kind == 24 ? 32 : 16);
        switch (below(8)) {
        case 0: // about the border of two entries
            return (1 + below(w.kind == 24 ? 24 : 12)) * share - 1 - below(std::min(share, 8UL));
        case 1: // the last byte is that of the limit, or the one behind it
            return std::clamp(w.limit, w.address, w.address + size - 1) - w.address + 1 + below(2) -
                   length;
        case 2: // the last of the BAR, or the one behind it
            return size + below(2) - length;
        default:
            return below(size);
        }
    }

    void access(unsigned from, unsigned bar) {
        const bool burst = one_in(3);
        const unsigned length = 1 + below(burst ? longest_burst : 8);
        const std::uint64_t offset = offset_in(sides_.at(from).bars.at(bar), length);
        const bool is_write = one_in(2);
        const unsigned enables = is_write && !burst && one_in(3) ? below(256) : 0xFF;
        std::vector<place> places;
        bool good = may_send(sides_.at(from));
        for (unsigned i = 0; good && i < length; ++i) {
            const auto p = where(sides_, from, bar, offset + i);
            good = p.has_value();
            if (good)
                places.push_back(*p);
        }
        const bool in_ram = std::all_of(places.begin(), places.end(),
                                        [](const place& p) { return p.address < ram_bytes; });
        const bool one_piece =
            !good || places.back().address - places.front().address == length - 1;
        // What an earlier part has delivered nobody takes back when a later host refuses its own.
        if (good && !in_ram && !one_piece)
            return;
        const bool by_host = good && !in_ram;
        good = good && in_ram;
        over_two_entries_ += good && !one_piece ? 1 : 0;
        std::vector<unsigned char> data(length);
        for (unsigned char& byte : data)
            byte = static_cast<unsigned char>(random_());
        BOOST_TEST_CONTEXT("host " << from << " bar " << bar << (is_write ? " write" : " read")
                                   << " offset " << offset << " length " << length << " enables "
                                   << enables) {
            const auto status = perform(from, bar, offset, data, is_write, burst, enables);
            judge(from, good, by_host, is_write, status);
            for (unsigned i = 0; good && is_write && i < length; ++i)
                if (burst || (enables >> i & 1U) != 0)
                    expected_.at(places[i].host)->write(places[i].address, &data[i], 1);
            if (!is_write)
                expect_read(data, places, good && sides_.at(from).completions);
        }
    }

    tlm::tlm_response_status perform(unsigned from, unsigned bar, std::uint64_t offset,
                                     std::vector<unsigned char>& data, bool is_write, bool burst,
                                     unsigned enables) {
        root_complex& me = host(port_of(from));
        const auto length = static_cast<unsigned>(data.size());
        if (burst)
            return me.bar_transfer(bar_number(bar),
                                   is_write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND,
                                   offset, data.data(), length);
        std::uint64_t value = 0;
        std::memcpy(&value, data.data(), length);
        const completion done = is_write
                                    ? me.bar_write(bar_number(bar), offset, value, length, enables)
                                    : me.bar_read(bar_number(bar), offset, length);
        if (!is_write)
            std::memcpy(data.data(), &done.data, length);
        return done.status;
    }

    /// The response, and AER: of the asking function if it refused, not if the other host did; of
    /// no other ever.
    void judge(unsigned from, bool good, bool by_host, bool is_write,
               tlm::tlm_response_status status) {
        const bool dropped = (good || by_host) && !is_write && !sides_.at(from).completions; // B8.2
        BOOST_TEST(status == (dropped                         ? tlm::TLM_GENERIC_ERROR_RESPONSE
                              : good || (by_host && is_write) ? tlm::TLM_OK_RESPONSE
                                                              : tlm::TLM_ADDRESS_ERROR_RESPONSE));
        ++(dropped ? dropped_ : good ? crossed_ : refused_);
        for (unsigned h = 0; h < hosts; ++h) {
            const std::uint64_t errors = host(port_of(h)).config_read(nt::AERUES.at()).data;
            BOOST_TEST(errors == (h == from && !good && !by_host ? aer_unsupported_request : 0U));
        }
        if (!good)
            host(port_of(from)).config_write(nt::AERUES.at(), 0xFFFFFFFF);
    }

    void expect_read(const std::vector<unsigned char>& data, const std::vector<place>& places,
                     bool good) {
        unsigned wrong = 0;
        for (std::size_t i = 0; i < data.size(); ++i) {
            unsigned char right = 0xFF;
            if (good)
                expected_.at(places[i].host)->read(places[i].address, &right, 1);
            wrong += data[i] != right ? 1 : 0;
        }
        BOOST_TEST(wrong == 0U);
    }

    void compare(unsigned h, std::uint64_t begin, std::uint64_t length) {
        constexpr std::uint64_t step = 1U << 20;
        std::vector<unsigned char> found(step), right(step);
        for (std::uint64_t at = begin; at < begin + length; at += step) {
            BOOST_TEST(host(port_of(h)).ram().read(at, found.data(), step));
            BOOST_TEST(expected_.at(h)->read(at, right.data(), step));
            BOOST_TEST((found == right), "host " << h << ", RAM from " << at);
        }
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(window_properties)

BOOST_AUTO_TEST_CASE(every_byte_lands_where_a_few_lines_say) { // B7.4 B8.1 B8.2 B9.4 to B9.8
    window_rounds rounds(timing_config{});
    rounds.run([&rounds] { rounds.play(40, 40); }, sc_core::sc_time(100, sc_core::SC_SEC));
}

BOOST_AUTO_TEST_CASE(every_byte_lands_there_without_delays) { // B7.4 B8.1 B8.2 B9.4 to B9.8
    window_rounds rounds(ideal_timing());
    rounds.run([&rounds] { rounds.play(100, 40); }, sc_core::sc_time(1000, sc_core::SC_SEC));
}

BOOST_AUTO_TEST_SUITE_END()
