// SPDX-License-Identifier: Apache-2.0
#include "testbench/config/timing_file.h"

#include <array>
#include <charconv>
#include <variant>

#include "testbench/config/builtin.h"
#include "testbench/config/toml_reader.h"

namespace ntb::config {
namespace {

using number_member = std::uint32_t timing_config::*;
using truth_member = bool timing_config::*;
/// A credit limit of one end of the link.
struct credit {
    flow_control_credits timing_config::*end;
    std::uint32_t flow_control_credits::*limit;
};

struct timing_key {
    std::string_view group;
    std::string_view name;
    std::variant<number_member, truth_member, credit> member;
    std::uint32_t low = 0;
    std::uint32_t high = 1;

    [[nodiscard]] std::string full() const { return std::string(group) + "." + std::string(name); }
};

// The one list of keys. Ranges: a clock between 100 MHz and 10 GHz is surely meant; the others
// bound the longest wait to what a co-simulated guest tolerates (QEMU gives up after 5 s).
constexpr std::uint32_t max_header_credits = 127; // HdrFC is 8 bits, half of it may be outstanding
constexpr std::uint32_t max_data_credits = 2047;  // DataFC: 12 bits (PCIe base spec 2.6.1)
constexpr auto hosts = &timing_config::host_credits;
constexpr auto ports = &timing_config::switch_credits;
using credits = flow_control_credits;
const std::array<timing_key, 35> keys{{
    {"core", "clock_ps", &timing_config::core_clock_ps, 100, 1'000'000},
    {"link", "serialisation", &timing_config::link_serialisation, 0, 1},
    {"link", "ingress", &timing_config::ingress, 0, max_timing_cycles},
    {"link", "egress", &timing_config::egress, 0, max_timing_cycles},
    {"link", "dllps_per_tlp", &timing_config::dllps_per_tlp, 0, 8},
    {"link", "credit_return", &timing_config::credit_return, 0, max_timing_cycles},
    {"link", "retrain_ns", &timing_config::link_retrain_ns, 0, 1'000'000'000},
    {"pipeline", "decode", &timing_config::decode, 0, max_timing_cycles},
    {"pipeline", "gasa", &timing_config::gasa, 0, max_timing_cycles},
    {"pipeline", "doorbell", &timing_config::doorbell, 0, max_timing_cycles},
    {"pipeline", "message", &timing_config::message, 0, max_timing_cycles},
    {"pipeline", "event", &timing_config::event, 0, max_timing_cycles},
    {"pipeline", "interrupt", &timing_config::interrupt, 0, max_timing_cycles},
    {"pipeline", "window", &timing_config::window, 0, max_timing_cycles},
    {"crossing", "cross_request", &timing_config::cross_request, 0, max_timing_cycles},
    {"crossing", "cross_completion", &timing_config::cross_completion, 0, max_timing_cycles},
    {"switch_credits", "posted_headers", credit{ports, &credits::posted_headers}, 0,
     max_header_credits},
    {"switch_credits", "posted_data", credit{ports, &credits::posted_data}, 0, max_data_credits},
    {"switch_credits", "non_posted_headers", credit{ports, &credits::non_posted_headers}, 0,
     max_header_credits},
    {"switch_credits", "non_posted_data", credit{ports, &credits::non_posted_data}, 0,
     max_data_credits},
    {"switch_credits", "completion_headers", credit{ports, &credits::completion_headers}, 0,
     max_header_credits},
    {"switch_credits", "completion_data", credit{ports, &credits::completion_data}, 0,
     max_data_credits},
    {"host_credits", "posted_headers", credit{hosts, &credits::posted_headers}, 0,
     max_header_credits},
    {"host_credits", "posted_data", credit{hosts, &credits::posted_data}, 0, max_data_credits},
    {"host_credits", "non_posted_headers", credit{hosts, &credits::non_posted_headers}, 0,
     max_header_credits},
    {"host_credits", "non_posted_data", credit{hosts, &credits::non_posted_data}, 0,
     max_data_credits},
    {"host_credits", "completion_headers", credit{hosts, &credits::completion_headers}, 0,
     max_header_credits},
    {"host_credits", "completion_data", credit{hosts, &credits::completion_data}, 0,
     max_data_credits},
    {"timeout", "completion_us", &timing_config::completion_timeout_us, 1, 64'000'000},
    {"partition", "delay_unit_ns", &timing_config::change_delay_unit_ns, 0, 1'000'000},
    {"eeprom", "byte_ns", &timing_config::eeprom_byte_ns, 0, 1'000'000},
    {"eeprom", "poll_ns", &timing_config::eeprom_poll_ns, 1, 1'000'000},
    {"eeprom", "wait_limit_us", &timing_config::eeprom_wait_limit_us, 1, 1'000'000},
    {"smbus", "command_ns", &timing_config::smbus_command_ns, 0, 1'000'000'000},
    {"smbus", "eeprom_write_us", &timing_config::smbus_eeprom_write_us, 0, 1'000'000},
}};

// Does not compile when timing_config gets a member more or less: then `keys` must follow.
[[maybe_unused]] void every_member_is_in_keys(const timing_config& timing) {
    [[maybe_unused]] const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v,
                                  w, x, y] = timing;
    [[maybe_unused]] const auto& [c1, c2, c3, c4, c5, c6] = n;
    static_assert(std::tuple_size_v<decltype(keys)> == 23 + 2 * 6);
}

void store(timing_config& timing, const timing_key& key, std::uint32_t value) {
    if (const auto* member = std::get_if<number_member>(&key.member))
        timing.** member = value;
    else if (const auto* limit = std::get_if<credit>(&key.member))
        timing.*limit->end.*limit->limit = value;
    else
        timing.*std::get<truth_member>(key.member) = value != 0;
}

std::uint32_t value_of(const timing_config& timing, const timing_key& key) {
    if (const auto* member = std::get_if<number_member>(&key.member))
        return timing.**member;
    if (const auto* limit = std::get_if<credit>(&key.member))
        return timing.*limit->end.*limit->limit;
    return static_cast<std::uint32_t>(timing.*std::get<truth_member>(key.member));
}

const timing_key* find_key(std::string_view group, std::string_view name) {
    for (const timing_key& key : keys)
        if (key.group == group && key.name == name)
            return &key;
    return nullptr;
}

std::string known_keys() {
    std::string out;
    for (const timing_key& key : keys)
        out += (out.empty() ? "" : ", ") + key.full();
    return out;
}

} // namespace

std::vector<std::string> builtin_timings() {
    return {"default", "ideal"};
}

timing_config load_timing(const std::string& name_or_path) {
    if (name_or_path == "default")
        return parse_timing(builtin_default_timing, "default");
    if (name_or_path == "ideal")
        return ideal_timing();
    return parse_timing(read_file(name_or_path, "give a timing file or one of: default, ideal"),
                        name_or_path);
}

timing_config parse_timing(std::string_view text, const std::string& file) {
    const toml_reader reader(file);
    const toml::table document = reader.parse(text);
    reader.only_keys(document, "",
                     {"core", "link", "pipeline", "crossing", "switch_credits", "host_credits",
                      "timeout", "partition", "eeprom", "smbus"});
    timing_config timing{};
    for (auto&& [group_key, group_node] : document) {
        const std::string group(group_key.str());
        for (auto&& [key, node] : reader.table(group_node, group)) {
            const std::string full = group + "." + std::string(key.str());
            const timing_key* known = find_key(group, key.str());
            if (known == nullptr)
                throw config_error(file, key.source().begin.line, full, "unknown key",
                                   "known: " + known_keys());
            store(timing, *known,
                  std::holds_alternative<truth_member>(known->member)
                      ? static_cast<std::uint32_t>(reader.boolean(node, full))
                      : reader.integer(node, full, known->low, known->high));
        }
    }
    return timing;
}

void set_timing_value(timing_config& timing, const std::string& assignment) {
    const std::size_t equals = assignment.find('=');
    const std::size_t dot = assignment.find('.');
    const std::string where = "--set " + assignment;
    if (equals == std::string::npos || dot == std::string::npos || dot > equals)
        throw config_error(where, 0, "", "is not GROUP.NAME=VALUE", "known: " + known_keys());
    const timing_key* key =
        find_key(assignment.substr(0, dot), assignment.substr(dot + 1, equals - dot - 1));
    if (key == nullptr)
        throw config_error(where, 0, "", "unknown key", "known: " + known_keys());
    const std::string text = assignment.substr(equals + 1);
    std::uint32_t value = 0;
    if (std::holds_alternative<truth_member>(key->member) && (text == "true" || text == "false")) {
        value = text == "true" ? 1 : 0;
    } else {
        const char* end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data(), end, value);
        if (parsed.ec != std::errc() || parsed.ptr != end || value < key->low || value > key->high)
            throw config_error(where, 0, "", "bad value",
                               "write a whole number of " + std::to_string(key->low) + ".." +
                                   std::to_string(key->high));
    }
    store(timing, *key, value);
}

std::vector<timing_value> timing_values(const timing_config& timing) {
    std::vector<timing_value> out;
    out.reserve(keys.size());
    for (const timing_key& key : keys)
        out.push_back({key.full(), value_of(timing, key)});
    return out;
}

} // namespace ntb::config
