// SPDX-License-Identifier: Apache-2.0
#include "testbench/stimulus/parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <utility>

#include "model/regs/port_map.h"
#include "testbench/eeprom/image_file.h"
#include "testbench/stimulus/lexer.h"

namespace ntb::stimulus {
namespace {

// What each statement looks like: the remedy in every error about it.
constexpr const char* header_syntax = "a file begins: ntbstim 1";
constexpr const char* access_syntax =
    "portP.config|bar0..bar5 read|write REGISTER|+0xOFFSET [VALUE] [size 1|2|4|8] [be MASK] "
    "[poisoned] [== VALUE [mask M]]";
constexpr const char* port_syntax =
    "portP expect msi|intx|err-cor|err-nonfatal|err-fatal|pme-to-ack [count N] within TIME | "
    "expect no-... for TIME | enumerate";
constexpr const char* host_syntax = "host portP completes normally|poisoned|unsupported|never | "
                                    "host portP config BB:DD.F +0xOFFSET VALUE";
constexpr const char* memory_syntax =
    "mem portP ADDRESS fill LENGTH DATA | load DATA... | check DATA...";
constexpr const char* link_syntax = "link portP up|down";
constexpr const char* reset_syntax =
    "reset portP|partition N hot|fundamental, or reset switch fundamental";
constexpr const char* failover_syntax = "failover 0..3 primary|secondary";
constexpr const char* fault_syntax =
    "fault portP poison|drop-completion rx|tx | credits stuck|free rx|tx "
    "posted|non-posted|completion | hold-write TIME | msi drop|double [TIME]|delay TIME | clear";
constexpr const char* temperature_syntax = "temp DEGREES, 0 to 127.5 in steps of 0.5";
constexpr const char* eeprom_syntax =
    "eeprom expect done | eeprom expect halted [FAULT of docs/eeprom.md] | eeprom release";
constexpr const char* punch_syntax =
    "punch-through portP read BB:DD.F +0xOFFSET [== VALUE] | write BB:DD.F +0xOFFSET VALUE";
constexpr const char* power_syntax = "pme-turn-off portP";
constexpr const char* smbus_syntax =
    "smbus BYTES... [nack] | smbus CODE read N [== BYTES...] | smbus CODE read nack";
constexpr const char* repeat_syntax = "repeat N ... end";
constexpr const char* time_syntax = "a time is a whole number and fs, ps, ns, us, ms or s";
/// Command code, byte count, a block and a packet error code (SMBus 2.0).
constexpr std::size_t smbus_longest = 35;
constexpr const char* statement_list = "statements: at, after, portP, host, mem, link, reset, "
                                       "failover, fault, pme-turn-off, punch-through, temp, "
                                       "eeprom, smbus, note, repeat, end";

bool starts_with(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

/// Whole of `text` as a number, decimal or 0x.
std::optional<std::uint64_t> number_of(std::string_view text) {
    int base = 10;
    if (starts_with(text, "0x") || starts_with(text, "0X")) {
        base = 16;
        text.remove_prefix(2);
    }
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value, base);
    if (text.empty() || result.ec != std::errc() || result.ptr != end)
        return std::nullopt;
    return value;
}

/// Picoseconds of "150ns"; nullopt if it is no time, none of whole picoseconds or too long.
std::optional<std::uint64_t> time_of(std::string_view text) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, number);
    if (result.ec != std::errc())
        return std::nullopt;
    const std::string_view unit = text.substr(static_cast<std::size_t>(result.ptr - text.data()));
    if (unit == "fs") {
        if (number % 1000 != 0)
            return std::nullopt;
        return number / 1000;
    }
    constexpr std::array<std::pair<std::string_view, std::uint64_t>, 5> units{{
        {"ps", 1},
        {"ns", 1'000},
        {"us", 1'000'000},
        {"ms", 1'000'000'000},
        {"s", 1'000'000'000'000},
    }};
    for (const auto& [name, factor] : units)
        if (unit == name)
            return number <= longest_time_ps / factor ? std::optional(number * factor)
                                                      : std::nullopt;
    return std::nullopt;
}

std::uint64_t ones(unsigned bits) {
    return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

/// The words of one line, taken from left to right.
class line_reader {
public:
    line_reader(const std::string& file, std::uint32_t line, const line_words& words)
        : file_(&file), line_(line), words_(&words) {}

    [[nodiscard]] bool done() const { return next_ == words_->words.size(); }
    /// The next word, empty at the end of the line.
    [[nodiscard]] std::string_view peek() const {
        return done() ? std::string_view() : words_->words[next_].text;
    }
    std::string_view take() {
        const std::string_view text = peek();
        if (!done())
            ++next_;
        return text;
    }
    bool take_if(std::string_view text) {
        if (peek() != text || done())
            return false;
        ++next_;
        return true;
    }
    [[nodiscard]] location here() const {
        return {line_, done() ? words_->end_column : words_->words[next_].column};
    }
    /// "expected X, found Y" at the next word.
    [[noreturn]] void expected(const std::string& what, const std::string& syntax) const {
        constexpr std::size_t longest = 40;
        std::string found = done() ? "the end of the line" : "'" + std::string(peek()) + "'";
        if (found.size() > longest)
            found = found.substr(0, longest) + "...'";
        fail("expected " + what + ", found " + found, syntax);
    }
    [[noreturn]] void fail(const std::string& why, const std::string& remedy) const {
        throw stimulus_error(*file_, here(), why, remedy);
    }
    void expect_end(const char* syntax) const {
        if (!done())
            expected("the end of the line", syntax);
    }
    void require(std::string_view text, const char* syntax) {
        if (!take_if(text))
            expected("'" + std::string(text) + "'", syntax);
    }
    std::uint64_t number(const std::string& what, std::uint64_t low, std::uint64_t high,
                         const char* syntax) {
        const auto value = number_of(peek());
        if (!value)
            expected(what, syntax);
        if (*value < low || *value > high)
            fail(what + " is out of range",
                 std::to_string(low) + ".." + std::to_string(high) + "; " + syntax);
        take();
        return *value;
    }
    std::uint64_t time() {
        const auto value = time_of(peek());
        if (!value)
            expected("a time", time_syntax);
        take();
        return *value;
    }

private:
    const std::string* file_;
    std::uint32_t line_;
    const line_words* words_;
    std::size_t next_ = 0;
};

class parser {
public:
    parser(std::string_view text, const std::string& file, const register_lookup& lookup)
        : text_(text), lookup_(&lookup) {
        out_.file = file;
    }

    program run() {
        std::uint32_t line = 0;
        std::size_t begin = 0;
        while (begin < text_.size()) {
            const std::size_t end = std::min(text_.find('\n', begin), text_.size());
            ++line;
            read_line(text_.substr(begin, end - begin), line);
            begin = end + 1;
        }
        if (!header_)
            throw stimulus_error(out_.file, {line, 0}, "has no header", header_syntax);
        if (!open_.empty())
            throw stimulus_error(out_.file, out_.statements[open_.back()].where,
                                 "this repeat has no end", repeat_syntax);
        return std::move(out_);
    }

private:
    void read_line(std::string_view source, std::uint32_t line) {
        if (source.size() > max_line_bytes)
            throw stimulus_error(out_.file, {line, 0}, "is longer than 64 KiB", "split the line");
        const line_words words = split_line(source);
        if (words.unprintable_column != 0)
            throw stimulus_error(out_.file, {line, words.unprintable_column},
                                 "expected printable ASCII, found another byte",
                                 "only comments may hold other characters");
        line_reader in(out_.file, line, words);
        if (in.done())
            return;
        if (!header_) {
            in.require("ntbstim", header_syntax);
            if (in.peek() != "1")
                in.expected("version 1", header_syntax);
            in.take();
            in.expect_end(header_syntax);
            header_ = true;
            return;
        }
        if (out_.statements.empty() && read_header_line(in))
            return;
        statement s;
        s.where = {line, words.words.front().column};
        s.text = std::string(source.substr(words.words.front().column - 1,
                                           words.end_column - words.words.front().column));
        read_start(in, s.start);
        read_statement(in, s);
        out_.statements.push_back(std::move(s));
    }

    /// topology T and timing T, each once, before the first statement.
    bool read_header_line(line_reader& in) {
        const std::string key(in.peek());
        if (key != "topology" && key != "timing")
            return false;
        std::string& value = key == "topology" ? out_.topology : out_.timing;
        if (!value.empty())
            in.fail(key + " is given twice", "keep one");
        in.take();
        if (in.done())
            in.expected("a name or a file", key + " NAME");
        value = std::string(in.take());
        in.expect_end("one name, without blanks");
        return true;
    }

    static void read_start(line_reader& in, start_time& start) {
        if (in.take_if("at")) {
            start.kind = start_kind::at;
            start.ps = start.latest_ps = in.time();
        } else if (in.take_if("after")) {
            start.kind = start_kind::after;
            const std::string_view text = in.peek();
            const std::size_t dots = text.find("..");
            const auto first = time_of(text.substr(0, dots));
            const auto last =
                dots == std::string_view::npos ? first : time_of(text.substr(dots + 2));
            if (!first || !last)
                in.expected("a time, or TIME..TIME", time_syntax);
            if (*last < *first)
                in.fail("the second time is the shorter one", "after SHORTEST..LONGEST");
            in.take();
            start.ps = *first;
            start.latest_ps = *last;
        }
    }

    void read_statement(line_reader& in, statement& s) {
        const std::string_view keyword = in.peek();
        if (in.done())
            s.what = pause_step{}; // there was a start time, or there would be no statement
        else if (starts_with(keyword, "port"))
            read_port(in, s);
        else if (in.take_if("host"))
            read_host(in, s);
        else if (in.take_if("mem"))
            read_memory(in, s);
        else if (in.take_if("link"))
            read_link(in, s);
        else if (in.take_if("reset"))
            read_reset(in, s);
        else if (in.take_if("failover"))
            read_failover(in, s);
        else if (in.take_if("fault"))
            read_fault(in, s);
        else if (in.take_if("temp"))
            read_temperature(in, s);
        else if (in.take_if("eeprom"))
            read_eeprom(in, s);
        else if (in.take_if("pme-turn-off"))
            read_pme_turn_off(in, s);
        else if (in.take_if("punch-through"))
            read_punch_through(in, s);
        else if (in.take_if("smbus"))
            read_smbus(in, s);
        else if (in.take_if("note"))
            read_note(in, s);
        else if (in.take_if("repeat"))
            read_repeat(in, s);
        else if (in.take_if("end"))
            read_end(in, s);
        else if (keyword == "ntbstim" || keyword == "topology" || keyword == "timing")
            in.fail("'" + std::string(keyword) + "' belongs before the first statement",
                    header_syntax);
        else
            in.expected("a statement", statement_list);
    }

    /// "port2" at the front of `text`, which is cut off.
    static port_number take_port(const line_reader& in, std::string_view& text,
                                 const char* syntax) {
        if (!starts_with(text, "port"))
            in.expected("a port, like port2", syntax);
        text.remove_prefix(4);
        unsigned number = 0;
        const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
        if (result.ec != std::errc())
            in.expected("a port, like port2", syntax);
        if (number >= max_ports)
            in.fail("there is no port " + std::to_string(number), "ports are 0 to 23");
        text.remove_prefix(static_cast<std::size_t>(result.ptr - text.data()));
        return port_number(number);
    }

    static port_number read_whole_port(line_reader& in, const char* syntax) {
        std::string_view text = in.peek();
        const port_number port = take_port(in, text, syntax);
        if (!text.empty())
            in.expected("a port, like port2", syntax);
        in.take();
        return port;
    }

    void read_port(line_reader& in, statement& s) {
        std::string_view text = in.peek();
        const port_number port = take_port(in, text, access_syntax);
        if (text.empty()) {
            in.take();
            if (in.take_if("expect")) {
                read_expect(in, s, port);
            } else if (in.take_if("enumerate")) {
                in.expect_end("portP enumerate");
                s.what = enumeration{port};
            } else {
                in.expected("'expect' or 'enumerate'", port_syntax);
            }
            return;
        }
        register_access a;
        a.port = port;
        if (starts_with(text, ".f") && text.size() >= 3) {
            if (text[2] < '0' || text[2] > '7')
                in.expected("a function, .f0 to .f7", access_syntax);
            a.function = static_cast<unsigned>(text[2] - '0');
            text.remove_prefix(3);
        }
        if (text == ".config") {
            a.where = door::config;
        } else if (starts_with(text, ".bar") && text.size() == 5 && text[4] >= '0' &&
                   text[4] <= '5') {
            a.where = door::bar;
            a.bar = bar_number(static_cast<unsigned>(text[4] - '0'));
        } else {
            in.expected("portP.config or portP.bar0 to portP.bar5", access_syntax);
        }
        in.take();
        read_access(in, s, std::move(a));
    }

    void read_access(line_reader& in, statement& s, register_access a) {
        if (in.peek() != "read" && in.peek() != "write")
            in.expected("'read' or 'write'", access_syntax);
        a.write = in.take() == "write";
        read_place(in, a);
        // The value's width is known only after `size`, so its range is checked at the end.
        const line_reader at_value = in;
        if (a.write)
            a.value = read_value(in);
        if (in.take_if("size")) {
            a.size = static_cast<unsigned>(in.number("a size", 1, 8, access_syntax));
            if ((a.size & (a.size - 1)) != 0)
                in.fail("there is no access of " + std::to_string(a.size) + " bytes",
                        "size 1|2|4|8");
        }
        a.byte_enables = static_cast<std::uint8_t>(ones(a.size));
        if (in.take_if("be"))
            a.byte_enables = static_cast<std::uint8_t>(
                in.number("a byte enable mask", 0, ones(a.size), access_syntax));
        a.poisoned = a.write && in.take_if("poisoned");
        if (a.write && a.value > ones(8 * a.size))
            at_value.fail("the value has more than " + std::to_string(a.size) + " bytes",
                          "give a smaller value or a larger size");
        if (!a.write && in.take_if("==")) {
            a.compare = true;
            a.mask = ones(8 * a.size);
            const line_reader at_expected = in;
            a.expected = read_value(in);
            if (in.take_if("mask"))
                a.mask = in.number("a mask", 0, ones(8 * a.size), access_syntax);
            if ((a.expected & ~a.mask) != 0)
                at_expected.fail("the value has bits outside the access or its mask",
                                 "such a comparison can never hold");
        }
        in.expect_end(access_syntax);
        s.what = std::move(a);
    }

    /// REGISTER or +0xOFFSET.
    void read_place(line_reader& in, register_access& a) {
        const std::string_view text = in.peek();
        a.name = std::string(text);
        if (starts_with(text, "+")) {
            const auto offset = number_of(text.substr(1));
            if (!offset)
                in.expected("an offset like +0x1000", access_syntax);
            a.offset = *offset;
            a.size = 4;
            in.take();
            return;
        }
        if (in.done())
            in.expected("a register or +0xOFFSET", access_syntax);
        const auto place = (*lookup_)(text);
        if (!place)
            in.expected("a register or +0xOFFSET", "`ntbsim regs list` names the registers");
        if (place->global)
            in.fail(a.name + " is a register of the switch, not of the NT function",
                    "write &" + a.name + " to GASAADDR, then use GASADATA");
        if (place->bridge)
            in.fail(a.name + " is a register of the bridge function, not of the NT function",
                    "write &portP." + a.name + " to GASAADDR, then use GASADATA");
        if (a.where == door::bar && a.bar != bar_number(0))
            in.fail("registers are behind config and bar0 only", "give +0xOFFSET");
        a.offset = place->offset;
        a.size = place->size;
        in.take();
    }

    /// A number, or &REGISTER or &portP.REGISTER: its address in the global address space.
    std::uint64_t read_value(line_reader& in) {
        std::string_view text = in.peek();
        if (!starts_with(text, "&"))
            return in.number("a value", 0, ~std::uint64_t{0}, access_syntax);
        text.remove_prefix(1);
        std::optional<port_number> port;
        if (starts_with(text, "port")) {
            port = take_port(in, text, "&REGISTER or &portP.REGISTER");
            if (!starts_with(text, "."))
                in.expected("&portP.REGISTER", "&REGISTER or &portP.REGISTER");
            text.remove_prefix(1);
        }
        const auto place = (*lookup_)(text);
        if (!place || place->global == port.has_value())
            in.expected(port ? "a register of a function" : "a register of the switch",
                        "&REGISTER or &portP.REGISTER; `ntbsim regs list` names the registers");
        in.take();
        return global_address(*place, port.value_or(port_number(0)));
    }

    static void read_expect(line_reader& in, statement& s, port_number port) {
        interrupt_expectation e;
        e.port = port;
        const std::string_view kind = in.peek();
        const bool none = starts_with(kind, "no-");
        const std::string_view plain = none ? kind.substr(3) : kind;
        constexpr std::array<std::pair<std::string_view, interrupt_kind>, interrupt_kinds> kinds{{
            {"msi", interrupt_kind::msi},
            {"intx", interrupt_kind::intx},
            {"err-cor", interrupt_kind::err_cor},
            {"err-nonfatal", interrupt_kind::err_nonfatal},
            {"err-fatal", interrupt_kind::err_fatal},
            {"pme-to-ack", interrupt_kind::pme_to_ack},
        }};
        const auto* const found = std::find_if(
            kinds.begin(), kinds.end(), [&plain](const auto& k) { return k.first == plain; });
        if (found == kinds.end())
            in.expected("msi, intx, a message, or no-... of one", port_syntax);
        e.kind = found->second;
        in.take();
        if (none) {
            e.count = 0;
            in.require("for", port_syntax);
        } else {
            if (in.take_if("count"))
                e.count =
                    static_cast<std::uint32_t>(in.number("a count", 1, 1'000'000'000, port_syntax));
            in.require("within", port_syntax);
        }
        e.window_ps = in.time();
        in.expect_end(port_syntax);
        s.what = e;
    }

    void read_memory(line_reader& in, statement& s) {
        memory_step m;
        m.port = read_whole_port(in, memory_syntax);
        m.address = in.number("an address", 0, ~std::uint64_t{0}, memory_syntax);
        if (in.take_if("fill")) {
            m.action = memory_action::fill;
            m.length = in.number("a length", 1, std::uint64_t{1} << 40, memory_syntax);
        } else if (in.take_if("load")) {
            m.action = memory_action::load;
        } else if (in.take_if("check")) {
            m.action = memory_action::check;
        } else {
            in.expected("fill, load or check", memory_syntax);
        }
        do
            read_data(in, m.bytes, memory_syntax);
        while (!in.done());
        s.what = std::move(m);
    }

    /// 2, 4, 8 or 16 hex digits: a little-endian value of that many bytes, as a write stores it.
    static void read_data(line_reader& in, std::vector<std::uint8_t>& bytes, const char* syntax) {
        const std::string_view text = in.peek();
        const std::size_t digits = text.size();
        std::uint64_t value = 0;
        const auto result = std::from_chars(text.data(), text.data() + digits, value, 16);
        const bool sized = digits == 2 || digits == 4 || digits == 8 || digits == 16;
        if (!sized || result.ec != std::errc() || result.ptr != text.data() + digits)
            in.expected("2, 4, 8 or 16 hex digits", syntax);
        in.take();
        for (std::size_t i = 0; i < digits / 2; ++i)
            bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i) & 0xFFU));
    }

    static void read_host(line_reader& in, statement& s) {
        host_step h;
        h.port = read_whole_port(in, host_syntax);
        if (in.take_if("config")) {
            host_config_step c;
            c.port = h.port;
            c.function = read_function(in, host_syntax);
            c.offset = read_config_offset(in, host_syntax);
            c.value = static_cast<std::uint32_t>(in.number("a value", 0, 0xFFFFFFFF, host_syntax));
            in.expect_end(host_syntax);
            s.what = c;
            return;
        }
        in.require("completes", host_syntax);
        constexpr std::array<std::pair<std::string_view, host_answers>, 4> ways{{
            {"normally", host_answers::normally},
            {"poisoned", host_answers::poisoned},
            {"unsupported", host_answers::unsupported},
            {"never", host_answers::never},
        }};
        const auto* const found = std::find_if(
            ways.begin(), ways.end(), [&in](const auto& w) { return w.first == in.peek(); });
        if (found == ways.end())
            in.expected("normally, poisoned, unsupported or never", host_syntax);
        in.take();
        in.expect_end(host_syntax);
        h.how = found->second;
        s.what = h;
    }

    static void read_link(line_reader& in, statement& s) {
        link_step l;
        l.port = read_whole_port(in, link_syntax);
        if (in.peek() != "up" && in.peek() != "down")
            in.expected("up or down", link_syntax);
        l.up = in.take() == "up";
        in.expect_end(link_syntax);
        s.what = l;
    }

    static void read_reset(line_reader& in, statement& s) {
        reset_step r;
        if (in.take_if("switch")) {
            r.of_switch = true;
            if (in.peek() != "fundamental")
                in.expected("fundamental", reset_syntax);
        } else if (in.take_if("partition")) {
            r.of_partition = true;
            r.partition = partition_number(static_cast<unsigned>(
                in.number("a partition", 0, max_partitions - 1, reset_syntax)));
        } else {
            r.port = read_whole_port(in, reset_syntax);
        }
        if (in.peek() != "hot" && in.peek() != "fundamental")
            in.expected("hot or fundamental", reset_syntax);
        r.fundamental = in.take() == "fundamental";
        in.expect_end(reset_syntax);
        s.what = r;
    }

    static void read_failover(line_reader& in, statement& s) {
        failover_step f;
        f.capability = static_cast<unsigned>(
            in.number("a failover capability", 0, failover_capabilities - 1, failover_syntax));
        if (in.peek() != "primary" && in.peek() != "secondary")
            in.expected("primary or secondary", failover_syntax);
        f.kind = in.take() == "primary" ? failover_kind::primary : failover_kind::secondary;
        in.expect_end(failover_syntax);
        s.what = f;
    }

    static void read_fault(line_reader& in, statement& s) {
        std::string_view port = in.peek();
        fault_step f;
        f.port = take_port(in, port, fault_syntax);
        if (!port.empty())
            in.expected("a port, like port2", fault_syntax);
        in.take();
        const auto wait = [&in] { // until the fault is over: 0 would be none
            const std::uint64_t ps = in.time();
            return ps != 0 ? ps : 1;
        };
        if (in.take_if("poison")) {
            f.what.kind = fault_kind::poison;
            f.what.direction = direction_of(in);
        } else if (in.take_if("drop-completion")) {
            f.what.kind = fault_kind::drop_completion;
            f.what.direction = direction_of(in);
        } else if (in.take_if("credits")) {
            if (in.peek() != "stuck" && in.peek() != "free")
                in.expected("stuck or free", fault_syntax);
            f.what.kind =
                in.take() == "stuck" ? fault_kind::stick_credits : fault_kind::free_credits;
            f.what.direction = direction_of(in);
            if (in.take_if("posted"))
                f.what.of = tlp_class::posted;
            else if (in.take_if("non-posted"))
                f.what.of = tlp_class::non_posted;
            else if (in.take_if("completion"))
                f.what.of = tlp_class::completion;
            else
                in.expected("posted, non-posted or completion", fault_syntax);
        } else if (in.take_if("hold-write")) {
            f.what.kind = fault_kind::hold_write;
            f.what.ps = wait();
        } else if (in.take_if("msi")) {
            if (in.take_if("drop")) {
                f.what.kind = fault_kind::msi_drop;
            } else if (in.take_if("double")) {
                f.what.kind = fault_kind::msi_double;
                if (!in.done()) // else one behind the other
                    f.what.ps = in.time();
            } else if (in.take_if("delay")) {
                f.what.kind = fault_kind::msi_delay;
                f.what.ps = wait();
            } else {
                in.expected("drop, double or delay", fault_syntax);
            }
        } else if (in.take_if("clear")) {
            f.what.kind = fault_kind::clear;
        } else {
            in.expected("a fault", fault_syntax);
        }
        in.expect_end(fault_syntax);
        s.what = f;
    }

    /// As in the names of signals: rx is from the host, tx to it.
    static link_direction direction_of(line_reader& in) {
        if (in.peek() != "rx" && in.peek() != "tx")
            in.expected("rx or tx", fault_syntax);
        return in.take() == "rx" ? link_direction::rx : link_direction::tx;
    }

    static void read_temperature(line_reader& in, statement& s) {
        const std::string_view text = in.peek();
        const std::size_t dot = text.find('.');
        const std::string_view whole = text.substr(0, dot);
        const std::string_view half =
            dot == std::string_view::npos ? std::string_view("0") : text.substr(dot + 1);
        const auto degrees = number_of(whole);
        if (!degrees || starts_with(whole, "0x") || *degrees > 127 || (half != "0" && half != "5"))
            in.expected("a temperature", temperature_syntax);
        in.take();
        in.expect_end(temperature_syntax);
        s.what = temperature_step{static_cast<unsigned>(*degrees * 2 + (half == "5" ? 1 : 0))};
    }

    static void read_eeprom(line_reader& in, statement& s) {
        if (in.take_if("release")) {
            in.expect_end(eeprom_syntax);
            s.what = eeprom_release{};
            return;
        }
        if (!in.take_if("expect"))
            in.expected("expect or release", eeprom_syntax);
        if (in.peek() != "done" && in.peek() != "halted")
            in.expected("done or halted", eeprom_syntax);
        eeprom_expectation e;
        e.halted = in.take() == "halted";
        if (e.halted && !in.done()) {
            const auto fault = eeprom::fault_of_word(in.peek());
            if (!fault)
                in.expected("a fault, like checksum", eeprom_syntax);
            in.take();
            e.fault = *fault;
        }
        in.expect_end(eeprom_syntax);
        s.what = e;
    }

    static void read_pme_turn_off(line_reader& in, statement& s) {
        s.what = pme_turn_off_step{read_whole_port(in, power_syntax)};
        in.expect_end(power_syntax);
    }

    /// "02:00.0": bus and device hexadecimal, as lspci writes them.
    static requester_id read_function(line_reader& in, const char* syntax) {
        const std::string_view text = in.peek();
        constexpr std::string_view form = "xx:xx.f";
        bool fits = text.size() == form.size() && text[2] == ':' && text[5] == '.';
        std::array<unsigned, 3> part{};
        constexpr std::array<std::array<std::size_t, 2>, 3> places{{{0, 2}, {3, 2}, {6, 1}}};
        for (std::size_t i = 0; fits && i < part.size(); ++i) {
            const char* const begin = text.data() + places.at(i)[0];
            const char* const end = begin + places.at(i)[1];
            const auto result = std::from_chars(begin, end, part.at(i), 16);
            fits = result.ec == std::errc() && result.ptr == end;
        }
        if (!fits || part[1] > 0x1F || part[2] > 7)
            in.expected("a function, like 02:00.0", syntax);
        in.take();
        return requester_id(part[0] << 8 | part[1] << 3 | part[2]);
    }

    static std::uint32_t read_config_offset(line_reader& in, const char* syntax) {
        const std::string_view text = in.peek();
        const auto offset = starts_with(text, "+") ? number_of(text.substr(1)) : std::nullopt;
        if (!offset || *offset >= 4096 || *offset % 4 != 0)
            in.expected("the offset of a dword, like +0x10", syntax);
        in.take();
        return static_cast<std::uint32_t>(*offset);
    }

    static void read_punch_through(line_reader& in, statement& s) {
        punch_step p;
        p.port = read_whole_port(in, punch_syntax);
        if (in.peek() != "read" && in.peek() != "write")
            in.expected("read or write", punch_syntax);
        p.write = in.take() == "write";
        p.target = read_function(in, punch_syntax);
        p.offset = read_config_offset(in, punch_syntax);
        const auto value = [&in] {
            return static_cast<std::uint32_t>(in.number("a value", 0, 0xFFFFFFFF, punch_syntax));
        };
        if (p.write) {
            p.data = value();
        } else if (in.take_if("==")) {
            p.compare = true;
            p.expected = value();
        }
        in.expect_end(punch_syntax);
        s.what = p;
    }

    static void read_smbus(line_reader& in, statement& s) {
        smbus_step m;
        do
            read_data(in, m.bytes, smbus_syntax);
        while (!in.done() && in.peek() != "nack" && in.peek() != "read");
        if (m.bytes.size() > smbus_longest)
            in.fail("a transaction has at most 35 bytes", smbus_syntax);
        m.reads = in.take_if("read");
        if (m.reads && m.bytes.size() != 1)
            in.fail("a read has one command code", smbus_syntax);
        m.refused = in.take_if("nack");
        if (m.reads && !m.refused) {
            m.length = static_cast<std::size_t>(
                in.number("a number of bytes", 1, smbus_longest, smbus_syntax));
            m.compare = in.take_if("==");
            while (m.compare && !in.done())
                read_data(in, m.expected, smbus_syntax);
            if (m.compare && (m.expected.empty() || m.expected.size() > m.length))
                in.fail("as many bytes are compared as are read, or less", smbus_syntax);
        }
        in.expect_end(smbus_syntax);
        s.what = std::move(m);
    }

    static void read_note(line_reader& in, statement& s) {
        note_step n;
        while (!in.done())
            n.text += (n.text.empty() ? "" : " ") + std::string(in.take());
        s.what = std::move(n);
    }

    void read_repeat(line_reader& in, statement& s) {
        if (open_.size() == max_repeat_depth)
            in.fail("repeats are nested too deep", "16 levels at most");
        repeat_begin r;
        r.count = in.number("a count", 0, 1'000'000'000, repeat_syntax);
        in.expect_end(repeat_syntax);
        open_.push_back(out_.statements.size());
        s.what = r;
    }

    void read_end(line_reader& in, statement& s) {
        in.expect_end(repeat_syntax);
        if (open_.empty())
            throw stimulus_error(out_.file, s.where, "this end has no repeat", repeat_syntax);
        const std::size_t begin = open_.back();
        open_.pop_back();
        std::get<repeat_begin>(out_.statements[begin].what).end = out_.statements.size();
        s.what = repeat_end{begin};
    }

    std::string_view text_;
    const register_lookup* lookup_;
    program out_{};
    bool header_ = false;
    std::vector<std::size_t> open_{}; ///< indices of the repeats without end yet
};

} // namespace

std::uint32_t global_address(const register_place& place, port_number port) {
    constexpr regs::function_base bridge = regs::function_base_named("US_FUNCTION_BASE");
    constexpr regs::function_base nt = regs::function_base_named("NT_FUNCTION_BASE");
    if (place.global)
        return place.offset;
    return (place.bridge ? bridge : nt).of_port(port.value()) + place.offset;
}

program parse(std::string_view text, const std::string& file, const register_lookup& lookup) {
    return parser(text, file, lookup).run();
}

program load(const std::string& path, const register_lookup& lookup) {
    const char* remedy = "give a readable stimulus file";
    std::ifstream in(path, std::ios::binary);
    std::string text;
    std::array<char, 65536> piece{};
    // Piece by piece with a bound: a device file must not fill the memory.
    while (in && text.size() <= max_file_bytes) {
        in.read(piece.data(), piece.size());
        text.append(piece.data(), static_cast<std::size_t>(in.gcount()));
    }
    if (!in.eof() && text.size() <= max_file_bytes)
        throw stimulus_error(path, {}, "cannot be read", remedy);
    if (text.size() > max_file_bytes)
        throw stimulus_error(path, {}, "is larger than 256 MiB", remedy);
    return parse(text, path, lookup);
}

} // namespace ntb::stimulus
