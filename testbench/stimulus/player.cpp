// SPDX-License-Identifier: Apache-2.0
#include "testbench/stimulus/player.h"

#include <algorithm>
#include <cstdio>
#include <ostream>
#include <sstream>
#include <systemc>

#include "testbench/eeprom/image_file.h"
#include "testbench/root_complex/enumeration.h"
#include "testbench/stimulus/control.h"

namespace ntb::stimulus {
namespace {

std::uint64_t now_ps() {
    return sc_core::sc_time_stamp().value();
}

void wait_ps(std::uint64_t ps) {
    if (ps != 0)
        sc_core::wait(sc_core::sc_time::from_value(ps));
}

std::string hex(std::uint64_t value, unsigned bytes) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "0x%0*llx", static_cast<int>(2 * bytes),
                  static_cast<unsigned long long>(value));
    return text.data();
}

std::string bytes_text(const std::vector<std::uint8_t>& bytes) {
    constexpr std::size_t longest = 16;
    std::string out;
    for (std::size_t i = 0; i < std::min(bytes.size(), longest); ++i)
        out += (i != 0 ? " " : "") + hex(bytes[i], 1).substr(2);
    return bytes.size() > longest ? out + " ..." : out;
}

/// Why a read brought all ones where its completion says so: " (unsupported request)".
std::string reason_of(const completion& done) {
    if (done.ok())
        return done.poisoned ? " (poisoned)" : "";
    return done.status == tlm::TLM_GENERIC_ERROR_RESPONSE ? " (completion timeout)"
                                                          : " (unsupported request)";
}

const char* name_of(interrupt_kind kind) {
    constexpr std::array<const char*, interrupt_kinds> names{
        "MSI", "INTx", "ERR_COR", "ERR_NONFATAL", "ERR_FATAL", "PME_TO_Ack"};
    return names.at(static_cast<std::size_t>(kind));
}

bool is_message(interrupt_kind kind) {
    return kind != interrupt_kind::msi && kind != interrupt_kind::intx;
}

host_message message_of(interrupt_kind kind) {
    switch (kind) {
    case interrupt_kind::err_nonfatal:
        return host_message::err_nonfatal;
    case interrupt_kind::err_fatal:
        return host_message::err_fatal;
    case interrupt_kind::pme_to_ack:
        return host_message::pme_to_ack;
    case interrupt_kind::msi:
    case interrupt_kind::intx:
    case interrupt_kind::err_cor:
        break;
    }
    return host_message::err_cor;
}

std::uint64_t count_of(const interrupt_log& log, interrupt_kind kind) {
    if (kind == interrupt_kind::msi)
        return log.msi_count();
    return kind == interrupt_kind::intx ? log.intx_count() : log.message_count(message_of(kind));
}

std::uint64_t time_ps_of(const interrupt_log& log, interrupt_kind kind, std::uint64_t number) {
    if (kind == interrupt_kind::msi)
        return log.msi(number).time_ps;
    return kind == interrupt_kind::intx ? log.intx_time_ps(number)
                                        : log.message_time_ps(message_of(kind), number);
}

/// Statements that say where the play goes on, and notes: they do nothing to the switch.
bool is_flow(const action& what) {
    return std::holds_alternative<repeat_begin>(what) || std::holds_alternative<repeat_end>(what) ||
           std::holds_alternative<note_step>(what);
}

} // namespace

const port_number* port_of(const action& what) {
    if (const auto* a = std::get_if<register_access>(&what))
        return &a->port;
    if (const auto* e = std::get_if<interrupt_expectation>(&what))
        return &e->port;
    if (const auto* e = std::get_if<enumeration>(&what))
        return &e->port;
    if (const auto* m = std::get_if<memory_step>(&what))
        return &m->port;
    if (const auto* l = std::get_if<link_step>(&what))
        return &l->port;
    if (const auto* h = std::get_if<host_step>(&what))
        return &h->port;
    if (const auto* f = std::get_if<fault_step>(&what))
        return &f->port;
    if (const auto* p = std::get_if<pme_turn_off_step>(&what))
        return &p->port;
    if (const auto* p = std::get_if<punch_step>(&what))
        return &p->port;
    if (const auto* c = std::get_if<host_config_step>(&what))
        return &c->port;
    if (const auto* r = std::get_if<reset_step>(&what))
        return r->of_partition || r->of_switch ? nullptr : &r->port;
    return nullptr;
}

std::string time_text(std::uint64_t ps) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%llu.%03u ns",
                  static_cast<unsigned long long>(ps / 1000), static_cast<unsigned>(ps % 1000));
    return text.data();
}

std::string failure::text() const {
    return file + ":" + std::to_string(line) + ": expected " + expected + ", got " + got + " at " +
           time_text(time_ps);
}

