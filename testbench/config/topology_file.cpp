// SPDX-License-Identifier: Apache-2.0
#include "testbench/config/topology_file.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "testbench/config/builtin.h"
#include "testbench/config/layout_section.h"
#include "testbench/config/reset_section.h"
#include "testbench/config/toml_reader.h"
#include "testbench/eeprom/image_file.h"
#include "testbench/eeprom/topology_image.h"

namespace ntb::config {
namespace {

template <class Value>
struct named {
    std::string_view name;
    Value value;
};

constexpr std::array<named<device_id>, family.size()> devices = [] {
    std::array<named<device_id>, family.size()> names{};
    for (std::size_t i = 0; i < family.size(); ++i)
        names.at(i) = {family.at(i).name, family.at(i).id};
    return names;
}();

constexpr std::array<named<compatibility>, 2> compatibilities{{
    {"none", compatibility::none},
    {"seed", compatibility::seed},
}};

constexpr std::array<named<port_mode>, 9> modes{{
    {"disabled", port_mode::disabled},
    {"downstream", port_mode::downstream},
    {"upstream", port_mode::upstream},
    {"nt", port_mode::nt},
    {"upstream_nt", port_mode::upstream_nt},
    {"unattached", port_mode::unattached},
    {"upstream_dma", port_mode::upstream_dma},
    {"upstream_nt_dma", port_mode::upstream_nt_dma},
    {"nt_dma", port_mode::nt_dma},
}};

constexpr std::array<named<partition_state>, 3> states{{
    {"disabled", partition_state::disabled},
    {"active", partition_state::active},
    {"reset", partition_state::reset},
}};

constexpr std::array<named<bar_translation>, 3> translations{{
    {"direct", bar_translation::direct},
    {"lut12", bar_translation::lut12},
    {"lut24", bar_translation::lut24},
}};

/// By failover_kind.
constexpr std::array<const char*, 2> failover_kinds{"primary", "secondary"};

constexpr std::array<named<bool>, 2> bar_modes{{{"config", true}, {"window", false}}};

template <class Names>
std::string all_names(const Names& names) {
    std::string out;
    for (const auto& entry : names)
        out += (out.empty() ? "" : ", ") + std::string(entry.name);
    return out;
}

template <class Names>
auto value_of(const toml_reader& reader, const toml::node& node, const std::string& key,
              const Names& names) {
    const std::string text = reader.text(node, key);
    for (const auto& entry : names)
        if (std::equal(text.begin(), text.end(), entry.name.begin(), entry.name.end(),
                       [](char a, char b) {
                           return std::tolower(static_cast<unsigned char>(a)) ==
                                  std::tolower(static_cast<unsigned char>(b));
                       }))
            return entry.value;
    reader.fail(node, key, "unknown value \"" + text + "\"", "one of: " + all_names(names));
}

template <class Names, class Value>
std::string name_of(const Names& names, Value value) {
    for (const auto& entry : names)
        if (entry.value == value)
            return std::string(entry.name);
    return "unknown";
}

/// "4KiB", "1MiB" or a number of bytes; nullopt if it is neither.
std::optional<std::uint64_t> bytes_of(const std::string& text) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec != std::errc())
        return std::nullopt;
    const std::string_view unit(parsed.ptr, static_cast<std::size_t>(end - parsed.ptr));
    unsigned shift = 0;
    if (unit == "KiB")
        shift = 10;
    else if (unit == "MiB")
        shift = 20;
    else if (unit == "GiB")
        shift = 30;
    else if (!unit.empty())
        return std::nullopt;
    if (number > (~std::uint64_t{0} >> shift))
        return std::nullopt;
    return number << shift;
}

