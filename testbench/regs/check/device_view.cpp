// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/device_view.h"

#include <algorithm>
#include <utility>

#include "model/regs/handling.h"
#include "model/types.h"

namespace ntb::regs::check {

namespace {

constexpr std::string_view window_address = "GASAADDR";
constexpr std::string_view window_data = "GASADATA";

std::uint32_t ones_of(unsigned bytes) {
    return bytes >= 4 ? 0xFFFFFFFFU : (1U << (8 * bytes)) - 1U;
}

/// The mask of a field of a row; of the whole row if no name is given.
std::uint32_t mask_of(const reg& r, std::string_view field_name) {
    if (field_name.empty())
        return ones_of(r.size);
    for (const field& f : r.fields)
        if (f.name == field_name)
            return f.mask();
    return 0;
}

const field* find_field_of(const sheet& s, std::string_view name) {
    for (const field& f : s.at.row->fields)
        if (f.name == name)
            return &f;
    return nullptr;
}

/// Where the function that holds `in` lies in the global space; -1 = that is not known, or not
/// what `base` is about.
std::int64_t global_base(std::string_view base, const space& in, unsigned port) {
    if ((base == "NT_FUNCTION_BASE") != (in.name == "nt"))
        return -1;
    for (const function_base& b : function_bases)
        if (b.name == base)
            return b.of_port(port);
    return -1;
}

/// The register's own lanes in its dword.
unsigned shift_of(const sheet& s) {
    return (s.offset() & 3U) * 8U;
}

} // namespace

std::string field_names(const sheet& s, std::uint32_t bits) {
    std::string out;
    for (std::size_t i = 0; i < s.at.row->field_count(); ++i) {
        const field& f = s.at.row->fields.at(i);
        if ((f.mask() & bits) != 0)
            out.append(out.empty() ? "" : " ").append(f.name);
        bits &= ~f.mask();
    }
    if (bits != 0)
        out.append(out.empty() ? "" : " ").append("reserved bits");
    return out;
}

std::string name_of(const path& p) {
    const std::string by = p.by == door::config ? "config" : "bar0";
    return p.window ? "gasa by " + by + " of function " + std::to_string(p.function) : by;
}

device_view::device_view(target& device, const std::vector<space>& map)
    : device_(device), traits_(device.traits()), map_(map) {
    for (unsigned f = 0; f < device_.functions(); ++f) {
        bar0_open_.push_back(device_.has_bar0(f));
        const std::string wanted = device_.space_of(f);
        const auto in = std::find_if(map_.begin(), map_.end(),
                                     [&wanted](const space& s) { return s.name == wanted; });
        ports_.push_back(f);
        if (in == map_.end())
            continue;
        for (const reg& r : *in) {
            if (r.name == "PCIELCAP") { // B1.13
                const std::uint32_t mask = mask_of(r, "PORTNUM");
                ports_.back() = (device_.read(door::config, f, r.offset) & mask) / (mask & -mask);
            }
            if (r.name == window_address)
                gasa_address_ = r.offset;
            if (r.name == window_data)
                gasa_data_ = r.offset;
        }
        add_instance(*in, ports_.back(), static_cast<int>(f),
                     global_base("NT_FUNCTION_BASE", *in, ports_.back()));
    }
    add_bridges();
    for (const space& s : map_)
        if (s.name == "sw")
            add_instance(s, 0, -1, 0);
    for (std::size_t i = 0; i < instances_.size(); ++i)
        add_sheets(i);
    apply_handling();
    link_effects();
    find_siblings();
}

void device_view::add_bridges() {
    // A bridge has no door of its own here. It is there if its first register is (B16.2).
    const auto in =
        std::find_if(map_.begin(), map_.end(), [](const space& s) { return s.name == "port"; });
    if (in == map_.end() || in->count == 0 || gasa_data_ == 0 || !traits_.writes_allowed)
        return;
    const reg& vendor = in->rows[0];
    for (unsigned p = 0; p < max_ports; ++p) {
        const auto at = static_cast<std::uint32_t>(global_base("US_FUNCTION_BASE", *in, p));
        point_window({door::config, 0, true}, at + vendor.offset);
        const std::uint32_t got = device_.read(door::config, 0, gasa_data_);
        if ((got & vendor.fields[0].mask()) == vendor.fields[0].reset)
            add_instance(*in, p, -1, at);
    }
}

void device_view::add_instance(const space& in, unsigned port, int function, std::int64_t global) {
    instance added;
    added.in = &in;
    added.port = port;
    if (in.name != "sw")
        added.name = "port" + std::to_string(port) + "." + std::string(in.name);
    added.function = function;
    added.global = global;
    instances_.push_back(std::move(added));
}

void device_view::add_sheets(std::size_t in) {
    const instance& where = instances_.at(in);
    for (const reg& r : *where.in) {
        sheet s;
        s.in = in;
        s.size = r.size;
        s.ones = ones_of(r.size);
        s.dword_only = r.dword_only;
        s.own_window = r.name == window_address || r.name == window_data;
        for (std::size_t i = 0; i < r.field_count(); ++i) {
            const field& f = r.fields.at(i);
            switch (f.policy) {
            case access::ro:
                s.ro |= f.mask();
                break;
            case access::rw:
                s.rw |= f.mask();
                break;
            case access::rw1c:
                s.rw1c |= f.mask();
                break;
            case access::rw1s:
                s.rw1s |= f.mask();
                break;
            case access::wo:
                s.wo |= f.mask();
                break;
            case access::reserved:
                break;
            }
            if (f.on_hot_reset == hot_reset::keeps)
                s.kept |= f.mask();
        }
        s.reset = reset_of(r) & s.readable();
        for (unsigned i = 0; i < r.first.count; ++i) {
            for (unsigned j = 0; j < r.second.count; ++j) {
                s.at = member{where.in, &r, i, j};
                s.name =
                    (where.name.empty() ? "" : where.name.substr(0, where.name.find('.')) + ".") +
                    std::string(member_name(s.at).view());
                s.id = sheets_.size();
                sheets_.push_back(s);
            }
        }
    }
}

void device_view::apply_handling() {
    for (sheet& s : sheets_) {
        const auto no_longer_written = [&s](std::string_view why) {
            s.written = false;
            s.why_not_written = why;
        };
        for (const handling_row& h : handling_rows) {
            if (h.space != s.at.in->name || h.name != s.at.row->name)
                continue;
            const std::uint32_t bits = mask_of(*s.at.row, h.field);
            switch (h.what) {
            case handling::live:
                s.live |= bits;
                break;
            case handling::loaded:
                s.loaded |= bits;
                break;
            case handling::by_config:
                s.by_config = true;
                break;
            case handling::own_rule:
                s.held |= bits;
                if (h.field.empty())
                    no_longer_written(h.reason);
                break;
            case handling::in_use: // known only when the device is looked at
            case handling::unraised:
                break;
            case handling::destructive:
                if (traits_.silicon)
                    no_longer_written(h.reason);
                break;
            case handling::shared:
                if (traits_.silicon && !traits_.shared_allowed)
                    no_longer_written(h.reason);
                break;
            case handling::host_owned:
                if (traits_.host_manages) {
                    no_longer_written(h.reason);
                    s.loaded |= bits;
                }
                break;
            }
        }
        if (!traits_.writes_allowed)
            no_longer_written("read-only: --allow-writes is not given");
    }
    for (std::size_t n = 0; n < sheets_.size(); ++n) {
        const sheet& s = sheets_[n];
        const instance& in = instances_.at(s.in);
        std::vector<path> ways;
        if (in.function >= 0) {
            const auto f = static_cast<unsigned>(in.function);
            ways.push_back({door::config, f, false});
            if (bar0_open_.at(f))
                ways.push_back({door::bar0, f, false});
        }
        const bool by_window =
            in.global >= 0 && traits_.writes_allowed && !s.own_window && gasa_data_ != 0;
        for (unsigned f = 0; by_window && f < device_.functions(); ++f) {
            ways.push_back({door::config, f, true});
            if (bar0_open_.at(f))
                ways.push_back({door::bar0, f, true});
        }
        paths_.push_back(std::move(ways));
    }
}

void device_view::link_effects() {
    for (sheet& s : sheets_) {
        for (const effect_row& e : effect_rows) {
            if (e.space != s.at.in->name || e.cause != s.at.row->name)
                continue;
            for (std::size_t n = 0; n < sheets_.size(); ++n) {
                const sheet& a = sheets_[n];
                if (a.at.in->name != e.affected_space || a.at.row->name != e.affected || &a == &s)
                    continue;
                const unsigned above = a.at.first - s.at.first;
                const bool same_place = a.in == s.in;
                if (e.how_far == reach::everywhere ||
                    (same_place && e.how_far == reach::function) || (same_place && above == 0) ||
                    (same_place && e.how_far == reach::same_next && above == 1))
                    s.affects.push_back(n);
            }
        }
        for (const condition_row& c : condition_rows) {
            if (c.space != s.at.in->name || c.name != s.at.row->name)
                continue;
            const sheet* other = find(s.in, c.other);
            const field* f = other != nullptr ? find_field_of(*other, c.field) : nullptr;
            if (f != nullptr)
                s.conditions.push_back({other->id, f->mask(), (c.value << f->lsb) & f->mask()});
        }
    }
}

void device_view::find_siblings() {
    for (const sheet& s : sheets_) {
        std::uint32_t rw1c = 0;
        bool guarded = false;
        for (const sheet& other : sheets_) {
            if (&other == &s || other.in != s.in || other.offset() / 4 != s.offset() / 4)
                continue;
            rw1c |= other.rw1c << shift_of(other);
            guarded = guarded || !other.written;
        }
        siblings_rw1c_.push_back(rw1c);
        guarded_sibling_.push_back(guarded);
    }
}

sheet* device_view::find(std::size_t in, std::string_view name) {
    for (sheet& s : sheets_)
        if (s.in == in && member_name(s.at).view() == name)
            return &s;
    return nullptr;
}

std::optional<std::size_t> device_view::instance_of_function(unsigned function) const {
    for (std::size_t i = 0; i < instances_.size(); ++i)
        if (instances_[i].function == static_cast<int>(function))
            return i;
    return std::nullopt;
}

std::optional<std::size_t> device_view::switch_instance() const {
    for (std::size_t i = 0; i < instances_.size(); ++i)
        if (instances_[i].in->name == "sw")
            return i;
    return std::nullopt;
}

unsigned device_view::partition_of(unsigned function) {
    const std::optional<std::size_t> sw = switch_instance();
    const sheet* s = sw ? find(*sw, "SWPORT" + std::to_string(port_of(function)) + "STS") : nullptr;
    return s == nullptr || paths(*s).empty() ? 0 : field_of(*s, "SWPART", read(*s));
}

std::vector<path> device_view::write_paths(const sheet& s) const {
    std::vector<path> out;
    for (const path& p : paths(s))
        if ((p.by == door::config || !s.by_config) && (!p.window || !guarded_sibling_.at(s.id)))
            out.push_back(p);
    return out;
}

std::vector<path> device_view::dword_paths(std::size_t in) const {
    for (const sheet& s : sheets_)
        if (s.in == in && !s.own_window)
            return paths(s);
    return {};
}

const path& device_view::best(const sheet& s) const {
    if (paths_.at(s.id).empty())
        throw target_error(device_.name() + ": " + s.name + " cannot be reached");
    return paths_[s.id].front();
}

path device_view::best_for_writing(const sheet& s) const {
    return best(s); // configuration cycles come first
}

std::uint32_t device_view::global_of(std::size_t in, std::uint32_t in_space) const {
    return static_cast<std::uint32_t>(instances_.at(in).global) + in_space;
}

void device_view::point_window(const path& by, std::uint32_t global) {
    device_.write(by.by, by.function, gasa_address_, 4, global & ~3U);
}

std::uint32_t device_view::read_dword(std::size_t in, std::uint32_t in_space, const path& by) {
    if (!by.window)
        return device_.read(by.by, by.function, in_space & ~3U);
    point_window(by, global_of(in, in_space));
    return device_.read(by.by, by.function, gasa_data_);
}

void device_view::write_dword(std::size_t in, std::uint32_t in_space, const path& by,
                              std::uint32_t value) {
    if (!by.window) {
        device_.write(by.by, by.function, in_space & ~3U, 4, value);
        return;
    }
    point_window(by, global_of(in, in_space));
    device_.write(by.by, by.function, gasa_data_, 4, value);
}

std::uint32_t device_view::read(const sheet& s, const path& by) {
    if (!by.window)
        return device_.read(by.by, by.function, s.offset(), s.size);
    return (read_dword(s.in, s.offset(), by) >> shift_of(s)) & s.ones;
}

void device_view::write(const sheet& s, const path& by, std::uint32_t value) {
    if (!by.window) {
        device_.write(by.by, by.function, s.offset(), s.size, value & s.ones);
        return;
    }
    std::uint32_t dword = value;
    if (s.size != 4) { // read, modify, write; a neighbour's status is not cleared by that
        dword = read_dword(s.in, s.offset(), by) & ~siblings_rw1c_.at(s.id);
        dword = (dword & ~(s.ones << shift_of(s))) | ((value & s.ones) << shift_of(s));
    }
    write_dword(s.in, s.offset(), by, dword);
}

std::uint32_t device_view::field_of(const sheet& s, std::string_view field_name,
                                    std::uint32_t value) {
    const field* f = find_field_of(s, field_name);
    return f == nullptr ? 0 : (value & f->mask()) >> f->lsb;
}

std::uint32_t device_view::with_field(const sheet& s, std::string_view field_name,
                                      std::uint32_t value, std::uint32_t v) {
    const field* f = find_field_of(s, field_name);
    return f == nullptr ? value : (value & ~f->mask()) | ((v << f->lsb) & f->mask());
}

void device_view::open_bar0(unsigned function) {
    const std::optional<std::size_t> in = instance_of_function(function);
    sheet* command = in ? find(*in, "PCICMD") : nullptr;
    if (command == nullptr || !traits_.writes_allowed || traits_.host_manages)
        return;
    write(*command, with_field(*command, "MAE", read(*command), 1));
    command->value = read(*command);
}

void device_view::look_at(std::size_t in) {
    for (std::size_t n = 0; n < sheets_.size(); ++n)
        if (sheets_[n].in == in && !paths_[n].empty())
            sheets_[n].value = read(sheets_[n], paths_[n].front());
}

void device_view::look_at_everything() {
    for (std::size_t i = 0; i < instances_.size(); ++i)
        look_at(i);
}

sheet device_view::shaped(const sheet& s) {
    const bool is_bar = s.at.row->name == "BAR{n}";
    const bool is_limit = s.at.row->name == "BARLIMIT{n}";
    sheet out = s;
    if (!is_bar && !is_limit)
        return out;
    struct aperture {
        bool enabled = false;
        bool wide = false;
        std::uint64_t address_bits = 0;
    };
    const auto aperture_of = [&](unsigned bar) {
        aperture a;
        const sheet* setup = find(s.in, "BARSETUP" + std::to_string(bar));
        if (setup == nullptr)
            return a;
        const std::uint32_t v = read(*setup);
        const std::uint32_t log2 = field_of(*setup, "SIZE", v);
        a.wide = bar % 2 == 0 && field_of(*setup, "TYPE", v) == 2;
        a.enabled = field_of(*setup, "EN", v) != 0 && log2 >= 4 && log2 < (a.wide ? 64U : 32U);
        a.address_bits = a.enabled ? ~((std::uint64_t{1} << log2) - 1) : 0;
        return a;
    };
    const unsigned bar = s.at.first;
    const aperture below = bar % 2 == 1 ? aperture_of(bar - 1) : aperture{};
    const bool upper_half = below.enabled && below.wide;
    if (is_limit) {
        if (upper_half) { // bits 63:32, all of them (B9.5)
            out.rw = s.ones;
            out.ro = 0;
        }
        return out;
    }
    if (upper_half) {
        out.rw = static_cast<std::uint32_t>(below.address_bits >> 32);
        out.ro = 0;
    } else {
        out.rw &= static_cast<std::uint32_t>(aperture_of(bar).address_bits);
    }
    return out;
}

} // namespace ntb::regs::check