player::player(const host_table& hosts, switch_controls& controls, const player_options& options)
    : hosts_(hosts), controls_(controls), options_(options), random_(options.seed),
      has_word_(options.partner == nullptr || options.partner->begins()) {}

void player::check(const program& p, const host_table& hosts) {
    for (const statement& s : p.statements) {
        if (const auto* a = std::get_if<register_access>(&s.what))
            if (a->function != 0)
                throw stimulus_error(p.file, s.where,
                                     "functions other than 0 are not in this version", "use .f0");
        const port_number* port = port_of(s.what);
        if (port != nullptr && hosts.at(port->value()) == nullptr)
            throw stimulus_error(p.file, s.where,
                                 "port " + std::to_string(port->value()) +
                                     " has no NT function in this topology",
                                 "use another port or topology");
    }
}

void player::play(const program& p) {
    program_ = &p;
    rounds_.clear();
    for (next_ = 0; next_ < p.statements.size() && !play_is_over_;) {
        statement_ = &p.statements[next_++];
        const bool for_both =
            is_flow(statement_->what) && statement_->start.kind == start_kind::following;
        if (options_.partner == nullptr || for_both)
            play_statement();
        else if (!options_.partner->plays(statement_->what))
            pass_over();
        else if (take_word())
            play_statement();
        if (program_ == nullptr)
            return; // too late for more
    }
}

void player::play_statement() {
    if (now_ps() > longest_time_ps) {
        ++expectations_;
        hold(false, "to start within 53 days of simulated time", "there only");
        program_ = nullptr;
        return;
    }
    if (!wait_for_start(statement_->start)) {
        if (const auto* const begin = std::get_if<repeat_begin>(&statement_->what))
            next_ = begin->end + 1; // left out with all that is in it
        else if (const auto* const end = std::get_if<repeat_end>(&statement_->what))
            run(*end);
        return;
    }
    ++statements_;
    started_ps_ = now_ps();
    std::visit([this](const auto& what) { run(what); }, statement_->what);
}

/// The other one plays the statement; what decides how the play goes on happens here, too.
void player::pass_over() {
    if (has_word_)
        options_.partner->pass();
    has_word_ = false;
    (void)drawn_ps(statement_->start);
    if (const auto* const begin = std::get_if<repeat_begin>(&statement_->what))
        run(*begin);
    else if (const auto* const end = std::get_if<repeat_end>(&statement_->what))
        run(*end);
}

/// False if there is nothing more to play.
bool player::take_word() {
    if (!has_word_)
        has_word_ = options_.partner->await();
    play_is_over_ = !has_word_;
    return has_word_;
}

void player::finish() {
    if (options_.partner == nullptr)
        return;
    if (!has_word_ && !play_is_over_)
        has_word_ = options_.partner->await(); // if it comes, the other one is at its end as well
    if (has_word_)
        options_.partner->end();
}

std::uint64_t player::drawn_ps(const start_time& start) {
    // Not uniform_int_distribution: its results differ from library to library.
    return start.latest_ps > start.ps ? start.ps + random_() % (start.latest_ps - start.ps + 1)
                                      : start.ps;
}

/// False if the statement has to be left out.
bool player::wait_for_start(const start_time& start) {
    if (start.kind == start_kind::after) {
        wait_ps(drawn_ps(start));
    } else if (start.kind == start_kind::at) {
        if (start.ps < now_ps()) {
            ++expectations_;
            hold(false, "to start at " + time_text(start.ps), "there only");
            return false;
        }
        wait_ps(start.ps - now_ps());
    }
    return true;
}

void player::run(const register_access& a) {
    root_complex& h = host(a.port);
    const bool config = a.where == door::config;
    if (a.write) {
        if (a.poisoned && config)
            h.config_write_poisoned(a.offset, a.value, a.size, a.byte_enables);
        else if (a.poisoned)
            h.bar_write_poisoned(a.bar, a.offset, a.value, a.size, a.byte_enables);
        else if (config)
            h.config_write(a.offset, a.value, a.size, a.byte_enables);
        else
            h.bar_write(a.bar, a.offset, a.value, a.size, a.byte_enables);
        say_statement("");
        return;
    }
    const completion done = config ? h.config_read(a.offset, a.size, a.byte_enables)
                                   : h.bar_read(a.bar, a.offset, a.size, a.byte_enables);
    say_statement(" -> " + hex(done.data, a.size) + reason_of(done));
    if (!a.compare)
        return;
    ++expectations_;
    const bool whole = a.mask == (~std::uint64_t{0} >> (64 - 8 * a.size));
    hold((done.data & a.mask) == a.expected,
         a.name + " == " + hex(a.expected, a.size) +
             (whole ? "" : " under mask " + hex(a.mask, a.size)),
         hex(done.data, a.size) + reason_of(done));
}