std::uint8_t size_log2_of(const toml_reader& reader, const toml::node& node,
                          const std::string& key) {
    const std::string text =
        node.is_integer() ? std::to_string(node.as_integer()->get()) : reader.text(node, key);
    const std::optional<std::uint64_t> bytes = bytes_of(text);
    if (!bytes)
        reader.fail(node, key, "\"" + text + "\" is no size", "write like \"4KiB\" or \"1MiB\"");
    if (*bytes == 0 || (*bytes & (*bytes - 1)) != 0)
        reader.fail(node, key, text + " is no power of two", "write like \"4KiB\" or \"1MiB\"");
    std::uint8_t log2 = 0;
    while ((std::uint64_t{1} << log2) != *bytes)
        ++log2;
    return log2;
}

requester_id requester_of(const toml_reader& reader, const toml::node& node,
                          const std::string& key) {
    const std::string text = reader.text(node, key);
    constexpr std::string_view shape = "xx:xx.x";
    const bool shaped =
        std::equal(text.begin(), text.end(), shape.begin(), shape.end(), [](char c, char wanted) {
            const auto byte = static_cast<unsigned char>(c);
            return wanted == 'x' ? std::isxdigit(byte) != 0 : c == wanted;
        });
    const auto digits = [&text](std::size_t at, std::size_t count) {
        unsigned value = 0;
        std::from_chars(text.data() + at, text.data() + at + count, value, 16);
        return value;
    };
    const unsigned bus = shaped ? digits(0, 2) : 0;
    const unsigned device = shaped ? digits(3, 2) : 0;
    const unsigned function = shaped ? digits(6, 1) : 0;
    if (!shaped || device > 31 || function > 7)
        reader.fail(node, key, "\"" + text + "\" is no bus:device.function",
                    "write like \"00:00.0\", hexadecimal");
    return requester_id(bus << 8 | device << 3 | function);
}

/// The topology that an image sets up, and the image to set it up with. Hosts are where it makes NT
/// functions; of a load that fails nobody can say, so they are wherever there could be one.
topology_config eeprom_topology(const eeprom::image& bytes, device_id device,
                                std::uint8_t boot_mode) {
    const eeprom::image_effect effect = eeprom::effect_of(bytes, device, boot_mode);
    const bool fails = effect.last.what != eeprom_step::kind::done;
    topology_config out = effect.topology;
    for (unsigned p = 0; p < max_ports; ++p) {
        port_config& port = out.ports.at(p);
        const bool possible = can_carry_nt(device, port_number(p));
        if (has_nt_function(port.mode) && !possible)
            port = port_config{}; // the device has no such function
        port.host = possible && (fails || has_nt_function(port.mode));
    }
    out.boot_mode = boot_mode;
    out.eeprom.present = true;
    out.eeprom.image = bytes;
    return out;
}

/// Reads one document; keeps what several tables share.
class topology_reader {
public:
    topology_reader(std::string_view text, const std::string& file,
                    const std::vector<std::uint8_t>* own_image)
        : reader_(file), own_image_(own_image) {
        const toml::table document = reader_.parse(text);
        const toml::node* const image = toml_reader::find(document, "eeprom");
        if (image != nullptr)
            reader_.only_keys(document, "",
                              {"device", "timing", "description", "compatibility", "eeprom",
                               "boot_mode", "eeprom_ignore_checksum", "port", "layout", "reset",
                               "tmpalarm_read_clears"});
        else
            reader_.only_keys(document, "",
                              {"device", "timing", "description", "compatibility", "partition",
                               "port", "layout", "reset", "tmpalarm_read_clears"});
        out_.name = file;
        if (const auto* device = toml_reader::find(document, "device"))
            out_.topology.device = value_of(reader_, *device, "device", devices);
        if (const auto* compatible = toml_reader::find(document, "compatibility"))
            out_.topology.compat = value_of(reader_, *compatible, "compatibility", compatibilities);
        if (const auto* timing = toml_reader::find(document, "timing"))
            out_.timing = reader_.text(*timing, "timing");
        if (const auto* description = toml_reader::find(document, "description"))
            out_.description = reader_.text(*description, "description");
        if (image != nullptr) {
            read_eeprom(document, *image);
            read_what_no_source_says(document);
            return;
        }
        for_each(document, "partition", [this](const toml::table& t) { read_partition(t); });
        for_each(document, "port", [this](const toml::table& t) { read_port(t); });
        read_what_no_source_says(document);
        const bool any_nt =
            std::any_of(out_.topology.ports.begin(), out_.topology.ports.end(),
                        [](const port_config& p) { return has_nt_function(p.mode); });
        if (!any_nt)
            reader_.fail(document, "port", "no port has an NT function", "give one mode = \"nt\"");
    }

