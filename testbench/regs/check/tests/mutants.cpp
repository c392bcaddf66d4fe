// SPDX-License-Identifier: Apache-2.0
// Do the register checks find faults? Builds devices with one fault each, from every field's
// policy, every reset value and every stride of the map, validates each against the true map, and
// counts the faults that were found. Survivors are listed with the reason.
// What no access can tell from the good device is called equivalent, and says why.
//
// regs_mutants [--every N] [--seed S] [--at-least P] [--threads T] [--list] [--only TEXT]: only
// every N-th mutant; print caught ones too; only those whose description has TEXT in it. Exit code
// 1 if less than P % (95) are found, or if the faultless device fails.

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "model/regs/handling.h"
#include "testbench/config/topology_file.h"
#include "testbench/regs/check/checker.h"
#include "testbench/regs/check/tests/fake_device.h"
#include "testbench/regs/check/topology_profile.h"
#include "testbench/regs/words.h"

namespace {

using namespace ntb;
using namespace ntb::regs;
using namespace ntb::regs::check;

struct mutant {
    fault what{};
    std::string text{};
    const char* family = ""; ///< "policy", "reset value", "stride", "other"
    bool counts = true;      ///< for the 95 %
    bool found = false;
    std::string reason{}; ///< why it may survive
};

constexpr const char* reads_zero = "equivalent: reads 0 and ignores writes either way";
constexpr const char* holds_nothing =
    "equivalent: shows the register at GASAADDR, and has no value of its own (B1.8)";
constexpr const char* upper_half =
    "the device made here has address bits there in the upper half of a 64-bit BAR, without policy";
constexpr const char* always_set =
    "equivalent: constant ones stay ones, with and without writes of ones";
constexpr const char* never_changes =
    "equivalent: nothing changes the bit, so it has its reset value before and after";

/// Is the field's value the same whatever happens, and 0?
bool silent(access a) {
    return a == access::ro || a == access::wo || a == access::reserved;
}

/// Why a status bit's clearing or keeping may not be seen.
std::string reason_of_status(const reg& r, const field& f, const char* otherwise) {
    for (const handling_row& h : handling_rows)
        if (h.what == handling::unraised && h.name == r.name && h.field == f.name)
            return "nothing known sets the bit: " + std::string(h.reason);
    return otherwise;
}

/// Of the good device and of one that has the register elsewhere: reads are 0, writes do nothing.
bool is_blank(const reg& r) {
    for (std::size_t i = 0; i < r.field_count(); ++i)
        if (!silent(r.fields.at(i).policy) || r.fields.at(i).reset != 0)
            return false;
    return true;
}

/// `good`: the faultless device, validated; what it has shown tells what is equivalent.
void add_field_mutants(std::vector<mutant>& out, const fake_device& good, std::size_t in,
                       std::size_t row, std::size_t field_index) {
    const reg& r = spaces.at(in).rows[row];
    const field& f = r.fields.at(field_index);
    const bool always_zero = good.seen(in, r, f) == 0;
    const std::string name = std::string(r.name) + "." + std::string(f.name);
    fault base;
    base.in = in;
    base.row = row;
    base.field = field_index;
    for (const access a :
         {access::ro, access::rw, access::rw1c, access::rw1s, access::wo, access::reserved}) {
        if (a == f.policy)
            continue;
        mutant m;
        m.what = base;
        m.what.what = fault::kind::policy;
        m.what.policy = a;
        m.family = "policy";
        m.text = name + " is " + std::string(word_of(a)) + " instead of " +
                 std::string(word_of(f.policy));
        if ((silent(a) || a == access::rw1c) && silent(f.policy)) {
            if (always_zero)
                m.reason = reads_zero;
            else if (r.name == "BAR{n}")
                m.reason = upper_half;
        } else if (f.policy == access::ro && a == access::rw1s && f.reset == f.mask() >> f.lsb)
            m.reason = always_set;
        else if (f.policy == access::rw1c)
            m.reason = reason_of_status(r, f, "no rule of the checks sees the bit cleared");
        out.push_back(m);
    }
    const std::uint32_t all = f.mask() >> f.lsb;
    for (const std::uint32_t bits : {std::uint32_t{1}, all}) {
        mutant m;
        m.what = base;
        m.what.what = fault::kind::reset_value;
        m.what.bits = bits;
        m.family = "reset value";
        m.text = name + " has its reset value inverted in " + hex(bits, 1);
        if (f.policy == access::wo || f.policy == access::reserved)
            m.reason = reads_zero;
        else if (r.name == "GASADATA")
            m.reason = holds_nothing;
        out.push_back(m);
        if (all == 1)
            break;
    }
    mutant m;
    m.what = base;
    m.what.what = fault::kind::hot_reset;
    m.family = "hot reset";
    m.text =
        name + (f.on_hot_reset == hot_reset::keeps ? " is reset by" : " survives") + " a hot reset";
    if (in != 0)
        m.reason = "equivalent: no reset of a function reaches the switch's registers";
    else if (silent(f.policy))
        m.reason = never_changes;
    else if (r.name == "GASADATA")
        m.reason = holds_nothing;
    else if (f.policy == access::rw1c)
        m.reason = reason_of_status(r, f, "no rule of the checks has the bit set before a reset");
    out.push_back(m);
}

std::vector<mutant> all_mutants(const fake_device& good) {
    std::vector<mutant> out;
    // The DMA function has no place in the global space, and the devices made here have none.
    for (std::size_t in = 0; in < spaces.size(); ++in)
        for (std::size_t row = 0; row < spaces.at(in).count; ++row) {
            if (spaces.at(in).id == space_id::dma)
                continue;
            const reg& r = spaces.at(in).rows[row];
            for (std::size_t f = 0; f < r.field_count(); ++f)
                add_field_mutants(out, good, in, row, f);
            for (unsigned d = 0; d < 2; ++d) {
                const dimension& dim = d == 0 ? r.first : r.second;
                if (dim.letter == 0)
                    continue;
                for (const std::uint32_t bytes : {dim.stride + r.size, dim.stride * 2}) {
                    mutant m;
                    m.what.what = fault::kind::stride;
                    m.what.in = in;
                    m.what.row = row;
                    m.what.dimension = d;
                    m.what.bytes = bytes;
                    m.family = "stride";
                    m.text = std::string(r.name) + " has the stride " + hex(bytes, 1) +
                             " instead of " + hex(dim.stride, 1);
                    if (is_blank(r))
                        m.reason = reads_zero;
                    out.push_back(m);
                }
            }
            struct other {
                fault::kind kind;
                const char* text;
            };
            for (const other& o : {other{fault::kind::partial_access, " has dword_only inverted"},
                                   other{fault::kind::byte_enables, " ignores byte enables"},
                                   other{fault::kind::second_door, " is not there by BAR0"},
                                   other{fault::kind::writes_neighbour, " writes its neighbour"}}) {
                mutant m;
                m.what.what = o.kind;
                m.what.in = in;
                m.what.row = row;
                m.family = "other";
                m.counts = false;
                m.text = std::string(r.name) + o.text;
                m.reason = in != 0 ? "no door of its own, or the neighbour ignores writes"
                                   : "the map knows no difference here";
                out.push_back(m);
            }
        }
    return out;
}

struct settings {
    std::size_t every = 1;
    std::string only{};
    std::uint64_t seed = 1;
    bool list = false;
    unsigned threads = 2;
    double at_least = 95.0;
};

settings parse(int argc, char** argv) {
    settings s;
    for (int i = 1; i < argc; ++i) {
        const bool value = i + 1 < argc;
        if (std::strcmp(argv[i], "--every") == 0 && value)
            s.every = std::strtoul(argv[++i], nullptr, 0);
        else if (std::strcmp(argv[i], "--only") == 0 && value)
            s.only = argv[++i];
        else if (std::strcmp(argv[i], "--seed") == 0 && value)
            s.seed = std::strtoull(argv[++i], nullptr, 0);
        else if (std::strcmp(argv[i], "--threads") == 0 && value)
            s.threads = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 0));
        else if (std::strcmp(argv[i], "--at-least") == 0 && value)
            s.at_least = std::strtod(argv[++i], nullptr);
        else if (std::strcmp(argv[i], "--list") == 0)
            s.list = true;
    }
    return s;
}

