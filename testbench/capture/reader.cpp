// SPDX-License-Identifier: Apache-2.0
#include "testbench/capture/reader.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "testbench/config/timing_file.h"
#include "testbench/stimulus/parser.h"
#include "testbench/stimulus/stimulus_error.h"
#include "tlm_bridge/device.h"

namespace ntb::capture {

namespace {

constexpr const char* remedy = "captures are written by ntbsim serve --capture (docs/capture.md)";

bool starts_with(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

/// The words of a line, one after the other; what is wrong with them is up to the reader.
class words {
public:
    explicit words(std::string_view line) : rest_(line) {}
    [[nodiscard]] bool done() const { return rest_.empty(); }
    [[nodiscard]] std::string_view rest() const { return rest_; }
    std::string_view take() {
        const std::size_t end = std::min(rest_.find(' '), rest_.size());
        const std::string_view word = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return word;
    }
    bool take_if(std::string_view word) {
        if (!starts_with(rest_, word) || (rest_.size() > word.size() && rest_[word.size()] != ' '))
            return false;
        (void)take();
        return true;
    }

private:
    std::string_view rest_;
};

/// Decimal or 0x; nullopt if `text` is no number as a whole.
std::optional<std::uint64_t> number(std::string_view text) {
    int base = 10;
    if (starts_with(text, "0x")) {
        base = 16;
        text.remove_prefix(2);
    }
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value, base);
    if (text.empty() || result.ec != std::errc() || result.ptr != end)
        return std::nullopt;
    return value;
}

[[nodiscard]] unsigned nibble(char c) {
    if (c >= '0' && c <= '9')
        return static_cast<unsigned>(c - '0');
    return c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10) : 16;
}

/// Bytes of "0011ff"; false if it is something else.
bool bytes_of(std::string_view text, std::vector<std::uint8_t>& out) {
    if (text.size() % 2 != 0)
        return false;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const unsigned high = nibble(text[i]);
        const unsigned low = nibble(text[i + 1]);
        if (high > 15 || low > 15)
            return false;
        out.push_back(static_cast<std::uint8_t>(high << 4U | low));
    }
    return true;
}

/// "0x00000004" or "data 0011...", as writer.cpp has them.
bool take_data(words& in, std::vector<std::uint8_t>& out) {
    if (in.take_if("data"))
        return bytes_of(in.take(), out) && !out.empty();
    std::string_view text = in.take();
    if (!starts_with(text, "0x"))
        return false;
    text.remove_prefix(2);
    if (text.size() != 2 && text.size() != 4 && text.size() != 8 && text.size() != 16)
        return false;
    if (!bytes_of(text, out))
        return false;
    std::reverse(out.begin(), out.end());
    return true;
}

template <std::size_t N>
std::optional<std::size_t> index_of(const std::array<std::string_view, N>& list,
                                    std::string_view word) {
    const auto found = std::find(list.begin(), list.end(), word);
    if (word.empty() || found == list.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - list.begin());
}

/// "port0", "port2.f1" at the front of `text`, which is cut off.
bool take_place(std::string_view& text, function_place& out) {
    if (!starts_with(text, "port"))
        return false;
    text.remove_prefix(4);
    const auto result = std::from_chars(text.data(), text.data() + text.size(), out.port);
    if (result.ec != std::errc() || out.port >= max_ports)
        return false;
    text.remove_prefix(static_cast<std::size_t>(result.ptr - text.data()));
    if (starts_with(text, ".f1")) {
        out.function = 1;
        text.remove_prefix(3);
    }
    return true;
}