void player::run(const interrupt_expectation& e) {
    ++expectations_;
    if (e.count == 0)
        expect_none(e, now_ps());
    else
        expect_some(e, now_ps());
}

/// Counts interrupts from `start` on that no expectation has counted, at most `most`. Messages
/// count from the previous expectation on: one may come before the completion it is about.
std::uint64_t player::take_interrupts(const interrupt_expectation& e, std::uint64_t start,
                                      std::uint64_t most) {
    const interrupt_log& log = host(e.port).interrupts();
    std::uint64_t& next = taken(e);
    const std::uint64_t count = count_of(log, e.kind);
    next = std::max(next, count > interrupt_log::kept ? count - interrupt_log::kept : 0);
    std::uint64_t found = 0;
    for (; next < count && found < most; ++next)
        if (is_message(e.kind) || time_ps_of(log, e.kind, next) >= start)
            ++found;
    return found;
}

void player::expect_some(const interrupt_expectation& e, std::uint64_t start) {
    const interrupt_log& log = host(e.port).interrupts();
    const std::uint64_t deadline = start + e.window_ps;
    std::uint64_t found = 0;
    // INTx is a level: one that is asserted already is an interrupt.
    if (e.kind == interrupt_kind::intx && log.intx()) {
        found = 1;
        taken(e) = log.intx_count();
    }
    for (;;) {
        found += take_interrupts(e, start, e.count - found);
        if (found >= e.count || now_ps() >= deadline)
            break;
        sc_core::wait(sc_core::sc_time::from_value(deadline - now_ps()), log.changed());
        if (now_ps() >= deadline)
            sc_core::wait(sc_core::SC_ZERO_TIME); // what arrives at the deadline is in time
    }
    std::string result = " -> after " + time_text(now_ps() - start);
    if (e.kind == interrupt_kind::msi && found != 0)
        result += ", data " + hex(log.last_msi().data, 2);
    say_statement(found >= e.count ? result : " -> " + std::to_string(found));
    hold(found >= e.count,
         std::to_string(e.count) + " " + name_of(e.kind) + " at port " +
             std::to_string(e.port.value()) + " within " + time_text(e.window_ps),
         std::to_string(found));
}

void player::expect_none(const interrupt_expectation& e, std::uint64_t start) {
    const interrupt_log& log = host(e.port).interrupts();
    const std::uint64_t deadline = start + e.window_ps;
    bool came = e.kind == interrupt_kind::intx && log.intx();
    for (;;) {
        came = take_interrupts(e, start, 1) != 0 || came;
        if (came || now_ps() >= deadline)
            break;
        sc_core::wait(sc_core::sc_time::from_value(deadline - now_ps()), log.changed());
        if (now_ps() >= deadline)
            sc_core::wait(sc_core::SC_ZERO_TIME);
    }
    say_statement(came ? " -> one came" : " -> none");
    hold(!came,
         std::string("no ") + name_of(e.kind) + " at port " + std::to_string(e.port.value()) +
             " for " + time_text(e.window_ps),
         "one after " + time_text(now_ps() - start));
}

void player::run(const enumeration& e) {
    const enumerated_function& f = enumerate(host(e.port));
    say_statement("");
    if (telling() && options_.transcript != nullptr)
        print(*options_.transcript, f, "    ");
    ++expectations_;
    hold(f.present, "a function behind port " + std::to_string(e.port.value()), "none");
}

void player::run(const memory_step& m) {
    host_ram& ram = host(m.port).ram();
    const std::uint64_t length = m.action == memory_action::fill ? m.length : m.bytes.size();
    ++expectations_;
    if (!ram.contains(m.address, length)) {
        hold(false, "addresses of RAM", hex(m.address, 8));
        return;
    }
    if (m.action == memory_action::check) {
        std::vector<std::uint8_t> there(m.bytes.size());
        ram.read(m.address, there.data(), there.size());
        const auto differ = std::mismatch(there.begin(), there.end(), m.bytes.begin());
        say_statement(differ.first == there.end() ? " -> as expected" : " -> different");
        hold(differ.first == there.end(), "memory " + bytes_text(m.bytes),
             bytes_text(there) + " (from " + hex(m.address, 8) + " on)");
        return;
    }
    for (std::uint64_t done = 0; done < length; done += m.bytes.size())
        ram.write(m.address + done, m.bytes.data(),
                  static_cast<std::size_t>(std::min<std::uint64_t>(m.bytes.size(), length - done)));
    say_statement("");
}

void player::run(const link_step& l) {
    apply(l, controls_);
    say_statement("");
}

void player::run(const failover_step& f) {
    apply(f, controls_);
    say_statement("");
}

void player::run(const fault_step& f) {
    controls_.inject(f.port, f.what);
    say_statement("");
}

