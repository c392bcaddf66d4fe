// SPDX-License-Identifier: Apache-2.0
#include "traces/vcd_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "traces/trace_error.h"
#include "traces/vcd_text.h"

namespace ntb::traces {
namespace {

constexpr std::size_t chunk = std::size_t{256} * 1024;
constexpr std::size_t max_token = std::size_t{1024} * 1024; // a vector of a million bits, or no VCD
constexpr std::size_t max_signals = 1000000;
constexpr std::size_t max_full_name = 4096;
constexpr std::uint32_t max_width = 1000000;
constexpr std::size_t letters = 94; // printable characters, of which identifiers are made

constexpr bool blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Text of the file for a message: short and printable.
std::string quoted(std::string_view token) {
    std::string text = "\"";
    for (const char c : token.substr(0, 24))
        text += c >= ' ' && c <= '~' ? c : '?';
    return text + (token.size() > 24 ? "...\"" : "\"");
}

/// Position of a code of one or two characters in a dense table, or nothing below max.
std::size_t short_code(std::string_view code) {
    std::size_t n = 0;
    for (const char c : code) {
        if (c < '!' || c > '~')
            return SIZE_MAX;
        n = n * letters + static_cast<std::size_t>(c - '!');
    }
    return code.size() == 1 ? n : n + letters;
}

} // namespace

vcd_reader::vcd_reader(const std::string& path)
    : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), buffer_(chunk),
      short_codes_(letters + letters * letters, 0) {
    if (file_.get() < 0)
        throw trace_error("waveform " + path_, std::strerror(errno), "give a VCD file");
    // First block of an FST file: header, or the whole file packed (GTKWave's manual, FST format).
    if (fill() && (buffer_[0] == '\0' || static_cast<unsigned char>(buffer_[0]) == 0xFE))
        throw trace_error("waveform " + path_, "it is no VCD but looks like FST",
                          "make a VCD of it first: fst2vcd -f " + path_ + " -o FILE.vcd");
    read_header();
}

void vcd_reader::fail(const std::string& why) const {
    throw trace_error("waveform " + path_ + " line " + std::to_string(line_), why,
                      "give a VCD file as ntbsim writes it");
}

/// Reads more behind what is left in the buffer; false at the end of the file.
bool vcd_reader::fill() {
    if (at_ != 0) {
        std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
        end_ -= at_;
        at_ = 0;
    }
    if (end_ == buffer_.size()) {
        if (buffer_.size() > max_token)
            fail("a word of more than a million characters");
        buffer_.resize(buffer_.size() * 2);
    }
    for (;;) {
        const ssize_t n = ::read(file_.get(), buffer_.data() + end_, buffer_.size() - end_);
        if (n > 0) {
            end_ += static_cast<std::size_t>(n);
            return true;
        }
        if (n == 0)
            return false;
        if (errno != EINTR)
            throw trace_error("waveform " + path_, std::strerror(errno), "give a VCD file");
    }
}

/// The next word that white space ends; valid until the next call. False at the end of the file.
bool vcd_reader::token(std::string_view& out) {
    for (;;) {
        while (at_ != end_ && blank(buffer_[at_])) {
            line_ += buffer_[at_] == '\n' ? 1 : 0;
            ++at_;
        }
        if (at_ != end_)
            break;
        if (!fill())
            return false;
    }
    std::size_t size = 0;
    for (;;) {
        const char* begin = buffer_.data() + at_;
        const std::size_t available = end_ - at_;
        while (size != available && !blank(begin[size]))
            ++size;
        if (size != available) {
            out = {begin, size};
            at_ += size;
            return true;
        }
        if (!fill()) {
            truncated_ = true;
            at_ = end_;
            return false;
        }
    }
}

std::string_view vcd_reader::header_token(const char* in) {
    std::string_view word;
    if (!token(word))
        fail(std::string("the file ends in its header (") + in + ')');
    return word;
}

void vcd_reader::skip_section() {
    while (header_token("$end is missing") != "$end") {
    }
}

void vcd_reader::read_timescale() {
    std::string text;
    for (std::string_view word = header_token("$timescale"); word != "$end";
         word = header_token("$timescale")) {
        if (text.size() + word.size() > 16)
            fail("bad $timescale");
        text += word;
    }
    const std::size_t unit_at = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string number = text.substr(0, unit_at);
    const std::string unit = text.substr(unit_at);
    std::uint64_t factor = 0;
    if (number == "1")
        factor = 1;
    else if (number == "10")
        factor = 10;
    else if (number == "100")
        factor = 100;
    constexpr std::array<std::string_view, 5> units{"ps", "ns", "us", "ms", "s"};
    std::uint64_t ps = 1;
    bool known = unit == "fs";
    ps_per_tick_ = factor;
    ticks_per_ps_ = known ? 1000 : 1;
    for (const std::string_view u : units) {
        if (u == unit) {
            ps_per_tick_ = factor * ps;
            known = true;
        }
        ps *= 1000;
    }
    if (factor == 0 || !known)
        fail("bad $timescale " + quoted(text));
}

std::uint32_t vcd_reader::channel_of(std::string_view code) const {
    if (code.size() == 1 || code.size() == 2) {
        const std::size_t n = short_code(code);
        if (n != SIZE_MAX && short_codes_[n] != 0)
            return short_codes_[n] - 1;
    } else {
        const auto found = long_codes_.find(std::string(code));
        if (found != long_codes_.end())
            return found->second;
    }
    fail("a value of the undeclared signal " + quoted(code));
}

