// SPDX-License-Identifier: Apache-2.0
#include "traces/files/compare.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "traces/files/wave_copy.h"
#include "traces/hex_text.h"
#include "traces/signal_selection.h"
#include "traces/time_text.h"

namespace ntb::traces {
namespace {

struct shown_value {
    std::uint64_t time_ps = 0;
    std::uint64_t value = 0;
    std::string text{};
};

std::string in_words(const shown_value& s, vcd_kind kind) {
    if (kind == vcd_kind::text)
        return '"' + s.text + '"';
    return hex_text(s.value);
}

/// A signal that both files have: changes of one side that the other has not shown yet.
struct pair_state {
    std::string name;
    vcd_kind kind = vcd_kind::bits;
    std::array<std::deque<shown_value>, 2> ahead{};
    std::array<shown_value, 2> last{};
    std::array<bool, 2> known{};
    bool differs = false;
};

class comparison {
public:
    comparison(const std::string& first, const std::string& second, const compare_options& options)
        : options_(options),
          selection_(options.signals), sides_{wave_copy(first), wave_copy(second)}, paths_{first,
                                                                                           second} {
        for (std::size_t side = 0; side < 2; ++side)
            pair_of_[side].assign(sides_[side].reader().channels(), SIZE_MAX);
        pair_up();
    }

    compare_report run() {
        std::vector<kept_change> changes;
        while (sides_[0].more() || sides_[1].more()) {
            const std::size_t side = !sides_[0].more()                            ? 1
                                     : !sides_[1].more()                          ? 0
                                     : sides_[0].time_ps() <= sides_[1].time_ps() ? 0
                                                                                  : 1;
            const std::uint64_t now = sides_[side].time_ps();
            sides_[side].take(changes);
            take_instant(side, now, changes);
        }
        for (pair_state& p : pairs_) {
            for (std::size_t side = 0; side < 2 && !p.differs; ++side) {
                if (!p.ahead[side].empty())
                    only_in(p, side, p.ahead[side].front());
            }
        }
        std::stable_sort(all_.begin(), all_.end(),
                         [](const wave_difference& a, const wave_difference& b) {
                             return a.time_ps < b.time_ps;
                         });
        report_.differing = all_.size();
        report_.differences.assign(
            all_.begin(),
            all_.begin() + static_cast<std::ptrdiff_t>(std::min(all_.size(), options_.most)));
        return std::move(report_);
    }

private:
    void pair_up() {
        std::unordered_map<std::string, const vcd_signal*> second;
        for (const vcd_signal& s : sides_[1].reader().signals()) {
            if (selection_.selects(s.name))
                second.emplace(s.name, &s);
        }
        std::unordered_set<std::string> seen; // a damaged file may declare a name twice
        for (const vcd_signal& s : sides_[0].reader().signals()) {
            if (!selection_.selects(s.name) || !seen.insert(s.name).second)
                continue;
            const auto found = second.find(s.name);
            if (found == second.end()) {
                differ(s.name, 0, "is only in " + paths_[0]);
                continue;
            }
            const vcd_signal& other = *found->second;
            second.erase(found);
            // The width of a text says nothing: tools write what they like.
            if (other.kind != s.kind || (s.kind != vcd_kind::text && other.width != s.width)) {
                differ(s.name, 0,
                       "has " + std::to_string(s.width) + " bits in one and " +
                           std::to_string(other.width) + " in the other, or is of another kind");
                continue;
            }
            pair_of_[0][s.channel] = pair_of_[1][other.channel] = pairs_.size();
            pair_state p;
            p.name = s.name;
            p.kind = s.kind;
            pairs_.push_back(std::move(p));
        }
        for (const vcd_signal& s : sides_[1].reader().signals()) {
            if (second.count(s.name) != 0)
                differ(s.name, 0, "is only in " + paths_[1]);
        }
        report_.signals = pairs_.size();
    }

    void take_instant(std::size_t side, std::uint64_t now, std::vector<kept_change>& changes) {
        touched_.clear();
        for (kept_change& c : changes) {
            const std::size_t index = pair_of_[side][c.channel];
            if (index == SIZE_MAX)
                continue;
            pair_state& p = pairs_[index];
            if (p.differs)
                continue;
            shown_value next{now, c.value, std::move(c.text)};
            if (p.kind == vcd_kind::text) {
                add(p, side, std::move(next));
                continue;
            }
            // Of a vector only the last value of an instant counts.
            if (std::find(touched_.begin(), touched_.end(), index) == touched_.end())
                touched_.push_back(index);
            latest_[index] = std::move(next);
        }
        for (const std::size_t index : touched_)
            add(pairs_[index], side, std::move(latest_[index]));
    }

    void add(pair_state& p, std::size_t side, shown_value next) {
        if (p.known[side] && p.last[side].value == next.value && p.last[side].text == next.text)
            return;
        p.known[side] = true;
        p.last[side] = next;
        std::deque<shown_value>& theirs = p.ahead[1 - side];
        if (theirs.empty()) {
            p.ahead[side].push_back(std::move(next));
            // By time, the other side can not show it any more.
            if (!options_.ignore_times && late(1 - side, p.ahead[side].front().time_ps))
                only_in(p, side, p.ahead[side].front());
            return;
        }
        const shown_value expected = std::move(theirs.front());
        theirs.pop_front();
        const bool same = expected.value == next.value && expected.text == next.text &&
                          (options_.ignore_times || expected.time_ps == next.time_ps);
        if (same)
            return;
        const shown_value& a = side == 0 ? next : expected;
        const shown_value& b = side == 0 ? expected : next;
        differ(p.name, a.time_ps,
               "becomes " + in_words(a, p.kind) + " at " + format_time(a.time_ps) + " in " +
                   paths_[0] + ", " + in_words(b, p.kind) + " at " + format_time(b.time_ps) +
                   " in " + paths_[1]);
        stop(p);
    }

    [[nodiscard]] bool late(std::size_t side, std::uint64_t time_ps) const {
        return !sides_[side].more() || sides_[side].time_ps() > time_ps;
    }

    void only_in(pair_state& p, std::size_t side, const shown_value& s) {
        differ(p.name, s.time_ps,
               "becomes " + in_words(s, p.kind) + " at " + format_time(s.time_ps) + " in " +
                   paths_[side] + " only");
        stop(p);
    }

    static void stop(pair_state& p) {
        p.differs = true;
        p.ahead[0].clear();
        p.ahead[1].clear();
    }

    void differ(const std::string& signal, std::uint64_t time_ps, std::string text) {
        all_.push_back({signal, time_ps, std::move(text)});
    }

    const compare_options& options_;
    signal_selection selection_;
    std::array<wave_copy, 2> sides_;
    std::array<std::string, 2> paths_;
    std::array<std::vector<std::size_t>, 2> pair_of_{}; ///< by channel
    std::vector<pair_state> pairs_{};
    std::vector<std::size_t> touched_{};
    std::unordered_map<std::size_t, shown_value> latest_{};
    std::vector<wave_difference> all_{};
    compare_report report_{};
};

} // namespace

compare_report compare_waveforms(const std::string& first, const std::string& second,
                                 const compare_options& options) {
    return comparison(first, second, options).run();
}

} // namespace ntb::traces