bool parse_access(words& in, std::string_view door, record& r) {
    if (door == ".config")
        r.region = bridge::region_config;
    else if (starts_with(door, ".bar") && door.size() == 5 && door[4] >= '0' && door[4] <= '5')
        r.region = static_cast<std::uint32_t>(door[4] - '0');
    else
        return false;
    const std::string_view verb = in.take();
    if (verb != "read" && verb != "write")
        return false;
    r.kind = verb == "read" ? record_kind::read : record_kind::write;
    const std::string_view place = in.take();
    r.size = 4;
    if (starts_with(place, "+")) {
        const auto offset = number(place.substr(1));
        if (!offset)
            return false;
        r.address = *offset;
    } else {
        const auto found = stimulus::model_register(place);
        if (!found || found->global || found->bridge)
            return false;
        r.address = found->offset;
        r.size = found->size;
    }
    if (r.kind == record_kind::write) {
        if (!take_data(in, r.data))
            return false;
        r.size = r.data.size();
    }
    if (in.take_if("size")) {
        const auto size = number(in.take());
        if (!size || *size == 0 || *size > (std::uint64_t{64} << 10U) ||
            (r.kind == record_kind::write && *size != r.data.size()))
            return false;
        r.size = *size;
    }
    return in.done();
}

/// "memory read 0xADDRESS size N STATUS [DATA]".
bool parse_memory(words& in, record& r) {
    const std::string_view verb = in.take();
    if (verb != "read" && verb != "write")
        return false;
    r.kind = verb == "read" ? record_kind::memory_read : record_kind::memory_write;
    const auto address = number(in.take());
    if (!address || !in.take_if("size"))
        return false;
    const auto size = number(in.take());
    const auto status = index_of(memory_words, in.take());
    if (!size || !status)
        return false;
    r.address = *address;
    r.size = *size;
    r.status = static_cast<bridge::memory_status>(*status);
    if (r.kind == record_kind::memory_read && r.status == bridge::memory_status::ok)
        return take_data(in, r.data) && r.data.size() == r.size && in.done();
    return in.done();
}

/// What follows "at TIME portP".
bool parse_port(words& in, record& r) {
    const std::string_view verb = in.take();
    if (verb == "connect" || verb == "disconnect" || verb == "reset") {
        r.kind = verb == "connect"
                     ? record_kind::connect
                     : (verb == "reset" ? record_kind::reset : record_kind::disconnect);
        return in.done();
    }
    if (verb == "completes") {
        r.kind = record_kind::completion;
        return take_data(in, r.data) && in.done();
    }
    if (verb == "memory")
        return parse_memory(in, r);
    if (verb == "sends") {
        r.kind = record_kind::sends;
        const auto message = index_of(message_words, in.take());
        if (!message)
            return false;
        r.message = static_cast<tlp_kind>(*message);
        return in.done() || index_of(outcome_words, in.take()).has_value();
    }
    r.kind = record_kind::remark;
    return verb == "map" || verb == "unmap" || verb == "irq";
}

} // namespace

reader::reader(std::string path) : path_(std::move(path)), buffer_(2 * max_line_bytes) {
    file_.reset(::gzopen(path_.c_str(), "rbe"));
    if (!file_)
        throw stimulus::stimulus_error(path_, {}, std::strerror(errno),
                                       "give a readable capture file");
    (void)::gzbuffer(file_.get(), 1U << 17U);
    read_header();
}

void reader::fail(std::string why) const {
    for (char& c : why) // bytes of the file may be in it
        if (c < ' ' || c > '~')
            c = '?';
    throw stimulus::stimulus_error(path_, {line_, 0}, why, remedy);
}

bool reader::next_line(std::string_view& line) {
    for (;;) {
        const char* const from = buffer_.data() + begin_;
        const auto* const end = static_cast<const char*>(std::memchr(from, '\n', end_ - begin_));
        if (end != nullptr) {
            line = {from, static_cast<std::size_t>(end - from)};
            begin_ += line.size() + 1;
            ++line_;
            return true;
        }
        if (at_end_)
            return false; // a line that has no end was being written
        if (end_ - begin_ > max_line_bytes) {
            ++line_;
            fail("is longer than 256 KiB");
        }
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
        end_ -= begin_;
        begin_ = 0;
        const int got = ::gzread(file_.get(), buffer_.data() + end_,
                                 static_cast<unsigned>(buffer_.size() - end_));
        int error = Z_OK;
        (void)::gzerror(file_.get(), &error);
        if (error == Z_DATA_ERROR)
            fail("is damaged from here on");
        if (got > 0)
            end_ += static_cast<std::size_t>(got);
        at_end_ = got <= 0; // also where a compressed file breaks off
    }
}