    [[nodiscard]] const topology_file& result() const { return out_; }

private:
    template <class Function>
    void for_each(const toml::table& document, const std::string& key, Function read) {
        const toml::node* node = toml_reader::find(document, key);
        if (node == nullptr)
            return;
        const toml::array* list = node->as_array();
        if (list == nullptr)
            reader_.fail(*node, key, "is not a list of tables", "write [[" + key + "]]");
        for (const toml::node& entry : *list)
            read(reader_.table(entry, "[" + key + "]"));
    }

    /// Partitions, ports and BARs come from an image; the file says what an image cannot.
    void read_what_no_source_says(const toml::table& document) {
        if (const auto* resets = toml_reader::find(document, "reset"))
            out_.topology.resets = read_resets(reader_, *resets);
        if (const auto* layout = toml_reader::find(document, "layout"))
            out_.topology.layout = read_layout(reader_, *layout);
        if (const auto* reads = toml_reader::find(document, "tmpalarm_read_clears"))
            out_.topology.tmpalarm_read_clears = reader_.boolean(*reads, "tmpalarm_read_clears");
    }

    void read_eeprom(const toml::table& document, const toml::node& image) {
        const std::string name = reader_.text(image, "eeprom");
        const compatibility compat = out_.topology.compat;
        std::uint32_t boot_mode = default_eeprom_boot_mode;
        if (const auto* node = toml_reader::find(document, "boot_mode"))
            boot_mode = reader_.integer(*node, "boot_mode", 0, 15);
        const auto path = std::filesystem::path(reader_.file()).parent_path() / name;
        out_.topology =
            eeprom_topology(own_image_ != nullptr ? *own_image_ : eeprom::read_image(path.string()),
                            out_.topology.device, static_cast<std::uint8_t>(boot_mode));
        out_.topology.compat = compat;
        if (const auto* node = toml_reader::find(document, "eeprom_ignore_checksum"))
            out_.topology.eeprom.ignore_checksum = reader_.boolean(*node, "eeprom_ignore_checksum");
        for_each(document, "port", [this](const toml::table& t) { read_image_port(t); });
    }

    /// [[port]] beside an image: what the registers do not say.
    void read_image_port(const toml::table& table) {
        reader_.only_keys(table, "port",
                          {"number", "requester_id", "link_width", "link_generation"});
        const toml::node& number_node = reader_.required(table, "port", "number");
        const std::uint32_t number = reader_.integer(number_node, "port.number", 0, max_ports - 1);
        if (port_known_.at(number))
            reader_.fail(number_node, "port.number", std::to_string(number) + " is given twice",
                         "keep one");
        port_known_.at(number) = true;
        if (!can_carry_nt(out_.topology.device, port_number(number)))
            reader_.fail(number_node, "port.number",
                         "port " + std::to_string(number) + " of a " +
                             device_name(out_.topology.device) + " has no NT function",
                         "use port " + nt_port_list(out_.topology.device));
        out_.topology.ports.at(number).host = true;
        read_link(table, out_.topology.ports.at(number));
    }

