// SPDX-License-Identifier: Apache-2.0
#include "traces/files/merge.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "traces/files/wave_copy.h"
#include "traces/trace_error.h"
#include "traces/vcd_format.h"
#include "traces/vcd_text.h"

namespace ntb::traces {
namespace {

constexpr std::uint32_t none = UINT32_MAX;
constexpr unsigned widest = 64;

/// What a file says of one signal: enough to know whether two files say the same.
struct course {
    std::uint64_t changes = 0; ///< after the first value
    std::uint64_t hash = 14695981039346656037U;
    std::uint64_t first_value = 0;
    std::string first_text{};
    bool known = false;

    void mix(std::uint64_t word) {
        for (unsigned byte = 0; byte < 8; ++byte) // FNV-1a
            hash = (hash ^ (word >> (8 * byte) & 0xFFU)) * 1099511628211U;
    }
    void add(std::uint64_t time_ps, const kept_change& c) {
        if (!known) {
            known = true;
            first_value = c.value;
            first_text = c.text;
            return;
        }
        ++changes;
        mix(time_ps);
        mix(c.value);
        for (const char letter : c.text)
            mix(static_cast<unsigned char>(letter));
    }
    [[nodiscard]] bool same(const course& other) const {
        return changes == other.changes && hash == other.hash;
    }
};

/// One file's part in the result.
struct source {
    std::string path;
    std::vector<std::uint64_t> masks{}; ///< by channel: the bits that its signal has
    std::uint64_t offset_ps = 0;
    std::vector<course> courses{};     ///< by channel
    std::vector<std::uint32_t> into{}; ///< by channel: index in the result, or none
    std::unique_ptr<wave_copy> copy{};

    [[nodiscard]] std::uint64_t time_ps() const { return copy->time_ps() + offset_ps; }
};

/// What the result can hold of a change: a file may give a signal more bits than it declares, and a
/// text more letters than vcd_format takes.
void fit(kept_change& c, std::uint64_t mask) {
    c.value &= mask;
    if (c.text.size() > max_text)
        c.text.resize(max_text);
}

source survey(const std::string& path, std::uint64_t offset_ps, merge_report& report) {
    source s;
    s.path = path;
    s.offset_ps = offset_ps;
    wave_copy copy(path);
    s.courses.resize(copy.reader().channels());
    s.into.assign(copy.reader().channels(), none);
    s.masks.assign(copy.reader().channels(), 0);
    for (const vcd_signal& signal : copy.reader().signals())
        s.masks[signal.channel] |=
            signal.width >= widest ? UINT64_MAX : (std::uint64_t{1} << signal.width) - 1;
    std::vector<kept_change> changes;
    while (copy.more()) {
        const std::uint64_t now = copy.time_ps();
        copy.take(changes);
        for (kept_change& c : changes) {
            fit(c, s.masks[c.channel]);
            s.courses[c.channel].add(now + offset_ps, c);
        }
    }
    if (copy.reader().time_ps() > UINT64_MAX - offset_ps)
        throw trace_error("merge of " + path, "its offset moves it beyond the end of time",
                          "give a smaller --offset");
    if (copy.reader().truncated())
        report.truncated.push_back(path);
    report.end_ps = std::max(report.end_ps, copy.reader().time_ps() + offset_ps);
    s.copy = std::make_unique<wave_copy>(path); // the second pass
    return s;
}

/// Which file's channel a signal of the result comes from.
struct origin {
    std::size_t file = 0;
    std::uint32_t channel = 0;
};

/// Gives each signal of each file its place in the result.
class placement {
public:
    placement(std::vector<source>& sources, merge_report& report)
        : sources_(sources), report_(report) {
        for (std::size_t f = 0; f < sources_.size(); ++f) {
            std::unordered_set<std::string> seen; // a damaged file may declare a name twice
            for (const vcd_signal& s : sources_[f].copy->reader().signals()) {
                if (seen.insert(s.name).second)
                    place(f, s);
            }
        }
        for (std::size_t i = 0; i < origins_.size(); ++i)
            sources_[origins_[i].file].into[origins_[i].channel] = static_cast<std::uint32_t>(i);
    }
    [[nodiscard]] const std::vector<signal_declaration>& declarations() const {
        return declarations_;
    }
    [[nodiscard]] const course& first_of(std::size_t i) const { return course_of(origins_[i]); }

private:
    [[nodiscard]] const course& course_of(const origin& o) const {
        return sources_[o.file].courses[o.channel];
    }