bool reader::is_capture(const std::string& path) {
    const std::unique_ptr<gzFile_s, closer> file(::gzopen(path.c_str(), "rbe"));
    std::array<char, 64> text{};
    if (!file || ::gzread(file.get(), text.data(), text.size()) <= 0)
        return false;
    const std::string expected = "ntbstim 1\n" + std::string(format_line) + "\n";
    return starts_with({text.data(), text.size()}, expected);
}

void reader::read_header() {
    std::string_view line;
    if (!next_line(line) || line != "ntbstim 1")
        fail("expected the first line 'ntbstim 1'");
    if (!next_line(line) || line != format_line)
        fail("expected 'capture 1': no capture, or one of another format");
    while (next_line(line)) {
        if (starts_with(line, "at ")) {
            begin_ -= line.size() + 1; // the first record
            --line_;
            break;
        }
        if (!read_header_line(line))
            fail("'" + std::string(line.substr(0, line.find(' '))) +
                 "' is no line of a capture's header, or wrong");
    }
    if (topology_hash(header_) != topology_hash_)
        fail("the topology in the header is not the one that was captured");
    if (timing_hash(header_) != timing_hash_)
        fail("the timing in the header is not the one that was captured");
}

bool reader::read_header_line(std::string_view line) {
    constexpr std::size_t most_text = std::size_t{1} << 20U;
    words in(line);
    const std::string_view key = in.take();
    if (key != "topology-text" &&
        !std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }))
        return false;
    if (key == "program")
        header_.program = in.rest();
    else if (key == "topology")
        header_.topology = in.rest();
    else if (key == "timing")
        header_.timing = in.rest();
    else if (key == "signals")
        header_.signals = in.rest();
    else if (key == "set")
        config::set_timing_value(header_.timing_values, std::string(in.rest()));
    else if (key == "topology-text")
        header_.topology_text.append(in.rest()).append("\n");
    else if (key == "eeprom-image")
        return header_.image.size() < most_text && bytes_of(in.rest(), header_.image);
    else if (key == "hash") {
        const bool first = in.take_if("topology");
        const auto topology = number(in.take());
        const bool second = in.take_if("timing");
        const auto timing = number(in.take());
        topology_hash_ = topology.value_or(0);
        timing_hash_ = timing.value_or(0);
        return first && second && topology && timing && in.done();
    } else {
        return false;
    }
    return header_.topology_text.size() < most_text;
}

bool reader::fill() {
    std::string_view line;
    while (!next_) {
        if (!next_line(line))
            return false;
        record r = parse(line);
        if (r.ps < last_ps_)
            fail("is earlier than the line before it");
        last_ps_ = r.ps;
        if (r.kind != record_kind::remark)
            next_ = std::move(r);
    }
    return true;
}

record reader::parse(std::string_view line) const {
    record r;
    r.line = line_;
    words in(line);
    std::string_view time;
    if (in.take_if("at"))
        time = in.take();
    const auto ps = time.size() > 2 && time.substr(time.size() - 2) == "ps"
                        ? number(time.substr(0, time.size() - 2))
                        : std::nullopt;
    if (!ps)
        fail("expected 'at', and a time in ps");
    r.ps = *ps;
    if (in.take_if("end")) {
        r.kind = record_kind::end;
        return r;
    }
    if (!starts_with(in.rest(), "port")) {
        r.kind = record_kind::control;
        r.statement = in.rest();
        return r;
    }
    std::string_view door = in.take();
    if (!take_place(door, r.where) ||
        !(door.empty() ? parse_port(in, r) : parse_access(in, door, r)))
        fail("is no line of a capture");
    return r;
}

} // namespace ntb::capture
