// SPDX-License-Identifier: Apache-2.0
#include "traces/vcd_recorder.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <map>
#include <utility>

namespace ntb::traces {
namespace {

constexpr std::size_t max_identifier = 5; // 94^5 signals
constexpr std::size_t max_name = 1024;    // of one header line: what is longer is cut

/// The n-th identifier code: printable characters, shortest first.
std::string identifier(std::size_t n) {
    constexpr std::size_t letters = '~' - '!' + 1;
    std::string id;
    do {
        id += static_cast<char>('!' + n % letters);
        n /= letters;
    } while (n-- != 0);
    return id;
}

/// A scope or variable name as every reader takes it.
std::string clean_name(std::string_view name) {
    std::string clean(name.substr(0, max_name));
    for (char& c : clean) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(c >= '0' && c <= '9') && c != '$')
            c = '_';
    }
    return clean.empty() ? "_" : clean;
}

/// The scopes that the dotted names span, in order of first appearance.
struct scope {
    std::vector<std::size_t> variables; ///< positions in the order of declaration
    std::vector<std::string> order;
    std::map<std::string, scope, std::less<>> inner;
};

std::uint64_t width_mask(unsigned width) {
    return width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
}

} // namespace

vcd_recorder::vcd_recorder(vcd_options options)
    : writer_(std::move(options.path), options.limit_bytes),
      selection_(std::move(options.signals)) {}

vcd_recorder::~vcd_recorder() {
    flush();
}

signal_id vcd_recorder::declare(std::string_view name, unsigned width, std::uint64_t initial) {
    if (phase_ != phase::declaring || !selection_.selects(name))
        return {};
    const auto index = static_cast<std::uint32_t>(signals_.size());
    signal s;
    s.vector = width > 1;
    s.mask = width_mask(width);
    s.value = initial & s.mask;
    // Vectors and texts separate value and identifier by a blank, single bits do not.
    const std::string tail = (width == 1 ? "" : " ") + identifier(index) + '\n';
    static_assert(std::tuple_size_v<decltype(s.tail)> >= max_identifier + 2);
    std::copy(tail.begin(), tail.end(), s.tail.begin());
    s.tail_size = static_cast<std::uint8_t>(tail.size());
    if (width == 0) {
        s.shown = static_cast<std::uint32_t>(shown_.size());
        shown_.emplace_back();
    }
    signals_.push_back(s);
    declarations_.push_back({std::string(name), width});
    return signal_id(index);
}

signal_id vcd_recorder::declare_bits(std::string_view name, unsigned width, std::uint64_t initial) {
    return declare(name, std::clamp(width, 1U, 64U), initial);
}

signal_id vcd_recorder::declare_text(std::string_view name) {
    return declare(name, 0, 0);
}

void vcd_recorder::put(std::string_view line) noexcept {
    char* out = writer_.room(line.size());
    std::memcpy(out, line.data(), line.size());
    writer_.commit(out + line.size());
}

void vcd_recorder::write_header() {
    put("$version ntbsim waveform 1 $end\n");
    put("$timescale 1 ps $end\n");
    scope root;
    std::vector<std::string> leaf(declarations_.size());
    for (std::size_t i = 0; i < declarations_.size(); ++i) {
        scope* at = &root;
        std::string_view rest = declarations_[i].name;
        for (std::size_t dot = rest.find('.'); dot != std::string_view::npos;
             dot = rest.find('.')) {
            std::string part = clean_name(rest.substr(0, dot));
            if (at->inner.find(part) == at->inner.end())
                at->order.push_back(part);
            at = &at->inner[std::move(part)];
            rest.remove_prefix(dot + 1);
        }
        leaf[i] = clean_name(rest);
        at->variables.push_back(i);
    }
    // Depth first without recursion: a name may have any number of dots.
    struct visit {
        const scope* of;
        std::size_t next_inner;
    };
    std::vector<visit> path{{&root, 0}};
    while (!path.empty()) {
        visit& v = path.back();
        if (v.next_inner == 0) {
            for (const std::size_t i : v.of->variables) {
                const unsigned width = declarations_[i].width;
                std::string line = width == 0   ? "$var string 1 "
                                   : width == 1 ? "$var wire 1 "
                                                : "$var wire " + std::to_string(width) + ' ';
                line += identifier(i) + ' ' + leaf[i];
                if (width > 1)
                    line += " [" + std::to_string(width - 1) + ":0]";
                put(line + " $end\n");
            }
        }
        if (v.next_inner == v.of->order.size()) {
            path.pop_back();
            if (!path.empty())
                put("$upscope $end\n");
            continue;
        }
        const std::string& name = v.of->order[v.next_inner++];
        put("$scope module " + name + " $end\n");
        path.push_back({&v.of->inner.find(name)->second, 0});
    }
    put("$enddefinitions $end\n");
}

/// Ends the declarations: header and initial values. Everything is allocated here.
void vcd_recorder::begin() noexcept {
    phase_ = phase::recording;
    for (const std::string& pattern : selection_.unmatched())
        std::fprintf(stderr,
                     "ntbsim: signal pattern %s: matches no signal (the header of any waveform "
                     "lists the names)\n",
                     pattern.c_str());
    write_header();
    declarations_ = {};
    reversions_.reserve_for(signals_.size());
    char* out = writer_.room(3);
    writer_.begin_step(0);
    std::copy_n("#0\n", 3, out);
    writer_.commit(out + 3);
    put("$dumpvars\n");
    for (const signal& s : signals_) {
        if (s.mask == 0)
            put_text(s, {});
        else
            put_bits(s);
    }
    put("$end\n");
    changes_ = 0;
}

