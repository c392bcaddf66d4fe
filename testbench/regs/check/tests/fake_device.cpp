// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/check/tests/fake_device.h"

#include <algorithm>

namespace ntb::regs::check {

namespace {

constexpr std::size_t nt = 0; // spaces of all_maps.h
constexpr std::size_t sw = 1;
constexpr std::size_t bridge = 2;
constexpr std::uint32_t function_window = 0x1000; // NT function in its port's 8 KiB (B1.7)

constexpr std::array<std::string_view, 32> with_side_effects{
    "SWPART{x}CTL", "SWPORT{x}CTL", "OUTDBELLSET", "OUTMSG{n}",   "NTGSIGNAL",   "BARSETUP{n}",
    "BAR{n}",       "BARLIMIT{n}",  "NTMTBLDATA",  "LUTLDATA",    "LUTMDATA",    "LUTUDATA",
    "GASADATA",     "REQIDCAP",     "TMPALARM",    "INDBELLSTS",  "INDBELLMSK",  "MSGSTS",
    "MSGSTSMSK",    "SELINKUPSTS",  "SELINKUPMSK", "SELINKDNSTS", "SELINKDNMSK", "SEFRSTSTS",
    "SEFRSTMSK",    "SEHRSTSTS",    "SEHRSTMSK",   "SEGSIGSTS",   "AERUES",      "TMPCTL",
    "TMPADJ",       "NTINTMSK"};

constexpr std::uint32_t ambient = 90; // half degrees

constexpr std::array<std::string_view, 3> lookup_names{"LUTLDATA", "LUTMDATA", "LUTUDATA"};

std::uint32_t lanes_of(unsigned lane, unsigned width, unsigned enables) {
    std::uint32_t out = 0;
    for (unsigned i = 0; i < width; ++i)
        if ((enables >> i & 1U) != 0)
            out |= 0xFFU << (8 * (lane + i));
    return out;
}

} // namespace

fake_device::fake_device(const topology_config& topology, const fault& built_in) {
    build(built_in);
    switch_.resize(plans_.at(sw).cells.size());
    for (std::size_t d = 0; d < switch_.size(); ++d)
        switch_[d] = plans_.at(sw).cells[d].reset;
    for (unsigned p = 0; p < max_ports; ++p) {
        if (!has_nt_function(topology.ports.at(p).mode))
            continue;
        nt_function f;
        f.port = p;
        f.partition = topology.ports.at(p).partition.value();
        f.initial.resize(plans_.at(nt).cells.size());
        for (std::size_t d = 0; d < f.initial.size(); ++d)
            f.initial[d] = plans_.at(nt).cells[d].reset;
        functions_.push_back(std::move(f));
    }
    for (std::vector<std::uint32_t>& b : bridges_)
        for (const cell& c : plans_.at(bridge).cells)
            b.push_back(c.reset);
    load(topology);
    const auto invert = [this](std::size_t in, std::vector<std::uint32_t>& values) {
        for (std::size_t d = 0; d < values.size(); ++d)
            values[d] ^= plans_.at(in).cells[d].inverted_reset;
    };
    invert(sw, switch_);
    mapping_.fill(inverted_in("NTMTBLDATA"));
    for (nt_function& f : functions_)
        for (auto& entry : f.lookup)
            for (std::size_t part = 0; part < 3; ++part)
                entry.at(part) = inverted_in(lookup_names.at(part));
    for (std::vector<std::uint32_t>& b : bridges_) {
        put(b, bridge, find(bridge, "P2PDID", 0, "DID"),
            static_cast<std::uint32_t>(topology.device));
        const auto& port = topology.ports.at(static_cast<std::size_t>(&b - bridges_.data()));
        if (has_nt_function(port.mode)) { // its host is there
            put(b, bridge, find(bridge, "P2PPCIELCTLSTS", 0, "NLW"), port.link_width);
            put(b, bridge, find(bridge, "P2PPCIELCTLSTS", 0, "CLS"), port.link_generation);
        }
        invert(bridge, b);
    }
    bridge_initial_ = bridges_.front();
    for (nt_function& f : functions_) {
        invert(nt, f.initial);
        f.storage = f.initial;
        shape_bars(f);
    }
}

void fake_device::build(const fault& built_in) {
    for (const std::size_t in : {nt, sw, bridge}) {
        const space& s = spaces.at(in);
        rows_.at(in).assign(s.begin(), s.end());
        std::vector<reg>& rows = rows_.at(in);
        const bool here = built_in.what != fault::kind::none && built_in.in == in;
        if (here) {
            reg& r = rows.at(built_in.row);
            field& f = r.fields.at(built_in.field);
            if (built_in.what == fault::kind::policy)
                f.policy = built_in.policy;
            if (built_in.what == fault::kind::hot_reset)
                f.on_hot_reset =
                    f.on_hot_reset == hot_reset::keeps ? hot_reset::resets : hot_reset::keeps;
            if (built_in.what == fault::kind::stride)
                (built_in.dimension == 0 ? r.first : r.second).stride = built_in.bytes;
            if (built_in.what == fault::kind::partial_access)
                r.dword_only = !r.dword_only;
        }
        plan& p = plans_.at(in);
        p.base = s.base;
        p.cells.resize(s.bytes / 4);
        for (std::size_t n = 0; n < rows.size(); ++n) {
            const reg& r = rows[n];
            by_name_.at(in).emplace(r.name, &r);
            const bool faulty = here && built_in.row == n;
            const bool acts = std::find(with_side_effects.begin(), with_side_effects.end(),
                                        r.name) != with_side_effects.end() ||
                              r.name == "SEGSIGMSK";
            for (unsigned i = 0; i < r.first.count; ++i)
                for (unsigned j = 0; j < r.second.count; ++j) {
                    const std::uint32_t at = r.offset_of(i, j) - s.base;
                    if (at / 4 >= p.cells.size())
                        continue; // a wrong stride leads out of the space
                    cell& c = p.cells[at / 4];
                    const unsigned shift = (at & 3U) * 8U;
                    c.mapped = true;
                    for (unsigned b = 0; b < r.size; ++b)
                        c.owner.at((at & 3U) + b) = r.name;
                    c.dword_only = c.dword_only || r.dword_only;
                    if (acts) {
                        c.row = &r;
                        c.first = static_cast<std::uint16_t>(i);
                        c.second = static_cast<std::uint16_t>(j);
                    }
                    if (faulty) {
                        c.all_bytes = built_in.what == fault::kind::byte_enables;
                        c.not_by_bar0 = built_in.what == fault::kind::second_door;
                        c.disturbs = built_in.what == fault::kind::writes_neighbour;
                        if (built_in.what == fault::kind::reset_value)
                            c.inverted_reset |= built_in.bits
                                                << (r.fields.at(built_in.field).lsb + shift);
                    }
                    for (std::size_t k = 0; k < r.field_count(); ++k) {
                        const field& f = r.fields.at(k);
                        const std::uint32_t m = f.mask() << shift;
                        if (f.policy != access::wo && f.policy != access::reserved) {
                            c.readable |= m;
                            c.reset |= (f.reset << f.lsb) << shift & m;
                        }
                        if (f.policy == access::wo)
                            c.command |= m;
                        if (f.policy == access::rw)
                            c.rw |= m;
                        if (f.policy == access::rw1c)
                            c.rw1c |= m;
                        if (f.policy == access::rw1s)
                            c.rw1s |= m;
                        if (f.on_hot_reset == hot_reset::keeps)
                            c.kept |= m;
                    }
                }
        }
    }
}

fake_device::place fake_device::find(std::size_t in, std::string_view name, unsigned i,
                                     std::string_view field_name, unsigned j) const {
    const auto found = by_name_.at(in).find(name);
    if (found == by_name_.at(in).end())
        return {0, 0};
    const reg& r = *found->second;
    const std::uint32_t at = r.offset_of(i, j);
    for (const field& f : r.fields)
        if (f.name == field_name)
            return {at & ~3U, f.mask() << ((at & 3U) * 8U)};
    return {at & ~3U, 0};
}

std::uint32_t fake_device::get(const std::vector<std::uint32_t>& storage, std::size_t in,
                               const place& p) const {
    const std::size_t d = (p.offset - plans_.at(in).base) / 4;
    return d < storage.size() && p.mask != 0 ? (storage[d] & p.mask) / (p.mask & -p.mask) : 0;
}

void fake_device::put(std::vector<std::uint32_t>& storage, std::size_t in, const place& p,
                      std::uint32_t value) const {
    const std::size_t d = (p.offset - plans_.at(in).base) / 4;
    if (d < storage.size() && p.mask != 0)
        storage[d] = (storage[d] & ~p.mask) | (value * (p.mask & -p.mask) & p.mask);
}

void fake_device::load(const topology_config& t) {
    const auto set = [this](std::string_view name, unsigned i, std::string_view f,
                            std::uint32_t v) { put(switch_, sw, find(sw, name, i, f), v); };
    for (unsigned x = 0; x < max_partitions; ++x) {
        set("SWPART{x}CTL", x, "STATE", static_cast<std::uint32_t>(t.partitions.at(x)));
        set("SWPART{x}STS", x, "STATE", static_cast<std::uint32_t>(t.partitions.at(x)));
    }
    std::uint32_t links = 0;
    for (unsigned p = 0; p < max_ports; ++p) {
        const port_config& port = t.ports.at(p);
        for (const char* name : {"SWPORT{x}CTL", "SWPORT{x}STS"}) {
            set(name, p, "MODE", static_cast<std::uint32_t>(port.mode));
            set(name, p, "SWPART", port.partition.value());
            set(name, p, "DEVNUM", port.device_number);
        }
        if (!has_nt_function(port.mode))
            continue;
        links |= 1U << p;
        set("SWPORT{x}STS", p, "LINKUP", 1);
        set("SWPART{x}STS", port.partition.value(), "US", 1);
        set("SWPART{x}STS", port.partition.value(), "USID", p);
        set("SWPART{x}STS", port.partition.value(), "NT", 1);
    }
    set("SELINKUPSTS", 0, "PORT", links);
    set("TMPSTS", 0, "LTEMP", 0xFF);
    for (nt_function& f : functions_) {
        const port_config& port = t.ports.at(f.port);
        const auto load_one = [&](std::string_view name, unsigned i, std::string_view fld,
                                  std::uint32_t v) {
            put(f.initial, nt, find(nt, name, i, fld), v);
        };
        load_one("DID", 0, "DID", static_cast<std::uint32_t>(t.device));
        load_one("PCIELCAP", 0, "PORTNUM", f.port);
        load_one("PCIELCAP", 0, "MAXLNKWDTH", port.link_width);
        load_one("PCIELCAP", 0, "MAXLNKSPD", port.link_generation);
        load_one("PCIELSTS", 0, "NLW", port.link_width);
        load_one("PCIELSTS", 0, "CLS", port.link_generation);
        for (unsigned b = 0; b < bar_count; ++b) {
            const bar_config& bar = port.bars.at(b);
            load_one("BARSETUP{n}", b, "EN", bar.enabled ? 1 : 0);
            load_one("BARSETUP{n}", b, "TYPE", bar.is_64bit ? 2 : 0);
            load_one("BARSETUP{n}", b, "PREF", bar.prefetchable ? 1 : 0);
            load_one("BARSETUP{n}", b, "SIZE", bar.size_log2);
            load_one("BARSETUP{n}", b, "MODE", bar.config_space ? 1 : 0);
            load_one("BARSETUP{n}", b, "ATRAN", static_cast<std::uint32_t>(bar.translation));
            load_one("BARSETUP{n}", b, "TPART", bar.target_partition.value());
        }
    }
}

// --- doors --------------------------------------------------------------------------------------

bool fake_device::bar0_open(nt_function& f) const {
    return nt_get(f, "PCICMD", 0, "MAE") != 0 && nt_get(f, "PMCSR", 0, "PSTATE") == 0 &&
           nt_get(f, "BARSETUP{n}", 0, "EN") != 0 && nt_get(f, "BARSETUP{n}", 0, "MODE") != 0;
}

void fake_device::refuse(nt_function& f, bool posted, std::uint32_t offset) {
    nt_put(f, "PCIEDSTS", 0, "URD", 1);
    const std::uint32_t base = f.storage.at(find(nt, "BAR{n}", 0, "").offset / 4) & ~0xFU;
    report(f, "UR", !posted, {posted ? 0x40000001U : 1U, 0x0F, (base + offset) & ~3U, 0});
}

void fake_device::report(nt_function& f, std::string_view error, bool advisory_case,
                         const std::array<std::uint32_t, 4>& header) {
    const bool fatal = nt_get(f, "AERUESV", 0, error) != 0;
    const bool masked = nt_get(f, "AERUEM", 0, error) != 0;
    if (advisory_case && !fatal) {
        nt_put(f, "PCIEDSTS", 0, "CED", 1);
        nt_put(f, "AERCES", 0, "ADVISORYNF", 1);
        if (nt_get(f, "AERCEM", 0, "ADVISORYNF") != 0)
            return;
    } else {
        nt_put(f, "PCIEDSTS", 0, fatal ? "FED" : "NFED", 1);
        if (!masked && nt_get(f, "PCICMD", 0, "SERRE") != 0)
            nt_put(f, "PCISTS", 0, "SSE", 1);
    }
    if (!masked)
        log_first_error(f, error, header);
    nt_put(f, "AERUES", 0, error, 1);
}

void fake_device::log_first_error(nt_function& f, std::string_view error,
                                  const std::array<std::uint32_t, 4>& header) const {
    const std::uint32_t status = f.storage.at(find(nt, "AERUES", 0, "").offset / 4);
    if ((status >> nt_get(f, "AERCTL", 0, "FEPTR") & 1U) != 0)
        return;
    std::uint32_t index = 0;
    for (std::uint32_t bit = find(nt, "AERUES", 0, error).mask; bit > 1; bit >>= 1)
        ++index;
    nt_put(f, "AERCTL", 0, "FEPTR", index);
    constexpr std::array<std::string_view, 4> names{"AERHL1DW", "AERHL2DW", "AERHL3DW", "AERHL4DW"};
    for (std::size_t i = 0; i < names.size(); ++i)
        nt_put(f, names.at(i), 0, "HL", header.at(i));
}

void fake_device::provoke(stimulus what, unsigned function) {
    if (deaf_) {
        target::provoke(what, function);
        return;
    }
    nt_function& f = functions_.at(function);
    switch (what) {
    case stimulus::poisoned_write:
        nt_put(f, "PCISTS", 0, "DPE", 1);
        refuse(f, false, find(nt, "NTSDATA", 0, "").offset);
        break;
    case stimulus::poisoned_answer:
        nt_put(f, "PCISTS", 0, "DPE", 1);
        if (nt_get(f, "PCICMD", 0, "PERRE") != 0)
            nt_put(f, "PCISTS", 0, "MDPED", 1);
        report(f, "POISONED", true, {0x4A000001, 4, 0, 0});
        break;
    case stimulus::unsupported_answer:
        nt_put(f, "PCISTS", 0, "RMAS", 1);
        break;
    case stimulus::no_answer:
        report(f, "COMPTO", false, {});
        break;
    case stimulus::failover:
        nt_put(f, "NTINTSTS", 0, "FMCI", 1);
        nt_put(f, "NTINTSTS", 0, "FMCC", 1);
        break;
    }
}

void fake_device::measure() {
    const auto control = [this](std::string_view f) {
        return get(switch_, sw, find(sw, "TMPCTL", 0, f));
    };
    const auto show = [this](std::string_view f, std::uint32_t v) {
        put(switch_, sw, find(sw, "TMPSTS", 0, f), v);
    };
    const auto shown = [this](std::string_view f) {
        return get(switch_, sw, find(sw, "TMPSTS", 0, f));
    };
    if (control("PDOWN") != 0) {
        alarm_stands_ = false;
        return;
    }
    const auto offset = static_cast<std::int8_t>(get(switch_, sw, find(sw, "TMPADJ", 0, "OFFSET")));
    const auto now =
        static_cast<std::uint32_t>(std::clamp(static_cast<int>(ambient) + offset, 0, 255));
    show("TEMP", now);
    show("LTEMP", std::min(now, shown("LTEMP")));
    show("HTEMP", std::max(now, shown("HTEMP")));
    show("BLTH", now < control("LTH") ? 1 : 0);
    show("AHTH", now > control("HTH") ? 1 : 0);
    const bool alarm = now > control("HTH") && control("AHTH_EN") != 0;
    if (alarm && !alarm_stands_) {
        const place irq = find(sw, "TMPALARM", 0, "IRQ");
        put(switch_, sw, irq, get(switch_, sw, irq) | 1U << 5);
        for (nt_function& f : functions_)
            nt_put(f, "NTINTSTS", 0, "TMPSENSOR", 1);
    }
    alarm_stands_ = alarm;
}

std::uint32_t fake_device::read(door by, unsigned function, std::uint32_t offset, unsigned width,
                                unsigned byte_enables) {
    nt_function& f = functions_.at(function);
    const std::uint32_t ones = width == 4 ? 0xFFFFFFFFU : (1U << (8 * width)) - 1U;
    if (by == door::bar0 && !bar0_open(f)) {
        refuse(f, false, offset);
        return ones;
    }
    if (by == door::bar0 && plans_.at(nt).cells.at(offset / 4).not_by_bar0)
        return 0;
    const unsigned lane = offset & 3U;
    const std::uint32_t lanes = lanes_of(lane, width, byte_enables);
    return (read_dword(nt, &f, offset & ~3U, lanes, false) & lanes) >> (8 * lane);
}

void fake_device::write(door by, unsigned function, std::uint32_t offset, unsigned width,
                        std::uint32_t value, unsigned byte_enables) {
    ++writes_;
    nt_function& f = functions_.at(function);
    if (by == door::bar0 && !bar0_open(f)) {
        refuse(f, true, offset);
        return;
    }
    if (by == door::bar0 && plans_.at(nt).cells.at(offset / 4).not_by_bar0)
        return;
    const unsigned lane = offset & 3U;
    write_dword(nt, &f, offset & ~3U, value << (8 * lane), lanes_of(lane, width, byte_enables),
                false);
}

std::uint32_t fake_device::read_dword(std::size_t in, nt_function* f, std::uint32_t offset,
                                      std::uint32_t lanes, bool by_window, unsigned port) {
    const std::uint32_t value = value_of_dword(in, f, offset, lanes, by_window, port);
    if (record_) {
        std::vector<std::uint32_t>& seen = seen_.at(in);
        seen.resize(plans_.at(in).cells.size());
        seen.at((offset - plans_.at(in).base) / 4) |= value;
    }
    return value;
}

std::uint32_t fake_device::seen(std::size_t in, const reg& row, const field& f) const {
    std::uint32_t bits = 0;
    for (unsigned i = 0; i < row.first.count; ++i)
        for (unsigned j = 0; j < row.second.count; ++j) {
            const std::uint32_t at = row.offset_of(i, j);
            const std::size_t d = (at - plans_.at(in).base) / 4;
            if (d < seen_.at(in).size())
                bits |= seen_.at(in)[d] >> ((at & 3U) * 8U) & f.mask();
        }
    return bits;
}

std::uint32_t fake_device::value_of_dword(std::size_t in, nt_function* f, std::uint32_t offset,
                                          std::uint32_t lanes, bool by_window, unsigned port) {
    const std::size_t d = (offset - plans_.at(in).base) / 4;
    const cell& c = plans_.at(in).cells.at(d);
    if (c.dword_only && lanes != 0xFFFFFFFFU) {
        if (c.row != nullptr && c.row->name == "NTMTBLDATA")
            nt_put(*f, "NTMTBLSTS", 0, "ERR", 1);
        return 0;
    }
    if (c.row != nullptr && in == nt) {
        const std::string_view name = c.row->name;
        if (name == "NTMTBLDATA") {
            const std::uint32_t i = nt_get(*f, "NTMTBLADDR", 0, "ADDR");
            if (i >= mapping_.size()) {
                nt_put(*f, "NTMTBLSTS", 0, "ERR", 1);
                return 0;
            }
            return mapping_.at(i) & c.readable;
        }
        if (name == "GASADATA")
            return by_window ? 0 : window_read(*f) & c.readable;
        if (name.substr(0, 3) == "LUT") {
            const std::uint32_t* part = lookup_part(*f, name);
            return part != nullptr ? *part & c.readable : 0;
        }
    }
    std::uint32_t& here = storage_of(in, f, port).at(d);
    const std::uint32_t value = here & c.readable;
    if (reading_clears_ && c.row != nullptr && c.row->name == "TMPALARM")
        here &= ~c.rw1c;
    return value;
}

void fake_device::write_dword(std::size_t in, nt_function* f, std::uint32_t offset,
                              std::uint32_t value, std::uint32_t lanes, bool by_window,
                              unsigned port) {
    const std::size_t d = (offset - plans_.at(in).base) / 4;
    const cell& c = plans_.at(in).cells.at(d);
    if (!c.mapped)
        return;
    if (record_)
        for (unsigned b = 0; b < 4; ++b)
            if ((lanes >> (8 * b) & 1U) != 0)
                written_.insert(c.owner.at(b));
    if (c.all_bytes)
        lanes = 0xFFFFFFFFU;
    if (c.dword_only && lanes != 0xFFFFFFFFU) {
        if (c.row != nullptr && c.row->name == "NTMTBLDATA")
            nt_put(*f, "NTMTBLSTS", 0, "ERR", 1);
        return;
    }
    std::vector<std::uint32_t>& storage = storage_of(in, f, port);
    const std::uint32_t before = storage.at(d);
    const std::uint32_t written = value & lanes;
    storage[d] = (before & ~(c.rw & lanes)) | (written & c.rw);
    storage[d] &= ~(written & c.rw1c);
    storage[d] |= written & c.rw1s;
    if (c.disturbs && d + 1 < storage.size())
        storage[d + 1] ^= plans_.at(in).cells[d + 1].rw & -plans_.at(in).cells[d + 1].rw;
    if (c.row != nullptr && !(by_window && c.row->name == "GASADATA"))
        act(in, f, c, offset, written, before, lanes);
}

fake_device::nt_function* fake_device::function_at(std::uint32_t global) {
    for (nt_function& f : functions_)
        if (global / (2 * function_window) == f.port && (global & function_window) != 0)
            return &f;
    return nullptr;
}

std::uint32_t fake_device::window_read(nt_function& through) {
    const std::uint32_t at = nt_get(through, "GASAADDR", 0, "ADDR") * 4;
    if (at >= plans_.at(sw).base)
        return read_dword(sw, nullptr, at, 0xFFFFFFFFU, true);
    if ((at & function_window) == 0 && at / (2 * function_window) < max_ports)
        return read_dword(bridge, &through, at & (function_window - 4), 0xFFFFFFFFU, true,
                          at / (2 * function_window));
    nt_function* f = function_at(at);
    return f == nullptr ? 0 : read_dword(nt, f, at & (function_window - 4), 0xFFFFFFFFU, true);
}

void fake_device::window_write(nt_function& through, std::uint32_t value) {
    const std::uint32_t at = nt_get(through, "GASAADDR", 0, "ADDR") * 4;
    if (at >= plans_.at(sw).base)
        write_dword(sw, nullptr, at, value, 0xFFFFFFFFU, true);
    else if ((at & function_window) == 0 && at / (2 * function_window) < max_ports)
        write_dword(bridge, &through, at & (function_window - 4), value, 0xFFFFFFFFU, true,
                    at / (2 * function_window));
    else if (nt_function* f = function_at(at))
        write_dword(nt, f, at & (function_window - 4), value, 0xFFFFFFFFU, true);
}

// --- side effects -------------------------------------------------------------------------------

std::uint32_t* fake_device::lookup_part(nt_function& f, std::string_view name) {
    const std::uint32_t bar = nt_get(f, "LUTOFFSET", 0, "BAR");
    const std::uint32_t index = nt_get(f, "LUTOFFSET", 0, "INDEX");
    if ((bar != 2 && bar != 4) || index >= 24)
        return nullptr;
    auto& entry = f.lookup.at((bar == 4 ? 32U : 0U) + index);
    const auto* const part = std::find(lookup_names.begin(), lookup_names.end(), name);
    return &entry.at(static_cast<std::size_t>(part - lookup_names.begin()));
}

void fake_device::act(std::size_t in, nt_function* f, const cell& c, std::uint32_t offset,
                      std::uint32_t written, std::uint32_t before, std::uint32_t lanes) {
    const std::string_view name = c.row->name;
    if (in != nt) {
        if (name == "SWPART{x}CTL")
            change(c, "SWPART{x}STS", "SCI", "SCC", {"STATE"});
        if (name == "SWPORT{x}CTL")
            change(c, "SWPORT{x}STS", "OMCI", "OMCC", {"MODE", "SWPART", "DEVNUM"});
        if (name == "TMPALARM")
            for (const char* part : {"LTEMP", "HTEMP"})
                put(switch_, sw, find(sw, "TMPSTS", 0, part),
                    get(switch_, sw, find(sw, name, 0, part)));
        if (name.substr(0, 3) == "TMP")
            measure();
        derive();
        return;
    }
    std::uint32_t& here = f->storage.at(offset / 4);
    if (name == "AERUES") {
        if ((here >> nt_get(*f, "AERCTL", 0, "FEPTR") & 1U) == 0)
            nt_put(*f, "AERCTL", 0, "FEPTR", 0);
    } else if (name == "OUTDBELLSET") {
        ring(*f, written & c.command);
    } else if (name == "OUTMSG{n}") {
        send(*f, c.first, here);
    } else if (name == "NTGSIGNAL") {
        if ((written & c.command & 1U) != 0)
            event("SEGSIGSTS", "SEGSIGMSK", "PART", "GSIG", f->partition);
    } else if (name == "NTMTBLDATA") {
        const std::uint32_t i = nt_get(*f, "NTMTBLADDR", 0, "ADDR");
        if (i < mapping_.size())
            mapping_.at(i) = here & c.rw;
        else
            nt_put(*f, "NTMTBLSTS", 0, "ERR", 1);
    } else if (name.substr(0, 3) == "LUT") {
        if (std::uint32_t* part = lookup_part(*f, name))
            *part = (*part & ~(lanes & c.rw)) | (written & c.rw);
    } else if (name == "GASADATA") {
        if (c.rw == 0xFFFFFFFFU) {
            window_write(*f, written); // which derives what it must
        } else if ((c.rw1c | c.rw1s) != 0) {
            const std::uint32_t shown = window_read(*f);
            window_write(*f, (shown & ~(written & c.rw1c)) | (written & c.rw1s));
        }
        return;
    } else if (name == "BARSETUP{n}" || name == "BAR{n}" || name == "BARLIMIT{n}") {
        const unsigned below = c.first - c.first % 2U;
        const bool upper_half = c.first % 2 == 1 && nt_get(*f, "BARSETUP{n}", below, "EN") != 0 &&
                                nt_get(*f, "BARSETUP{n}", below, "SIZE") >= 4 &&
                                nt_get(*f, "BARSETUP{n}", below, "TYPE") == 2;
        if (upper_half && name != "BARSETUP{n}")
            here = (before & ~lanes) | written;
        shape_bars(*f);
    }
    derive();
}

void fake_device::change(const cell& c, std::string_view status, std::string_view begun,
                         std::string_view done, const std::vector<std::string_view>& fields) {
    bool different = false;
    for (const std::string_view f : fields) {
        const place to = find(sw, status, c.first, f);
        const std::uint32_t wanted = get(switch_, sw, find(sw, c.row->name, c.first, f));
        different = different || get(switch_, sw, to) != wanted;
        put(switch_, sw, to, wanted);
    }
    if (!different)
        return;
    put(switch_, sw, find(sw, status, c.first, begun), 1);
    put(switch_, sw, find(sw, status, c.first, done), 1);
}

void fake_device::shape_bars(nt_function& f) const {
    bool upper_half = false;
    std::uint64_t address_bits = 0;
    for (unsigned b = 0; b < bar_count; ++b) {
        const std::uint32_t log2 = nt_get(f, "BARSETUP{n}", b, "SIZE");
        const bool wide = b % 2 == 0 && nt_get(f, "BARSETUP{n}", b, "TYPE") == 2;
        const std::size_t d = find(nt, "BAR{n}", b, "BADDR").offset / 4;
        const std::size_t limit = find(nt, "BARLIMIT{n}", b, "ONES").offset / 4;
        if (d >= f.storage.size() || limit >= f.storage.size())
            return;
        if (b % 2 == 1 && upper_half) {
            f.storage[d] &= static_cast<std::uint32_t>(address_bits >> 32);
            upper_half = false;
            continue;
        }
        const cell& ones = plans_.at(nt).cells[limit];
        f.storage[limit] |= 0x3FF & ones.readable & ~ones.inverted_reset & ~(ones.rw | ones.rw1c);
        const bool exists =
            nt_get(f, "BARSETUP{n}", b, "EN") != 0 && log2 >= 4 && log2 < (wide ? 64U : 32U);
        address_bits = exists ? ~((std::uint64_t{1} << log2) - 1) : 0;
        upper_half = exists && wide;
        const std::uint32_t type =
            (wide ? 4U : 0U) | (nt_get(f, "BARSETUP{n}", b, "PREF") != 0 ? 8U : 0U);
        const auto low = static_cast<std::uint32_t>(address_bits) & ~0xFU;
        const cell& bar = plans_.at(nt).cells[d];
        const std::uint32_t stored = low | ((bar.rw | bar.rw1s) & 0xF); // by a fault
        f.storage[d] = exists ? (f.storage[d] & stored) | (type & ~bar.rw1c) : 0;
    }
}

void fake_device::ring(nt_function& from, std::uint32_t bits) {
    const std::uint32_t sender = 1U << from.partition;
    for (unsigned n = 0; n < doorbell_count; ++n) {
        if ((bits >> n & 1U) == 0 ||
            (get(switch_, sw, find(sw, "GODBELLMSK{n}", n, "PART")) & sender) != 0)
            continue;
        const std::uint32_t masked = get(switch_, sw, find(sw, "GIDBELLMSK{n}", n, "PART"));
        for (nt_function& f : functions_)
            if ((masked >> f.partition & 1U) == 0)
                nt_put(f, "INDBELLSTS", 0, "INDBELLSTS",
                       nt_get(f, "INDBELLSTS", 0, "INDBELLSTS") | 1U << n);
    }
}

void fake_device::send(nt_function& from, unsigned n, std::uint32_t data) {
    const unsigned p = from.partition;
    const std::uint32_t to = get(switch_, sw, find(sw, "SWP{x}MSGCTL{n}", p, "PART", n));
    const std::uint32_t into = get(switch_, sw, find(sw, "SWP{x}MSGCTL{n}", p, "REG", n));
    constexpr std::array<std::string_view, 4> full{"INMSGSTS0", "INMSGSTS1", "INMSGSTS2",
                                                   "INMSGSTS3"};
    constexpr std::array<std::string_view, 4> lost{"OUTMSGSTS0", "OUTMSGSTS1", "OUTMSGSTS2",
                                                   "OUTMSGSTS3"};
    for (nt_function& f : functions_) {
        if (f.partition != to || nt_get(f, "MSGSTS", 0, full.at(into)) != 0)
            continue;
        nt_put(f, "INMSG{n}", into, "MSG", data);
        nt_put(f, "INMSGSRC{n}", into, "SRC", p);
        nt_put(f, "MSGSTS", 0, full.at(into), 1);
        return;
    }
    nt_put(from, "MSGSTS", 0, lost.at(n), 1);
}

void fake_device::event(std::string_view status, std::string_view mask, std::string_view field_name,
                        std::string_view type, unsigned index) {
    const std::uint32_t bit = 1U << index;
    const place where = find(sw, status, 0, field_name);
    put(switch_, sw, where, get(switch_, sw, where) | bit);
    if ((get(switch_, sw, find(sw, mask, 0, field_name)) & bit) != 0 ||
        get(switch_, sw, find(sw, "SEMSK", 0, type)) != 0)
        return;
    const std::uint32_t deaf = get(switch_, sw, find(sw, "SEPMSK", 0, "PART"));
    for (nt_function& f : functions_)
        if ((deaf >> f.partition & 1U) == 0)
            nt_put(f, "NTINTSTS", 0, "SEVENT", 1);
}

void fake_device::derive() {
    struct source {
        const char *status, *mask, *field, *type;
    };
    for (const source& e : {source{"SELINKUPSTS", "SELINKUPMSK", "PORT", "LNKUP"},
                            source{"SELINKDNSTS", "SELINKDNMSK", "PORT", "LNKDN"},
                            source{"SEFRSTSTS", "SEFRSTMSK", "PART", "FRST"},
                            source{"SEHRSTSTS", "SEHRSTMSK", "PART", "HRST"},
                            source{"SEGSIGSTS", "SEGSIGMSK", "PART", "GSIG"}}) {
        const bool any = (get(switch_, sw, find(sw, e.status, 0, e.field)) &
                          ~get(switch_, sw, find(sw, e.mask, 0, e.field))) != 0;
        put(switch_, sw, find(sw, "SESTS", 0, e.type), any ? 1 : 0);
    }
    std::uint32_t pending = 0;
    for (nt_function& f : functions_) {
        const std::uint32_t bells = nt_get(f, "INDBELLSTS", 0, "INDBELLSTS");
        pending |= bells;
        nt_put(f, "NTINTSTS", 0, "DBELL",
               (bells & ~nt_get(f, "INDBELLMSK", 0, "INDBELLMSK")) != 0 ? 1 : 0);
        const std::uint32_t messages = f.storage.at(find(nt, "MSGSTS", 0, "").offset / 4);
        const std::uint32_t masked = f.storage.at(find(nt, "MSGSTSMSK", 0, "").offset / 4);
        nt_put(f, "NTINTSTS", 0, "MSG", (messages & ~masked & 0x000F000FU) != 0 ? 1 : 0);
        const std::uint32_t events = f.storage.at(find(nt, "NTINTSTS", 0, "").offset / 4);
        const std::uint32_t deaf_to = f.storage.at(find(nt, "NTINTMSK", 0, "").offset / 4);
        nt_put(f, "PCISTS", 0, "INTS", (events & ~deaf_to & 0xBBU) != 0 ? 1 : 0);
    }
    put(switch_, sw, find(sw, "GDBELLSTS", 0, "GDBELL"), pending);
}

void fake_device::reset(reset_kind kind, unsigned function) {
    nt_function& f = functions_.at(function);
    if (kind == reset_kind::from_d3hot) {
        if (d3hot_ == when_leaving_d3hot::resets) {
            const auto mapping = mapping_; // of the switch
            restart(f, true);
            mapping_ = mapping;
        }
        derive();
        return;
    }
    const bool hot = kind == reset_kind::hot;
    for (nt_function& other : functions_)
        if (&other == &f || (!hot && other.partition == f.partition))
            restart(other, hot);
    for (nt_function& other : functions_)
        if (&other == &f || (!hot && other.partition == f.partition))
            for (std::size_t d = 0; d < plans_.at(bridge).cells.size(); ++d) {
                const std::uint32_t kept = hot ? plans_.at(bridge).cells[d].kept : 0;
                std::uint32_t& here = bridges_.at(other.port)[d];
                here = (here & kept) | (bridge_initial_[d] & ~kept);
            }
    if (hot) {
        event("SELINKDNSTS", "SELINKDNMSK", "PORT", "LNKDN", f.port);
        event("SEHRSTSTS", "SEHRSTMSK", "PART", "HRST", f.partition);
        event("SELINKUPSTS", "SELINKUPMSK", "PORT", "LNKUP", f.port);
    } else {
        event("SEFRSTSTS", "SEFRSTMSK", "PART", "FRST", f.partition);
    }
    derive();
}

void fake_device::restart(nt_function& f, bool hot) {
    for (std::size_t d = 0; d < f.storage.size(); ++d) {
        const std::uint32_t kept = hot ? plans_.at(nt).cells[d].kept : 0;
        f.storage[d] = (f.storage[d] & kept) | (f.initial[d] & ~kept);
    }
    for (std::uint32_t& entry : mapping_)
        if ((entry & 1U) != 0 && (entry >> 17 & 7U) == f.partition)
            entry &= hot ? kept_of(nt, "NTMTBLDATA") : 0;
    for (auto& entry : f.lookup)
        for (std::size_t part = 0; part < 3; ++part)
            entry.at(part) = (entry.at(part) & (hot ? kept_of(nt, lookup_names.at(part)) : 0)) |
                             inverted_in(lookup_names.at(part));
    shape_bars(f);
}

std::uint32_t fake_device::inverted_in(std::string_view name) const {
    return plans_.at(nt).cells.at(find(nt, name, 0, "").offset / 4).inverted_reset;
}

std::uint32_t fake_device::kept_of(std::size_t in, std::string_view name) const {
    return plans_.at(in).cells.at((find(in, name, 0, "").offset - plans_.at(in).base) / 4).kept;
}

} // namespace ntb::regs::check