    /// What a port is connected to.
    void read_link(const toml::table& table, port_config& port) {
        if (const auto* node = toml_reader::find(table, "requester_id"))
            port.host_requester = requester_of(reader_, *node, "port.requester_id");
        if (const auto* node = toml_reader::find(table, "link_generation"))
            port.link_generation =
                static_cast<std::uint8_t>(reader_.integer(*node, "port.link_generation", 1, 2));
        if (const auto* node = toml_reader::find(table, "link_width")) {
            port.link_width =
                static_cast<std::uint8_t>(reader_.integer(*node, "port.link_width", 1, 8));
            if ((port.link_width & (port.link_width - 1)) != 0)
                reader_.fail(*node, "port.link_width", "is no link width", "write 1, 2, 4 or 8");
        }
    }

    void read_partition(const toml::table& table) {
        reader_.only_keys(table, "partition", {"id", "state", "failover"});
        const toml::node& id_node = reader_.required(table, "partition", "id");
        const std::uint32_t id = reader_.integer(id_node, "partition.id", 0, max_partitions - 1);
        if (partition_known_.at(id))
            reader_.fail(id_node, "partition.id", std::to_string(id) + " is given twice",
                         "keep one");
        partition_known_.at(id) = true;
        out_.topology.partitions.at(id) = value_of(
            reader_, reader_.required(table, "partition", "state"), "partition.state", states);
        if (const auto* node = toml_reader::find(table, "failover"))
            read_partition_failover(reader_.table(*node, "partition.failover"),
                                    out_.topology.partitions.at(id),
                                    out_.topology.partition_failovers.at(id));
    }

    /// What is not given stays as it is.
    void read_partition_failover(const toml::table& table, partition_state now,
                                 partition_failover& failover) {
        const std::string where = "partition.failover";
        reader_.only_keys(table, where, {"capability", "primary", "secondary"});
        failover.enabled = true;
        failover.capability = read_capability(table, where);
        failover.to = {now, now};
        for (std::size_t k = 0; k < failover_kinds.size(); ++k)
            if (const auto* node = toml_reader::find(table, failover_kinds.at(k)))
                failover.to.at(k) =
                    value_of(reader_, *node, where + "." + failover_kinds.at(k), states);
    }

    std::uint8_t read_capability(const toml::table& table, const std::string& where) const {
        return static_cast<std::uint8_t>(
            reader_.integer(reader_.required(table, where, "capability"), where + ".capability", 0,
                            failover_capabilities - 1));
    }

    void read_port_failover(const toml::table& table, std::uint32_t number, port_config& port) {
        const std::string where = "port.failover";
        reader_.only_keys(table, where, {"capability", "primary", "secondary"});
        port.failover.enabled = true;
        port.failover.capability = read_capability(table, where);
        const failover_mode now{port.mode, port.partition, port.device_number};
        port.failover.to = {now, now};
        for (std::size_t k = 0; k < failover_kinds.size(); ++k)
            if (const auto* node = toml_reader::find(table, failover_kinds.at(k)))
                read_failover_mode(reader_.table(*node, where + "." + failover_kinds.at(k)),
                                   where + "." + failover_kinds.at(k), number,
                                   port.failover.to.at(k));
    }

    void read_failover_mode(const toml::table& table, const std::string& where,
                            std::uint32_t number, failover_mode& to) {
        reader_.only_keys(table, where, {"mode", "partition", "device_number"});
        if (const auto* node = toml_reader::find(table, "mode")) {
            to.mode = value_of(reader_, *node, where + ".mode", modes);
            if (has_nt_function(to.mode) &&
                !can_carry_nt(out_.topology.device, port_number(number)))
                reader_.fail(*node, where + ".mode",
                             "port " + std::to_string(number) + " of a " +
                                 device_name(out_.topology.device) + " has no NT function",
                             "use port " + nt_port_list(out_.topology.device));
        }
        if (const auto* node = toml_reader::find(table, "partition"))
            to.partition = partition_number(
                reader_.integer(*node, where + ".partition", 0, max_partitions - 1));
        if (const auto* node = toml_reader::find(table, "device_number"))
            to.device_number =
                static_cast<std::uint8_t>(reader_.integer(*node, where + ".device_number", 0, 31));
    }