inline bool vcd_recorder::ready(signal_id id) noexcept {
    if (!id.traced() || writer_.stopped())
        return false;
    if (__builtin_expect(static_cast<int>(phase_ != phase::recording), 0) != 0) {
        if (phase_ == phase::closed)
            return false;
        begin();
    }
    return id.index() < signals_.size();
}

inline void vcd_recorder::stamp(std::uint64_t time_ps) noexcept {
    if (time_ps == stamped_ps_)
        return;
    stamped_ps_ = time_ps;
    constexpr std::size_t size = 22; // '#', 20 digits, line end
    char* out = writer_.room(size);
    writer_.begin_step(time_ps);
    *out = '#';
    char* end = std::to_chars(out + 1, out + size, time_ps).ptr;
    *end++ = '\n';
    writer_.commit(end);
}

inline void vcd_recorder::put_bits(const signal& s) noexcept {
    ++changes_;
    if (!s.vector) {
        char* out = writer_.room(1U + s.tail_size);
        *out = static_cast<char>('0' + s.value);
        std::memcpy(out + 1, s.tail.data(), s.tail.size());
        writer_.commit(out + 1 + s.tail_size);
        return;
    }
    const auto digits = static_cast<unsigned>(64 - __builtin_clzll(s.value | 1));
    char* out = writer_.room(1U + digits + s.tail_size);
    *out++ = 'b';
    out = put_binary(out, s.value, digits);
    std::memcpy(out, s.tail.data(), s.tail.size());
    writer_.commit(out + s.tail_size);
}

void vcd_recorder::put_text(const signal& s, std::string_view text) noexcept {
    ++changes_;
    std::array<char, max_escaped> escaped; // NOLINT(*-member-init): written before it is read
    const char* end = escape_text(escaped.data(), text);
    const auto size = static_cast<std::size_t>(end - escaped.data());
    char* out = writer_.room(1 + size + s.tail_size);
    *out++ = 's';
    std::memcpy(out, escaped.data(), size);
    out += size;
    std::memcpy(out, s.tail.data(), s.tail.size());
    writer_.commit(out + s.tail_size);
}

/// Lets everything that goes back before `time_ps` go back, each at its own time.
void vcd_recorder::revert_before(std::uint64_t time_ps) noexcept {
    while (reversions_.next_due() < time_ps) {
        const std::uint32_t index = reversions_.front();
        const std::uint64_t due = reversions_.next_due();
        reversions_.remove(index);
        signal& s = signals_[index];
        if (s.value == 0)
            continue;
        s.value = 0;
        stamp(due);
        if (s.mask == 0)
            put_text(s, {});
        else
            put_bits(s);
    }
}

/// Brings the stream to `now_ps`; what goes back at that very time may still be overtaken.
inline std::uint64_t vcd_recorder::advance(std::uint64_t now_ps) noexcept {
    const std::uint64_t now = std::max(now_ps, stamped_ps_);
    if (reversions_.next_due() < now)
        revert_before(now);
    return now;
}

inline void vcd_recorder::change_bits(std::uint32_t index, std::uint64_t now_ps,
                                      std::uint64_t value) noexcept {
    if (reversions_.due(index) != reversion_queue::never)
        reversions_.remove(index);
    signal& s = signals_[index];
    value &= s.mask;
    if (s.value == value)
        return;
    s.value = value;
    stamp(now_ps);
    put_bits(s);
}

void vcd_recorder::set(signal_id id, std::uint64_t now_ps, std::uint64_t value) noexcept {
    if (ready(id))
        change_bits(id.index(), advance(now_ps), value);
}

void vcd_recorder::pulse(signal_id id, std::uint64_t now_ps, std::uint64_t until_ps,
                         std::uint64_t value) noexcept {
    if (!ready(id))
        return;
    const std::uint64_t now = advance(now_ps);
    change_bits(id.index(), now, value);
    if (signals_[id.index()].value != 0)
        reversions_.insert(id.index(), std::max(until_ps, now + 1));
}

void vcd_recorder::text(signal_id id, std::uint64_t now_ps, std::uint64_t until_ps,
                        std::string_view text) noexcept {
    if (!ready(id) || signals_[id.index()].mask != 0)
        return;
    const std::uint64_t now = advance(now_ps);
    const std::uint32_t index = id.index();
    signal& s = signals_[index];
    shown_text& shown = shown_[s.shown];
    text = text.substr(0, max_text);
    if (reversions_.due(index) != reversion_queue::never)
        reversions_.remove(index);
    if (text.empty() && s.value == 0)
        return;
    stamp(now);
    if (s.value != 0 && text == std::string_view(shown.bytes.data(), shown.size))
        put_text(s, {});
    put_text(s, text);
    s.value = text.empty() ? 0 : 1;
    shown.size = static_cast<std::uint8_t>(text.size());
    std::copy(text.begin(), text.end(), shown.bytes.begin());
    if (!text.empty())
        reversions_.insert(index, std::max(until_ps, now + 1));
}

void vcd_recorder::flush() noexcept {
    if (phase_ == phase::declaring && !writer_.stopped())
        begin();
    writer_.flush();
}

void vcd_recorder::close(std::uint64_t now_ps) noexcept {
    if (phase_ == phase::closed)
        return;
    if (phase_ == phase::declaring)
        begin();
    if (!writer_.stopped()) {
        const std::uint64_t now = std::max(now_ps, stamped_ps_);
        revert_before(now == reversion_queue::never ? now : now + 1);
        stamp(now);
        writer_.flush();
    }
    phase_ = phase::closed;
}

} // namespace ntb::traces
