// SPDX-License-Identifier: Apache-2.0
#include "traces/window_format.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <utility>

#include "traces/time_text.h"
#include "traces/trace_error.h"

namespace ntb::traces {

window_format::window_format(std::string path, std::uint64_t limit_bytes,
                             const window_options& options)
    : out_(path, limit_bytes), path_(std::move(path)), options_(options),
      most_changes_(limit_bytes == 0 ? std::numeric_limits<std::size_t>::max()
                                     : std::max<std::size_t>(limit_bytes / bytes_of_change, 1)) {
    if (!options_.trigger.empty())
        trigger_.emplace(options_.trigger);
}

void window_format::begin(const std::vector<signal_declaration>& declarations) {
    declarations_ = declarations;
    values_.resize(declarations.size());
    shown_.resize(declarations.size());
    std::string missing;
    if (trigger_ && !trigger_->resolve(declarations, missing))
        throw trace_error("trigger \"" + trigger_->expression() + '"',
                          "no signal '" + missing + "' is recorded",
                          "the header of any waveform lists the names; --signals must include it");
}

void window_format::stamp(std::uint64_t time_ps) {
    if (stopped_)
        return;
    now_ps_ = time_ps;
    if (trigger_)
        fired(trigger_->time(time_ps));
    if (fired_ps_) {
        if (time_ps > *fired_ps_ + options_.after_ps)
            write();
        return;
    }
    forget_before(time_ps - std::min(time_ps, options_.window_ps));
}

void window_format::fired(std::optional<std::uint64_t> when) {
    if (!when || fired_ps_)
        return;
    fired_ps_ = when;
    forget_before(*when - std::min(*when, options_.window_ps));
}

void window_format::bits(std::uint32_t index, std::uint64_t value) {
    if (stopped_)
        return;
    if (trigger_)
        fired(trigger_->bits(now_ps_, index, value, initial_));
    if (initial_)
        values_[index] = value;
    else
        keep({now_ps_, value, index, false}, {});
}

void window_format::text(std::uint32_t index, std::string_view text) {
    if (stopped_)
        return;
    if (initial_)
        return; // texts begin empty
    if (trigger_)
        fired(trigger_->text(now_ps_, index, text));
    keep({now_ps_, 0, index, true}, text);
}

void window_format::tlp(std::uint32_t index, const tlp_appearance& what) {
    std::array<char, tlp_room<plain_blank>> out; // NOLINT(*-member-init): written first
    const char* const end = put_tlp<plain_blank>(out.data(), what);
    text(index, {out.data(), static_cast<std::size_t>(end - out.data())});
}

void window_format::keep(const change& c, std::string_view text) {
    if (changes_.size() == most_changes_) {
        shortened_ = true;
        begin_ps_ = changes_.front().time_ps;
        forget_oldest();
    }
    changes_.push_back(c);
    if (c.is_text)
        texts_.emplace_back(text);
}

void window_format::forget_oldest() {
    const change& c = changes_.front();
    if (c.is_text) {
        shown_[c.index] = std::move(texts_.front());
        texts_.pop_front();
    } else {
        values_[c.index] = c.value;
    }
    changes_.pop_front();
}

void window_format::forget_before(std::uint64_t time_ps) {
    begin_ps_ = std::max(begin_ps_, time_ps);
    while (!changes_.empty() && changes_.front().time_ps < time_ps)
        forget_oldest();
}

void window_format::write() {
    const std::uint64_t end_ps =
        fired_ps_ ? std::min(*fired_ps_ + options_.after_ps, now_ps_) : now_ps_;
    stopped_ = true;
    // What happened at the begin itself is a value of the begin.
    while (!changes_.empty() && changes_.front().time_ps <= begin_ps_)
        forget_oldest();
    out_.begin(declarations_, begin_ps_);
    for (std::uint32_t i = 0; i < declarations_.size(); ++i) {
        if (declarations_[i].width == 0)
            out_.text(i, shown_[i]);
        else
            out_.bits(i, values_[i]);
    }
    out_.initial_values_end();
    std::uint64_t stamped = begin_ps_;
    std::size_t text = 0;
    for (const change& c : changes_) {
        if (c.time_ps > end_ps)
            break;
        if (c.time_ps != stamped)
            out_.stamp(stamped = c.time_ps);
        if (c.is_text)
            out_.text(c.index, texts_[text++]);
        else
            out_.bits(c.index, c.value);
    }
    if (end_ps != stamped)
        out_.stamp(end_ps);
    out_.close();
    changes_.clear();
    texts_.clear();
    const std::string what =
        fired_ps_  ? "the trigger fired at " + format_time(*fired_ps_)
        : trigger_ ? std::string("the trigger has not fired; this is the end of the run")
                   : std::string("the end of the run");
    std::fprintf(stderr, "ntbsim: %s: %s to %s: %s%s\n", path_.c_str(),
                 format_time(begin_ps_).c_str(), format_time(end_ps).c_str(), what.c_str(),
                 shortened_ ? " (shorter than asked for: the limit of the size is reached)" : "");
}

void window_format::close() {
    if (!stopped_)
        write();
}

} // namespace ntb::traces