    void read_port(const toml::table& table) {
        reader_.only_keys(table, "port",
                          {"number", "mode", "partition", "requester_id", "device_number",
                           "link_width", "link_generation", "host", "bar", "failover"});
        const toml::node& number_node = reader_.required(table, "port", "number");
        const std::uint32_t number = reader_.integer(number_node, "port.number", 0, max_ports - 1);
        if (port_known_.at(number))
            reader_.fail(number_node, "port.number", std::to_string(number) + " is given twice",
                         "keep one");
        port_known_.at(number) = true;
        port_config& port = out_.topology.ports.at(number);

        const toml::node& mode_node = reader_.required(table, "port", "mode");
        port.mode = value_of(reader_, mode_node, "port.mode", modes);
        if (has_nt_function(port.mode) && !can_carry_nt(out_.topology.device, port_number(number)))
            reader_.fail(mode_node, "port.mode",
                         "port " + std::to_string(number) + " of a " +
                             device_name(out_.topology.device) + " has no NT function",
                         "use port " + nt_port_list(out_.topology.device));
        read_partition_of(table, number, port);
        read_host(table, number, port);
        read_link(table, port);
        if (const auto* node = toml_reader::find(table, "device_number"))
            port.device_number =
                static_cast<std::uint8_t>(reader_.integer(*node, "port.device_number", 0, 31));
        if (const auto* node = toml_reader::find(table, "bar"))
            read_bars(reader_.table(*node, "port.bar"), mode_node, port);
        if (const auto* node = toml_reader::find(table, "failover"))
            read_port_failover(reader_.table(*node, "port.failover"), number, port);
    }

    void read_partition_of(const toml::table& table, std::uint32_t number, port_config& port) {
        const bool attached =
            port.mode != port_mode::disabled && port.mode != port_mode::unattached;
        const toml::node* node = attached ? &reader_.required(table, "port", "partition")
                                          : toml_reader::find(table, "partition");
        if (node == nullptr)
            return;
        const std::uint32_t id = reader_.integer(*node, "port.partition", 0, max_partitions - 1);
        if (!partition_known_.at(id))
            reader_.fail(*node, "port.partition",
                         "partition " + std::to_string(id) + " is not declared",
                         "add a [[partition]] with that id");
        port.partition = partition_number(id);
        if (!attached)
            return;
        if (out_.topology.compat == compatibility::seed) {
            check_seed_port(*node, id, number, port.mode);
            return;
        }
        // SWPARTxSTS has room for one upstream port (B3.6).
        if (port.mode == port_mode::downstream)
            return;
        if (upstream_of_.at(id))
            reader_.fail(*node, "port.partition",
                         "partition " + std::to_string(id) + " already has port " +
                             std::to_string(*upstream_of_.at(id)) + " towards its host",
                         "give port " + std::to_string(number) + " a partition of its own");
        upstream_of_.at(id) = number;
    }

    /// Topology "seed" (docs/topologies.md): NT ports only, two of them in a partition at most.
    void check_seed_port(const toml::node& node, std::uint32_t partition, std::uint32_t number,
                         port_mode mode) {
        if (mode != port_mode::nt)
            reader_.fail(node, "port.mode",
                         "is " + mode_name(mode) + " in a topology compatible with \"seed\"",
                         "write \"nt\" or \"disabled\"");
        if (upstream_of_.at(partition) && second_of_.at(partition))
            reader_.fail(node, "port.partition",
                         "partition " + std::to_string(partition) + " already has ports " +
                             std::to_string(*upstream_of_.at(partition)) + " and " +
                             std::to_string(*second_of_.at(partition)),
                         "give port " + std::to_string(number) + " another partition");
        (upstream_of_.at(partition) ? second_of_ : upstream_of_).at(partition) = number;
    }