void player::run(const reset_step& r) {
    apply(r, controls_);
    say_statement("");
}

void player::run(const host_step& h) {
    host(h.port).set_answers(h.how);
    say_statement("");
}

void player::run(const temperature_step& t) {
    apply(t, controls_);
    say_statement("");
}

void player::run(const eeprom_expectation& e) {
    const eeprom_status status = controls_.eeprom();
    const bool halted = status.state == eeprom_state::halted;
    const auto text = [](bool is_halted, eeprom_fault fault) {
        if (!is_halted)
            return std::string("a finished EEPROM load");
        return "a switch halted by its EEPROM" +
               (fault == eeprom_fault::none ? "" : ": " + std::string(eeprom::fault_word(fault)));
    };
    const bool holds = e.halted
                           ? halted && (e.fault == eeprom_fault::none || e.fault == status.fault)
                           : status.state == eeprom_state::done;
    ++expectations_;
    hold(holds, text(e.halted, e.fault),
         status.state == eeprom_state::none ? "no start from an EEPROM"
                                            : text(halted, status.fault));
    say_statement("");
}

void player::run(const eeprom_release& r) {
    apply(r, controls_);
    say_statement("");
}

void player::run(const pme_turn_off_step& p) {
    controls_.pme_turn_off(p.port);
    say_statement("");
}

void player::run(const host_config_step& c) {
    host(c.port).answer_config(c.function, c.offset, c.value);
    say_statement("");
}

void player::run(const punch_step& p) {
    constexpr std::array<const char*, 5> words{"done", "unsupported request", "completion timeout",
                                               "lost", "busy"};
    std::uint32_t data = 0;
    const punch_result result =
        controls_.punch(p.port, {p.write, p.target, p.offset, p.data}, data);
    const std::string how = words.at(static_cast<std::size_t>(result));
    const bool read_something = !p.write && result == punch_result::done;
    say_statement(" -> " + (read_something ? hex(data, 4) : how));
    if (!p.compare)
        return;
    ++expectations_;
    hold(data == p.expected, hex(p.expected, 4),
         hex(data, 4) + (read_something ? "" : " (" + how + ")"));
}

void player::run(const smbus_step& m) {
    ++expectations_;
    if (!m.reads) {
        const std::size_t taken = controls_.smbus_write(m.bytes.data(), m.bytes.size());
        const bool all = taken == m.bytes.size();
        const std::string got =
            all ? "all acknowledged" : "no acknowledge of byte " + std::to_string(taken);
        say_statement(" -> " + got);
        hold(all != m.refused, m.refused ? "a byte without acknowledge" : "every byte acknowledged",
             got);
        return;
    }
    std::vector<std::uint8_t> there(m.length);
    const bool answered = controls_.smbus_read(m.bytes.front(), there.data(), there.size());
    const std::string got = !answered   ? "no acknowledge"
                            : m.refused ? "an answer"
                                        : bytes_text(there);
    say_statement(" -> " + got);
    const bool equal = answered && std::equal(m.expected.begin(), m.expected.end(), there.begin());
    hold(m.refused ? !answered : equal,
         m.refused ? "no acknowledge"
                   : (m.compare ? "SMBus bytes " + bytes_text(m.expected) : "an answer"),
         got);
}

void player::run(const note_step& n) {
    say("-- " + n.text);
}

void player::run(const repeat_begin& r) {
    if (r.count == 0)
        next_ = r.end + 1;
    else
        rounds_.push_back({r.count, true});
}

void player::run(const repeat_end& r) {
    round& here = rounds_.back();
    --here.left;
    if (here.first && here.left != 0 && telling() && !options_.every_round)
        say("   ... and " + std::to_string(here.left) + " more rounds");
    here.first = false;
    if (here.left != 0)
        next_ = r.begin + 1;
    else
        rounds_.pop_back();
}

void player::hold(bool holds, const std::string& expected, const std::string& got) {
    if (holds)
        return;
    ++failed_;
    if (failures_.size() < kept_failures)
        failures_.push_back({program_->file, statement_->where.line, expected, got, now_ps()});
}

bool player::telling() const {
    return options_.every_round ||
           std::all_of(rounds_.begin(), rounds_.end(), [](const round& r) { return r.first; });
}

void player::say(const std::string& line) {
    if (options_.transcript != nullptr && telling())
        *options_.transcript << line << '\n';
}

void player::say_statement(const std::string& result) {
    if (options_.transcript == nullptr || !telling())
        return;
    std::string time = time_text(started_ps_);
    time.insert(0, time.size() < 17 ? 17 - time.size() : 0, ' ');
    // The start time is on the left already.
    say(time + "  " + statement_->text + result);
}

} // namespace ntb::stimulus
