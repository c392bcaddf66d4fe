// SPDX-License-Identifier: Apache-2.0
#include "traces/trigger.h"

#include <charconv>
#include <utility>

#include "traces/time_text.h"
#include "traces/trace_error.h"

namespace ntb::traces {
namespace {

constexpr std::string_view blanks = " \t";

std::string_view trimmed(std::string_view s) {
    const std::size_t first = s.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return s.substr(first, s.find_last_not_of(blanks) - first + 1);
}

/// Takes the first word off `rest`.
std::string_view word(std::string_view& rest) {
    rest = trimmed(rest);
    const std::size_t end = std::min(rest.find_first_of(blanks), rest.size());
    const std::string_view first = rest.substr(0, end);
    rest = trimmed(rest.substr(end));
    return first;
}

bool number_of(std::string_view text, std::uint64_t& out) {
    const bool hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    if (hex)
        text.remove_prefix(2);
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), out, hex ? 16 : 10);
    return error == std::errc{} && end == text.data() + text.size();
}

} // namespace

void trigger::fail(const std::string& why) const {
    throw trace_error("trigger \"" + expression_ + '"', why,
                      "for example \"switch.port2.nt.msi missing 1ms after "
                      "switch.port2.nt.indbellsts rises\"");
}

trigger::condition trigger::parse_condition(std::string_view words) const {
    condition c;
    c.signal = word(words);
    const std::string_view verb = word(words);
    if (c.signal.empty() || verb.empty())
        fail("it wants a signal and what it does");
    if (verb == "rises" || verb == "falls" || verb == "changes") {
        c.what = verb == "rises" ? kind::rises : verb == "falls" ? kind::falls : kind::changes;
        if (!words.empty())
            fail("there is more behind " + std::string(verb));
        return c;
    }
    if (verb == "contains") {
        c.what = kind::contains;
        c.words = words;
        if (c.words.empty())
            fail("contains wants a text");
        return c;
    }
    if (verb == "==")
        c.what = kind::equal;
    else if (verb == "!=")
        c.what = kind::differs;
    else if (verb == "<")
        c.what = kind::below;
    else if (verb == ">")
        c.what = kind::above;
    else
        fail("'" + std::string(verb) +
             "' is none of rises, falls, changes, contains, ==, !=, <, >, missing");
    if (!number_of(words, c.number))
        fail("'" + std::string(words) + "' is no number");
    return c;
}

trigger::trigger(const std::string& expression) : expression_(expression) {
    std::string_view rest = expression_;
    const std::string_view signal = word(rest);
    std::string_view behind = rest;
    if (word(behind) != "missing") {
        condition_ = parse_condition(expression_);
        return;
    }
    timed_ = true;
    awaited_ = signal;
    const std::string_view time = word(behind);
    const std::optional<std::uint64_t> ps = parse_time(time);
    if (!ps || *ps == 0)
        fail("'" + std::string(time) + "' is no time");
    within_ps_ = *ps;
    if (word(behind) != "after")
        fail("missing TIME wants 'after' and a condition");
    condition_ = parse_condition(behind);
}

bool trigger::resolve(const std::vector<signal_declaration>& signals, std::string& missing) {
    const auto find = [&](const std::string& name, std::uint32_t& index) {
        for (std::size_t i = 0; i < signals.size(); ++i) {
            if (signals[i].name == name) {
                index = static_cast<std::uint32_t>(i);
                return true;
            }
        }
        missing = name;
        return false;
    };
    return find(condition_.signal, condition_.index) && (!timed_ || find(awaited_, awaited_index_));
}

bool trigger::condition::holds(std::uint64_t value) const noexcept {
    switch (what) {
    case kind::rises:
        return value != 0;
    case kind::falls:
        return value == 0;
    case kind::equal:
        return value == number;
    case kind::differs:
        return value != number;
    case kind::below:
        return value < number;
    case kind::above:
        return value > number;
    case kind::changes:
    case kind::contains:
        break;
    }
    return false;
}

bool trigger::condition::bits(std::uint64_t value, bool initial) noexcept {
    const std::uint64_t before = std::exchange(last, value);
    if (initial)
        return false;
    if (what == kind::changes)
        return true;
    return holds(value) && !holds(before);
}

std::optional<std::uint64_t> trigger::bits(std::uint64_t now_ps, std::uint32_t index,
                                           std::uint64_t value, bool initial) noexcept {
    if (const auto fired = time(now_ps))
        return fired;
    if (timed_ && index == awaited_index_ && !initial)
        deadline_.reset();
    if (index != condition_.index || !condition_.bits(value, initial))
        return std::nullopt;
    if (!timed_)
        return now_ps;
    if (!deadline_)
        deadline_ = now_ps + within_ps_;
    return std::nullopt;
}

std::optional<std::uint64_t> trigger::text(std::uint64_t now_ps, std::uint32_t index,
                                           std::string_view text) noexcept {
    if (const auto fired = time(now_ps))
        return fired;
    if (timed_ && index == awaited_index_ && !text.empty())
        deadline_.reset();
    const bool matches = condition_.what == kind::contains
                             ? text.find(condition_.words) != std::string_view::npos
                             : condition_.what == kind::changes && !text.empty();
    if (index != condition_.index || !matches)
        return std::nullopt;
    if (!timed_)
        return now_ps;
    if (!deadline_)
        deadline_ = now_ps + within_ps_;
    return std::nullopt;
}

std::optional<std::uint64_t> trigger::time(std::uint64_t now_ps) noexcept {
    // At the deadline itself the awaited change is still in time.
    if (deadline_ && now_ps > *deadline_)
        return std::exchange(deadline_, std::nullopt);
    return std::nullopt;
}

} // namespace ntb::traces