    /// A host where the mode has no NT function yet.
    void read_host(const toml::table& table, std::uint32_t number, port_config& port) {
        port.host = has_nt_function(port.mode);
        const toml::node* node = toml_reader::find(table, "host");
        if (node == nullptr)
            return;
        const bool host = reader_.boolean(*node, "port.host");
        if (port.host && !host)
            reader_.fail(*node, "port.host", "a port with an NT function has a host",
                         "leave the key out");
        if (host && !can_carry_nt(out_.topology.device, port_number(number)))
            reader_.fail(*node, "port.host",
                         "port " + std::to_string(number) + " of a " +
                             device_name(out_.topology.device) + " never has an NT function",
                         "use port " + nt_port_list(out_.topology.device));
        port.host = host;
    }

    void read_bars(const toml::table& bars, const toml::node& mode_node, port_config& port) {
        reader_.only_keys(bars, "port.bar", {"0", "1", "2", "3", "4", "5"});
        if (!port.host)
            reader_.fail(mode_node, "port.bar", "a port without NT function has no NT BARs",
                         "leave the BARs out, change the mode or write host = true");
        for (auto&& [key, node] : bars) {
            const auto n = static_cast<unsigned>(key.str().front() - '0');
            const std::string where = "port.bar." + std::string(key.str());
            read_bar(reader_.table(node, where), where, n, port.bars.at(n));
        }
        for (unsigned n = 0; n < bar_count; n += 2)
            if (port.bars.at(n).is_64bit && port.bars.at(n + 1).enabled)
                reader_.fail(*bars.get(std::to_string(n + 1)), "port.bar." + std::to_string(n + 1),
                             "is the upper half of the 64-bit BAR " + std::to_string(n),
                             "leave it out");
        if (port.bars[2].translation == bar_translation::lut24 &&
            port.bars[4].translation == bar_translation::lut24)
            reader_.fail(*bars.get("4"), "port.bar.4.atran", "BAR 2 has the 24-entry table",
                         "only one of BAR 2 and BAR 4 can be lut24");
    }

    void read_bar(const toml::table& table, const std::string& where, unsigned n, bar_config& bar) {
        reader_.only_keys(table, where, {"mode", "size", "type", "pref", "atran", "tpart"});
        bar.enabled = true;
        const toml::node& mode_node = reader_.required(table, where, "mode");
        bar.config_space = value_of(reader_, mode_node, where + ".mode", bar_modes);
        if (bar.config_space && n != 0)
            reader_.fail(mode_node, where + ".mode", "only BAR 0 can be configuration space",
                         "write \"window\"");

        const toml::node& type_node = reader_.required(table, where, "type");
        const std::uint32_t type = reader_.integer(type_node, where + ".type", 32, 64);
        if (type != 32 && type != 64)
            reader_.fail(type_node, where + ".type", "is no BAR type", "write 32 or 64");
        bar.is_64bit = type == 64;
        if (bar.is_64bit && n % 2 != 0)
            reader_.fail(type_node, where + ".type", "an odd BAR is 32-bit", "write 32");
        if (const auto* node = toml_reader::find(table, "pref"))
            bar.prefetchable = reader_.boolean(*node, where + ".pref");

        const toml::node& size_node = reader_.required(table, where, "size");
        bar.size_log2 = size_log2_of(reader_, size_node, where + ".size");
        check_size(size_node, where + ".size", bar);

        if (const auto* node = toml_reader::find(table, "atran")) {
            bar.translation = value_of(reader_, *node, where + ".atran", translations);
            if (bar.translation != bar_translation::direct && n != 2 && n != 4)
                reader_.fail(*node, where + ".atran", "only BAR 2 and BAR 4 have lookup tables",
                             "write \"direct\"");
        }
        if (const auto* node = toml_reader::find(table, "tpart")) {
            const std::uint32_t id =
                reader_.integer(*node, where + ".tpart", 0, max_partitions - 1);
            if (!partition_known_.at(id))
                reader_.fail(*node, where + ".tpart",
                             "partition " + std::to_string(id) + " is not declared",
                             "add a [[partition]] with that id");
            bar.target_partition = partition_number(id);
        } else if (!bar.config_space && bar.translation == bar_translation::direct) {
            reader_.fail(table, where, "a direct window has no tpart",
                         "give the partition that it leads to");
        }
    }