results validate(fake_device& device, const topology_config& topology, std::uint64_t seed) {
    check_options o;
    o.seed = seed;
    o.expected = profile_of(topology);
    return check_device(device, o);
}
results validate_with(const topology_config& topology, const fault& f, std::uint64_t seed) {
    fake_device device(topology, f);
    return validate(device, topology, seed);
}

bool equivalent(const mutant& m) {
    return m.reason.rfind("equivalent", 0) == 0;
}

} // namespace

int main(int argc, char** argv) {
    const settings s = parse(argc, argv);
    const topology_config topology = config::load_topology("two-host").topology;
    fake_device good(topology);
    good.record();
    const results faultless = validate(good, topology, s.seed);
    for (const finding& f : faultless.findings())
        std::printf("the faultless device: %s %s %s: %s, expected %s, got %s\n", name_of(f.kind),
                    f.subject.c_str(), f.fields.c_str(), f.what.c_str(), hex(f.expected, 8).c_str(),
                    hex(f.got, 8).c_str());
    if (!faultless.passed())
        return 1;

    std::vector<mutant> mutants;
    const std::vector<mutant> all = all_mutants(good);
    for (std::size_t i = s.seed % s.every; i < all.size(); i += s.every)
        if (all[i].text.find(s.only) != std::string::npos)
            mutants.push_back(all[i]);
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < mutants.size(); i = next++)
            mutants[i].found = !validate_with(topology, mutants[i].what, s.seed + i).passed();
    };
    std::vector<std::thread> workers;
    for (unsigned t = 1; t < s.threads; ++t)
        workers.emplace_back(work);
    work();
    for (std::thread& t : workers)
        t.join();

    std::size_t counted = 0;
    std::size_t found = 0;
    std::printf("%-12s %8s %8s %9s %11s\n", "mutants of", "made", "found", "survived",
                "equivalent");
    for (const char* family : {"policy", "reset value", "hot reset", "stride", "other"}) {
        std::size_t made = 0, caught = 0, same = 0;
        for (const mutant& m : mutants) {
            if (std::strcmp(m.family, family) != 0)
                continue;
            ++made;
            caught += m.found ? 1U : 0U;
            same += !m.found && equivalent(m) ? 1U : 0U;
            if (m.counts && (m.found || !equivalent(m))) {
                ++counted;
                found += m.found ? 1U : 0U;
            }
        }
        std::printf("%-12s %8zu %8zu %9zu %11zu\n", family, made, caught, made - caught - same,
                    same);
    }
    for (const mutant& m : mutants) {
        if (!m.found)
            std::printf("survivor (%s): %s: %s\n", m.family, m.text.c_str(),
                        m.reason.empty() ? "NO REASON KNOWN" : m.reason.c_str());
        else if (s.list)
            std::printf("found (%s): %s\n", m.family, m.text.c_str());
    }
    std::map<std::string, std::size_t> survivors; // by reason, of those that count
    for (const mutant& m : mutants)
        if (m.counts && !m.found && !equivalent(m))
            ++survivors[m.reason.empty() ? "NO REASON KNOWN" : m.reason];
    for (const auto& [reason, n] : survivors)
        std::printf("survived %4zu: %s\n", n, reason.c_str());
    const double percent =
        counted == 0 ? 100.0 : 100.0 * static_cast<double>(found) / static_cast<double>(counted);
    std::printf("found %zu of %zu faults that a device can show: %.1f %% (goal %.0f %%)\n", found,
                counted, percent, s.at_least);
    return percent >= s.at_least ? 0 : 1;
}
