// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/register_steps.h"

#include <algorithm>
#include <deque>

#include "testbench/regs/words.h"

namespace ntb::regs::check {

namespace {

std::vector<std::uint32_t> patterns_for(context& c, const sheet& s) {
    std::vector<std::uint32_t> out{0, s.ones, c.dice.word() & s.ones, c.dice.word() & s.ones};
    for (unsigned bit = 0; bit < s.size * 8; ++bit) {
        out.push_back(1U << bit);
        out.push_back(s.ones & ~(1U << bit));
    }
    c.dice.shuffle(out);
    out.push_back(0); // the last write leaves no request behind
    return out;
}

/// What hardware changes by itself cannot be predicted, but it must not follow what is written.
void check_live_bits(context& c, const sheet& s, const path& by) {
    const std::uint32_t watched = s.live & (s.ro | s.rw1c) & ~s.held;
    if (watched == 0)
        return;
    const auto after_writing = [&](std::uint32_t v) {
        const std::uint32_t before = c.view.read(s, by);
        const std::uint32_t w = s.allowed(v, s.value);
        c.view.write(s, by, w);
        const std::uint32_t got = c.view.read(s, by);
        c.out.expect_if(check_kind::access, s, s.after(before, w, s.ones), got,
                        s.steady() & s.named(), [&] { return wrote(s, w, by); });
        return got;
    };
    const std::uint32_t first = c.view.read(s, by);
    const std::uint32_t zero1 = after_writing(0);
    const std::uint32_t one1 = after_writing(s.ones);
    const std::uint32_t zero2 = after_writing(0);
    const std::uint32_t one2 = after_writing(s.ones);
    const std::uint32_t raised = one1 & one2 & ~first;
    const std::uint32_t follows = one1 & one2 & ~zero1 & ~zero2;
    const std::uint32_t lost = first & ~zero1 & ~zero2 & ~s.rw1c;
    const std::uint32_t cleared = first & ~one1 & ~one2 & s.ro;
    c.out.expect(check_kind::access, s, first,
                 first ^ ((raised | follows | lost | cleared) & watched), watched,
                 "hardware's own bits follow what is written by " + name_of(by));
}

} // namespace

void check_access(context& c, std::size_t id, const path& by) {
    borrowed taken(c, id);
    const sheet& s = taken.now();
    std::uint32_t before = c.view.read(s, by);
    const std::uint32_t quiet = s.ones & ~s.readable();
    c.out.expect_if(check_kind::reserved, s, 0, before, quiet & ~s.wo,
                    [&] { return "read by " + name_of(by); });
    c.out.expect_if(check_kind::access, s, 0, before, s.wo,
                    [&] { return "read by " + name_of(by); });
    if (s.written) {
        check_live_bits(c, s, by);
        before = c.view.read(s, by);
        for (const std::uint32_t pattern : patterns_for(c, s)) {
            const std::uint32_t w = s.allowed(pattern, before);
            c.view.write(s, by, w);
            const std::uint32_t got = c.view.read(s, by);
            const std::uint32_t expected = s.after(before, w, s.ones);
            const auto text = [&] {
                return wrote(s, w, by) + " over " + hex_of_width(before, s.size * 8);
            };
            c.out.expect_if(check_kind::access, s, expected, got, s.steady() & s.named(), text);
            c.out.expect_if(check_kind::reserved, s, expected, got, s.ones & ~s.named(), text);
            before = got;
        }
    }
    taken.give_back();
}

void check_bytes(context& c, std::size_t in, std::uint32_t in_space, const path& by) {
    // Several registers may share the dword: their masks side by side.
    sheet whole;
    std::deque<borrowed> taken;
    whole.size = 4;
    whole.ones = 0xFFFFFFFF;
    // Bytes without a register are written, too, but not on silicon.
    const bool everywhere = c.traits.writes_allowed && !c.traits.silicon;
    std::uint32_t writable_bytes = everywhere ? 0xFFFFFFFFU : 0;
    std::vector<std::size_t> members;
    for (const sheet& s : c.view.sheets())
        if (s.in == in && s.offset() / 4 == in_space / 4)
            members.push_back(s.id);
    for (const std::size_t id : members) {
        taken.emplace_back(c, id);
        const sheet& s = taken.back().now();
        const unsigned shift = (s.offset() & 3U) * 8U;
        whole.at = s.at;
        whole.name = s.name;
        whole.dword_only = whole.dword_only || s.dword_only;
        whole.rw |= s.rw << shift;
        whole.rw1c |= s.rw1c << shift;
        whole.rw1s |= s.rw1s << shift;
        whole.wo |= s.wo << shift;
        whole.ro |= s.ro << shift;
        whole.live |= s.live << shift;
        whole.held |= s.held << shift;
        if (s.written && !s.own_window)
            writable_bytes |= s.ones << shift;
        else
            writable_bytes &= ~(s.ones << shift);
    }
    const auto mask_of_bytes = [](unsigned enables) {
        std::uint32_t m = 0;
        for (unsigned b = 0; b < 4; ++b)
            if ((enables >> b & 1U) != 0)
                m |= 0xFFU << (8 * b);
        return m;
    };
    const auto read_whole = [&] { return c.view.device().read(by.by, by.function, in_space, 4); };
    std::vector<unsigned> enables{1, 2, 4, 8, 3, 12, 15};
    if (c.traits.any_byte_enables)
        enables.insert(enables.end(), {5, 6, 7, 9, 10, 11, 13, 14});
    c.dice.shuffle(enables);
    for (const unsigned e : enables) {
        const std::uint32_t mask = mask_of_bytes(e);
        const bool contiguous = e == 1 || e == 2 || e == 4 || e == 8 || e == 3 || e == 12;
        const unsigned lane = e == 2 ? 1 : e == 4 || e == 12 ? 2 : e == 8 ? 3 : 0;
        const unsigned width = contiguous ? (e == 3 || e == 12 ? 2U : 1U) : 4U;
        const auto text = [&](const char* what) {
            return std::string(what) + ", byte enables " + hex(e, 1) + " of the dword by " +
                   name_of(by);
        };
        std::uint32_t before = read_whole();
        if ((mask & ~writable_bytes) == 0) {
            const std::uint32_t w = whole.allowed(c.dice.word(), before);
            if (contiguous)
                c.view.device().write(by.by, by.function, in_space + lane, width, w >> (8 * lane));
            else
                c.view.device().write(by.by, by.function, in_space, 4, w, e);
            const bool ignored = whole.dword_only && e != 15;
            const std::uint32_t got = read_whole();
            c.out.expect_if(check_kind::bytes, whole,
                            ignored ? before : whole.after(before, w, mask), got, whole.steady(),
                            [&] { return text("wrote") + " over " + hex(before, 8); });
            before = got;
        }
        std::uint32_t got = 0;
        if (contiguous)
            got = c.view.device().read(by.by, by.function, in_space + lane, width) << (8 * lane);
        else
            got = c.view.device().read(by.by, by.function, in_space, 4, e);
        c.out.expect_if(check_kind::bytes, whole, whole.dword_only && e != 15 ? 0 : before & mask,
                        got, whole.steady() & mask, [&] { return text("read"); });
    }
    for (borrowed& b : taken)
        b.give_back();
}

void check_alias(context& c, std::size_t id) {
    borrowed taken(c, id);
    const sheet& s = taken.now();
    std::vector<path> by = c.view.write_paths(c.view.sheets().at(id));
    const std::vector<path>& readers = c.view.paths(c.view.sheets().at(id));
    c.dice.shuffle(by);
    const bool writes = s.written && !s.by_config && s.storage() != 0;
    if (!writes)
        by.resize(1);
    for (const path& from : by) {
        std::uint32_t expected = taken.before();
        std::uint32_t w = 0;
        if (writes) {
            w = s.allowed(c.dice.word(), taken.before()) & s.rw;
            c.view.write(s, from, w);
            expected = s.after(taken.before(), w, s.ones);
        }
        for (const path& to : readers)
            c.out.expect_if(check_kind::alias, s, expected, c.view.read(s, to), s.steady(), [&] {
                return (writes ? wrote(s, w, from) : "read by " + name_of(from)) + ", read by " +
                       name_of(to);
            });
    }
    taken.give_back();
}

void check_neighbours(context& c, std::size_t id) {
    borrowed taken(c, id);
    const sheet& s = taken.now();
    const std::uint32_t flipped = taken.before() ^ s.storage();
    const std::uint32_t w = (s.allowed(flipped, taken.before()) & s.rw) | (s.wo & ~s.held);
    c.view.write(s, w);
    if (!s.affects.empty())
        c.view.device().settle();
    std::vector<std::size_t> watched;
    for (const sheet& o : c.view.sheets())
        if (o.in == s.in)
            watched.push_back(o.id);
    for (unsigned i = 0; i < 8; ++i)
        watched.push_back(c.dice.below(c.view.sheets().size()));
    for (const std::size_t n : watched) {
        sheet& o = c.view.sheets().at(n);
        const bool affected = std::find(s.affects.begin(), s.affects.end(), n) != s.affects.end() ||
                              std::any_of(s.conditions.begin(), s.conditions.end(),
                                          [n](const condition& k) { return k.other == n; });
        if (n == id || affected || o.own_window || c.view.paths(o).empty())
            continue;
        const std::uint32_t got = c.view.read(o);
        if (!c.out.expect_if(check_kind::neighbours, o, o.value, got, o.steady(), [&] {
                return "after " + s.name + " was written " + hex_of_width(w, s.size * 8);
            }))
            o.value = got;
    }
    taken.give_back();
}

void check_unmapped(context& c, std::size_t in, std::uint32_t first, std::uint32_t dwords,
                    const path& by) {
    const instance& where = c.view.instances().at(in);
    for (std::uint32_t d = 0; d < dwords; ++d) {
        const std::uint32_t at = first + 4 * d;
        const bool mapped =
            std::any_of(c.view.sheets().begin(), c.view.sheets().end(),
                        [&](const sheet& s) { return s.in == in && s.offset() / 4 == at / 4; });
        if (mapped)
            continue;
        const std::string subject =
            (where.name.empty() ? std::string(where.in->name) : where.name) + " " +
            offset_text(*where.in, at);
        const auto expect_zero = [&](std::uint32_t got, const char* what) {
            c.out.count(check_kind::unmapped);
            if (got != 0)
                c.out.fail(subject, std::string(what) + " by " + name_of(by), 0, got);
        };
        expect_zero(c.view.read_dword(in, at, by), "read");
        if (c.traits.writes_allowed && !c.traits.silicon) {
            c.view.write_dword(in, at, by, 0xFFFFFFFF);
            expect_zero(c.view.read_dword(in, at, by), "wrote 0xFFFFFFFF");
        }
    }
}

void check_everything(context& c, const char* when) {
    for (sheet& s : c.view.sheets()) {
        if (s.own_window || c.view.paths(s).empty())
            continue;
        const std::uint32_t got = c.view.read(s);
        if (!c.out.expect_if(check_kind::neighbours, s, s.value, got, s.steady(),
                             [&] { return std::string(when); }))
            s.value = got;
    }
}

} // namespace ntb::regs::check
