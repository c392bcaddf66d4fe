// SPDX-License-Identifier: Apache-2.0
#include "testbench/capture/header.h"

#include <fmt/format.h>

#include "testbench/capture/record.h"
#include "testbench/config/timing_file.h"
#include "testbench/eeprom/image_file.h"

namespace ntb::capture {

namespace {

constexpr std::uint64_t fnv_offset = 0xCBF29CE484222325ULL;
constexpr std::uint64_t fnv_prime = 0x100000001B3ULL;

template <class Bytes>
std::uint64_t fnv(std::uint64_t hash, const Bytes& bytes) {
    for (const auto byte : bytes)
        hash = (hash ^ static_cast<std::uint8_t>(byte)) * fnv_prime;
    return hash;
}

/// A word in a line: what is not printable ASCII, and blanks and '#', as '_'.
std::string word(std::string text) {
    for (char& c : text)
        if (c <= ' ' || c > '~' || c == '#')
            c = '_';
    return text;
}

} // namespace

header make_header(const std::string& program, const config::topology_file& topology,
                   const std::string& timing_name, const timing_config& timing,
                   const std::string& signals) {
    header h;
    h.program = program;
    h.topology = topology.name;
    h.topology_text = topology.text;
    if (!h.topology_text.empty() && h.topology_text.back() != '\n')
        h.topology_text += '\n'; // it travels line by line
    h.image = topology.topology.eeprom.image;
    h.timing = timing_name;
    h.timing_values = timing;
    h.signals = signals;
    return h;
}

config::topology_file topology_of(const header& h) {
    if (h.topology_text.empty())
        return config::topology_of_image(h.topology, h.image);
    return config::parse_topology(h.topology_text, h.topology, &h.image);
}

std::uint64_t topology_hash(const header& h) {
    return fnv(fnv(fnv_offset, h.topology_text), h.image);
}

std::uint64_t timing_hash(const header& h) {
    std::uint64_t hash = fnv_offset;
    for (const config::timing_value& v : config::timing_values(h.timing_values))
        hash = fnv(hash, v.key + "=" + std::to_string(v.value) + "\n");
    return hash;
}

std::string header_text(const header& h) {
    std::string out = "ntbstim 1\n";
    out += fmt::format("{}\n", format_line);
    out += fmt::format("program {}\n", h.program);
    out += fmt::format("topology {}\n", word(h.topology));
    out += fmt::format("timing {}\n", word(h.timing));
    out +=
        fmt::format("hash topology 0x{:016x} timing 0x{:016x}\n", topology_hash(h), timing_hash(h));
    if (!h.signals.empty())
        out += fmt::format("signals {}\n", h.signals);
    for (const config::timing_value& v : config::timing_values(h.timing_values))
        out += fmt::format("set {}={}\n", v.key, v.value);
    for (std::size_t begin = 0; begin < h.topology_text.size();) {
        const std::size_t end = std::min(h.topology_text.find('\n', begin), h.topology_text.size());
        out += fmt::format("topology-text {}\n",
                           std::string_view(h.topology_text).substr(begin, end - begin));
        begin = end + 1;
    }
    constexpr std::size_t bytes_per_line = 64;
    for (std::size_t i = 0; i < h.image.size(); i += bytes_per_line) {
        out += "eeprom-image ";
        for (std::size_t j = i; j < std::min(i + bytes_per_line, h.image.size()); ++j)
            out += fmt::format("{:02x}", h.image[j]);
        out += '\n';
    }
    return out;
}

} // namespace ntb::capture