std::uint32_t vcd_reader::declare_code(std::string_view code, vcd_kind kind) {
    const auto fresh = static_cast<std::uint32_t>(kinds_.size());
    std::uint32_t channel = 0;
    if (code.size() == 1 || code.size() == 2) {
        const std::size_t n = short_code(code);
        if (n == SIZE_MAX)
            fail("bad identifier " + quoted(code));
        if (short_codes_[n] == 0)
            short_codes_[n] = fresh + 1;
        channel = short_codes_[n] - 1;
    } else {
        channel = long_codes_.emplace(std::string(code), fresh).first->second;
    }
    if (channel == fresh)
        kinds_.push_back(kind);
    else if (kinds_[channel] != kind)
        fail("identifier " + quoted(code) + " is declared as two kinds of signal");
    return channel;
}

void vcd_reader::read_variable(const std::string& scope) {
    const std::string_view type = header_token("$var");
    vcd_kind kind = vcd_kind::bits;
    if (type == "string")
        kind = vcd_kind::text;
    else if (type == "real" || type == "realtime")
        kind = vcd_kind::real;
    const std::string_view size = header_token("$var");
    std::uint32_t width = 0;
    const auto parsed = std::from_chars(size.data(), size.data() + size.size(), width);
    if (parsed.ec != std::errc{} || parsed.ptr != size.data() + size.size() || width > max_width)
        fail("bad width " + quoted(size));
    const std::uint32_t channel = declare_code(header_token("$var"), kind);
    std::string name(header_token("$var"));
    if (name == "$end")
        fail("a $var without a name");
    // The bit range is a word of its own or hangs on the name.
    name.resize(std::min(name.find('['), name.size()));
    if (scope.size() + name.size() > max_full_name || signals_.size() == max_signals)
        fail("names too long or too many");
    name.insert(0, scope);
    skip_section();
    by_name_.emplace(name, signals_.size());
    signals_.push_back({std::move(name), width, kind, channel});
}

void vcd_reader::read_header() {
    std::vector<std::size_t> outer; // lengths of the enclosing scopes' names
    std::string scope;
    bool any = false;
    std::string_view word;
    for (;;) {
        if (!token(word)) {
            fail(any || truncated_ ? "the file ends in its header" : "the file is empty");
        }
        any = true;
        if (word == "$scope") {
            header_token("$scope");
            const std::string_view name = header_token("$scope");
            if (scope.size() + name.size() > max_full_name || name == "$end")
                fail("bad scope name");
            outer.push_back(scope.size());
            scope.append(name).append(1, '.');
            skip_section();
        } else if (word == "$upscope") {
            if (outer.empty())
                fail("$upscope without $scope");
            scope.resize(outer.back());
            outer.pop_back();
            skip_section();
        } else if (word == "$var") {
            read_variable(scope);
        } else if (word == "$timescale") {
            read_timescale();
        } else if (word == "$enddefinitions") {
            skip_section();
            return;
        } else if (word.front() == '$') {
            skip_section();
        } else {
            fail("not a VCD header: " + quoted(word));
        }
    }
}

const vcd_signal* vcd_reader::find(std::string_view name) const {
    const auto found = by_name_.find(std::string(name));
    return found == by_name_.end() ? nullptr : &signals_[found->second];
}

void vcd_reader::read_time(std::string_view digits) {
    std::uint64_t ticks = 0;
    const char* end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, ticks);
    std::uint64_t ps = 0;
    if (parsed.ec != std::errc{} || parsed.ptr != end ||
        __builtin_mul_overflow(ticks, ps_per_tick_, &ps))
        fail("bad time " + quoted(digits));
    ps /= ticks_per_ps_;
    if (ps < time_ps_)
        fail("time runs backwards at " + quoted(digits));
    time_ps_ = ps;
}

void vcd_reader::read_bits(std::string_view digits, vcd_change& change) const {
    std::uint64_t value = 0;
    bool unknown = false;
    for (const char c : digits) {
        value = value << 1U | (c == '1' ? 1U : 0U);
        if (c != '0' && c != '1') {
            if (std::strchr("xXzZuUwWlLhH-", c) == nullptr || c == '\0')
                fail("bad value " + quoted(digits));
            unknown = true;
        }
    }
    change.value = value;
    change.unknown = unknown;
}

bool vcd_reader::next(vcd_change& change) {
    std::string_view word;
    while (token(word)) {
        const char kind = word.front();
        word.remove_prefix(1);
        switch (kind) {
        case '#':
            read_time(word);
            continue;
        case '$':
            if (word == "comment") {
                do {
                    if (!token(word))
                        return false;
                } while (word != "$end");
            } else if (word != "dumpvars" && word != "dumpall" && word != "dumpon" &&
                       word != "dumpoff" && word != "end") {
                fail("unknown command " + quoted(word));
            }
            continue;
        case 'b':
        case 'B':
        case 'r':
        case 'R':
        case 's':
        case 'S': {
            value_.assign(word);
            std::string_view code;
            if (!token(code)) {
                truncated_ = true;
                return false;
            }
            change.channel = channel_of(code);
            break;
        }
        default:
            if (std::strchr("01xXzZuUwWlLhH-", kind) == nullptr)
                fail("not a value change: " + quoted({word.data() - 1, word.size() + 1}));
            change.channel = channel_of(word);
            value_.assign(1, kind);
            break;
        }
        change.time_ps = time_ps_;
        change.value = 0;
        change.unknown = false;
        change.text = {};
        switch (kinds_[change.channel]) {
        case vcd_kind::bits:
            read_bits(value_, change);
            break;
        case vcd_kind::text:
            if (kind != 's' && kind != 'S')
                fail("a value that is no text for a text signal");
            unescape_text(value_, text_);
            change.text = text_;
            break;
        case vcd_kind::real:
            break; // nothing here looks at real numbers
        }
        return true;
    }
    return false;
}

} // namespace ntb::traces