    void place(std::size_t file, const vcd_signal& s) {
        if (s.kind == vcd_kind::real || s.width > widest) {
            report_.left_out.push_back(s.name);
            return;
        }
        const unsigned width = s.kind == vcd_kind::text ? 0 : s.width;
        const origin here{file, s.channel};
        const auto found = by_name_.find(s.name);
        shapes_.try_emplace(s.name, width);
        if (found == by_name_.end()) {
            // One channel of a file can have several names; the result has one signal of it.
            const auto [entry, fresh] = aliases_.try_emplace(key(here), declarations_.size());
            if (!fresh) {
                by_name_.emplace(s.name, entry->second);
                return;
            }
            declare(s.name, width, here);
            return;
        }
        origin& other = origins_[found->second];
        const course& mine = course_of(here);
        const course& theirs = course_of(other);
        const bool same_shape = shapes_.at(s.name) == width;
        if (same_shape && (mine.changes == 0 || mine.same(theirs)))
            return;
        if (same_shape && theirs.changes == 0) {
            other = here;
            return;
        }
        std::string name = s.name + "_file" + std::to_string(file + 1);
        while (by_name_.count(name) != 0)
            name += '_';
        report_.conflicts.push_back({s.name, static_cast<unsigned>(file + 1), name});
        declare(name, width, here);
    }

    void declare(const std::string& name, unsigned width, const origin& from) {
        by_name_.emplace(name, declarations_.size());
        declarations_.push_back({name, width});
        origins_.push_back(from);
    }
    static std::uint64_t key(const origin& o) {
        return static_cast<std::uint64_t>(o.file) << 32U | o.channel;
    }

    std::vector<source>& sources_;
    merge_report& report_;
    std::vector<signal_declaration> declarations_{};
    std::vector<origin> origins_{}; ///< parallel to declarations_
    std::unordered_map<std::string, std::size_t> by_name_{};
    std::unordered_map<std::string, unsigned> shapes_{}; ///< widths by name, as first declared
    std::unordered_map<std::uint64_t, std::size_t> aliases_{}; ///< channel to its signal
};

/// Passes on what changes; initial values of the files have been told already.
class output_file {
public:
    output_file(const std::string& path, const placement& placed, std::uint64_t begin_ps)
        : format_(path, 0), texts_(placed.declarations().size()),
          values_(placed.declarations().size()), stamped_ps_(begin_ps) {
        format_.begin(placed.declarations(), begin_ps);
        for (std::uint32_t i = 0; i < values_.size(); ++i) {
            text_.push_back(placed.declarations()[i].width == 0);
            values_[i] = placed.first_of(i).first_value;
            texts_[i] = placed.first_of(i).first_text;
            if (text_[i])
                format_.text(i, texts_[i]);
            else
                format_.bits(i, values_[i]);
        }
        format_.initial_values_end();
    }

    void put(std::uint64_t time_ps, std::uint32_t index, const kept_change& c) {
        if (text_[index] ? texts_[index] == c.text : values_[index] == c.value)
            return;
        stamp(time_ps);
        ++changes_;
        if (text_[index]) {
            texts_[index] = c.text;
            format_.text(index, c.text);
        } else {
            values_[index] = c.value;
            format_.bits(index, c.value);
        }
    }
    /// Number of changes that were recorded.
    [[nodiscard]] std::uint64_t close(std::uint64_t end_ps) {
        stamp(end_ps);
        format_.close();
        return changes_;
    }
    [[nodiscard]] bool failed() const { return format_.failed(); }

private:
    void stamp(std::uint64_t time_ps) {
        if (time_ps != stamped_ps_)
            format_.stamp(stamped_ps_ = time_ps);
    }

    vcd_format format_;
    std::vector<bool> text_{};
    std::vector<std::string> texts_;
    std::vector<std::uint64_t> values_;
    std::uint64_t stamped_ps_;
    std::uint64_t changes_ = 0;
};

} // namespace

merge_report merge_waveforms(const std::vector<std::string>& files,
                             const std::vector<std::uint64_t>& offsets_ps,
                             const std::string& output) {
    for (const std::string& file : files) {
        std::error_code ignored;
        if (std::filesystem::equivalent(file, output, ignored))
            throw trace_error(output, "this would overwrite one of the waveforms",
                              "choose another -o");
    }
    merge_report report;
    std::vector<source> sources;
    for (std::size_t i = 0; i < files.size(); ++i)
        sources.push_back(survey(files[i], i < offsets_ps.size() ? offsets_ps[i] : 0, report));
    report.begin_ps = report.end_ps;
    for (const source& s : sources) {
        if (s.copy->more())
            report.begin_ps = std::min(report.begin_ps, s.time_ps());
    }
    const placement placed(sources, report);
    report.signals = placed.declarations().size();

    output_file out(output, placed, report.begin_ps);
    std::vector<kept_change> changes;
    for (;;) {
        source* earliest = nullptr;
        for (source& s : sources) {
            if (s.copy->more() && (earliest == nullptr || s.time_ps() < earliest->time_ps()))
                earliest = &s;
        }
        if (earliest == nullptr)
            break;
        const std::uint64_t now = earliest->time_ps();
        earliest->copy->take(changes);
        for (kept_change& c : changes) {
            const std::uint32_t index = earliest->into[c.channel];
            if (index == none)
                continue;
            fit(c, earliest->masks[c.channel]);
            out.put(now, index, c);
        }
    }
    report.changes = out.close(report.end_ps);
    if (out.failed())
        throw trace_error(output, "it could not be written to its end",
                          "make room and merge again");
    return report;
}

} // namespace ntb::traces