    void check_size(const toml::node& node, const std::string& key, const bar_config& bar) const {
        // BARSETUP.SIZE of the configuration space is fixed (B9.1). The bounds of windows are
        // those of software for the device (B9.3), as the hardware's are unknown.
        if (bar.config_space) {
            if (bar.size_log2 != 12)
                reader_.fail(node, key, "configuration space is 4 KiB", "write \"4KiB\"");
            return;
        }
        const unsigned largest = bar.is_64bit ? 37 : 31;
        if (bar.size_log2 < 9 || bar.size_log2 > largest)
            reader_.fail(node, key, "is out of range for this type of BAR",
                         "512 bytes to " + size_name(std::uint64_t{1} << largest));
    }

    toml_reader reader_;
    const std::vector<std::uint8_t>* own_image_; ///< instead of the file's; may be null
    topology_file out_{};
    std::array<bool, max_partitions> partition_known_{};
    std::array<bool, max_ports> port_known_{};
    std::array<std::optional<std::uint32_t>, max_partitions> upstream_of_{};
    std::array<std::optional<std::uint32_t>, max_partitions> second_of_{}; ///< topology "seed"
};

} // namespace

std::vector<std::string> builtin_topologies() {
    std::vector<std::string> out;
    out.reserve(builtin_topology_files.size());
    for (const builtin_file& file : builtin_topology_files)
        out.emplace_back(file.name);
    return out;
}

topology_file load_topology(const std::string& name_or_path) {
    std::string names;
    for (const builtin_file& file : builtin_topology_files) {
        if (file.name == name_or_path)
            return parse_topology(file.text, name_or_path);
        names += (names.empty() ? "" : ", ") + std::string(file.name);
    }
    if (eeprom::is_image_name(name_or_path))
        return topology_of_image(name_or_path, eeprom::read_image(name_or_path));
    return parse_topology(read_file(name_or_path, "give a topology file or one of: " + names),
                          name_or_path);
}

topology_file topology_of_image(const std::string& name, const std::vector<std::uint8_t>& image) {
    topology_file out;
    out.name = name;
    out.topology = eeprom_topology(image, topology_config{}.device, default_eeprom_boot_mode);
    return out;
}

topology_file parse_topology(std::string_view text, const std::string& file,
                             const std::vector<std::uint8_t>* image) {
    topology_file out = topology_reader(text, file, image).result();
    out.text = text;
    return out;
}

std::string device_name(device_id device) {
    return name_of(devices, device);
}
std::string mode_name(port_mode mode) {
    return name_of(modes, mode);
}
std::string state_name(partition_state state) {
    return name_of(states, state);
}
std::string translation_name(bar_translation translation) {
    return name_of(translations, translation);
}

std::string requester_name(requester_id id) {
    std::array<char, 16> text{};
    const unsigned v = id.value();
    std::snprintf(text.data(), text.size(), "%02x:%02x.%x", v >> 8 & 0xFFU, v >> 3 & 0x1FU, v & 7U);
    return text.data();
}

std::string size_name(std::uint64_t bytes) {
    constexpr std::array<const char*, 4> units{"", "KiB", "MiB", "GiB"};
    std::size_t unit = 0;
    while (unit + 1 < units.size() && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        ++unit;
    }
    return std::to_string(bytes) + units.at(unit);
}

std::string nt_port_list(device_id device) {
    std::string out;
    for (unsigned port = 0; port < max_ports; ++port)
        if (can_carry_nt(device, port_number(port)))
            out += (out.empty() ? "" : ", ") + std::to_string(port);
    return out;
}

} // namespace ntb::config
