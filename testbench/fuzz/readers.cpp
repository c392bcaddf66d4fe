// SPDX-License-Identifier: Apache-2.0
#include "testbench/fuzz/readers.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/mman.h>
#include <unistd.h>

#include "testbench/config/builtin.h"
#include "testbench/config/timing_file.h"
#include "testbench/config/topology_file.h"
#include "testbench/eeprom/disassembly.h"
#include "testbench/eeprom/topology_image.h"
#include "testbench/stimulus/parser.h"
#include "traces/analysis/latency.h"
#include "traces/analysis/summary.h"
#include "traces/diagram/timing_diagram.h"
#include "traces/diagram/wavejson.h"
#include "traces/files/compare.h"
#include "traces/files/merge.h"
#include "traces/layout/gtkwave_layout.h"
#include "traces/trace_error.h"
#include "traces/vcd_reader.h"

namespace ntb::fuzz {

namespace {

std::string file_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw finding("corpus file " + path + " cannot be read");
    return std::string(std::istreambuf_iterator<char>(in), {});
}

/// What a user reads of a refused input: one line, not long, ending with what to do.
void expect_clear(const std::string& what) {
    constexpr std::size_t longest = 1000;
    if (what.size() > longest)
        throw finding("an error of " + std::to_string(what.size()) + " bytes");
    if (what.empty() || what.back() != ')' || what.find(" (") == std::string::npos)
        throw finding("an error that does not say what to do: " + what);
    for (const char c : what)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
            throw finding("an error with control characters: " + what);
}

/// Runs `read`; whether it accepts its input. Only `Error` may come out.
template <class Error, class Read>
bool accepted(Read read) {
    try {
        read();
        return true;
    } catch (const Error& error) {
        expect_clear(error.what());
    } catch (const finding&) {
        throw;
    } catch (const std::exception& error) {
        throw finding(std::string("another error than the reader's own: ") + error.what());
    }
    return false;
}

reader topology_reader() {
    std::vector<std::string> corpus;
    for (const config::builtin_file& file : config::builtin_topology_files)
        corpus.emplace_back(file.text);
    corpus.emplace_back("device = \"89HPES24NT6AG2\"\neeprom = \"none.eeprom\"\nboot_mode = 2\n"
                        "eeprom_ignore_checksum = true\n[[port]]\nnumber = 2\nlink_width = 8\n");
    corpus.push_back(std::string(config::builtin_topology_files.front().text) +
                     "[layout]\nP2PSDATA = 0x40C\nSWCTL = { RSTHALT = 0 }\n"
                     "SWPORTxCTL = { FEN = 20, FCAPSEL = \"22:21\" }\n"
                     "P2PINTMSK = { offset = 0x408, FMCC = 5 }\n"
                     "[reset]\nRID = 2\nNTINTMSK = { DBELL = 0 }\nSWPxMSGCTLn = { PART = 1 }\n");
    const auto read = [](const std::string& input) {
        return accepted<config::config_error>([&input] {
            const config::topology_file file = config::parse_topology(input, "x.toml");
            const topology_config& t = file.topology;
            if (t.eeprom.present)
                return;
            // What is a topology is one for the device's own format as well.
            const eeprom::image image = eeprom::image_of(t);
            const auto effect = eeprom::effect_of(image, t.device, default_eeprom_boot_mode);
            if (effect.last.what != eeprom_step::kind::done)
                throw finding("its EEPROM image does not load");
            for (unsigned p = 0; p < max_ports; ++p)
                if (effect.topology.ports.at(p).mode != t.ports.at(p).mode)
                    throw finding("its EEPROM image makes other ports");
        });
    };
    return {"topology", corpus, read};
}

reader timing_reader() {
    const std::vector<std::string> corpus{std::string(config::builtin_default_timing),
                                          "[core]\nclock_ps = 2000\n"};
    const auto read = [](const std::string& input) {
        return accepted<config::config_error>([&input] {
            const timing_config timing = config::parse_timing(input, "x.toml");
            for (const config::timing_value& value : config::timing_values(timing)) {
                timing_config other{};
                config::set_timing_value(other, value.key + "=" + std::to_string(value.value));
            }
        });
    };
    return {"timing", corpus, read};
}

reader stimulus_reader(const std::string& source) {
    std::vector<std::string> corpus;
    for (const char* name :
         {"pingpong", "doorbells", "messages", "events", "windows", "errors", "failover", "faults",
          "power", "punch-through", "smbus", "temperature"})
        corpus.push_back(file_text(source + "/testbench/scenarios/" + name + ".stim"));
    const auto read = [](const std::string& input) {
        return accepted<stimulus::stimulus_error>([&input] {
            const stimulus::program p = stimulus::parse(input, "x.stim", stimulus::model_register);
            for (std::size_t i = 0; i < p.statements.size(); ++i) {
                const stimulus::action& what = p.statements[i].what;
                if (const auto* begin = std::get_if<stimulus::repeat_begin>(&what))
                    if (begin->end <= i || begin->end >= p.statements.size())
                        throw finding("a repeat without its end");
                if (const auto* access = std::get_if<stimulus::register_access>(&what))
                    if (access->port.value() >= max_ports || access->size > 8)
                        throw finding("an access that no port can have");
            }
        });
    };
    return {"stimulus", corpus, read};
}

reader eeprom_reader_of() {
    std::vector<std::string> corpus;
    const auto add = [&corpus](const eeprom::image& image) {
        corpus.emplace_back(image.begin(), image.end());
    };
    for (const std::string& name : config::builtin_topologies())
        add(eeprom::image_of(config::load_topology(name).topology));
    eeprom::image_builder jumps;
    jumps.jump(0, 16).jump(1, 0).sequence(0x3E080, {1}).done().wait(0, 0, 0).jump(0, 3).done(3);
    add(jumps.bytes());
    const auto read = [](const std::string& input) {
        const eeprom::image image(input.begin(), input.end());
        const std::size_t most = (eeprom_jump_limit + 1) * (image.size() + 1);
        bool loads = false;
        for (const unsigned mode : {2U, 3U, 0xFU}) {
            eeprom_reader reader(image.data(), image.size(), mode);
            std::size_t steps = 0;
            std::size_t bytes = 0;
            eeprom_step step{};
            do {
                step = reader.next();
                bytes += step.bytes;
                if (++steps > most || bytes > most + 1)
                    throw finding("a load without end");
                if (step.what == eeprom_step::kind::write && step.address >= 0x40000)
                    throw finding("a write outside the global space");
            } while (step.what != eeprom_step::kind::done && step.what != eeprom_step::kind::fault);
            loads = loads || step.what == eeprom_step::kind::done;
            (void)eeprom::effect_of(image, device_id::hpes24nt6ag2, mode);
        }
        if (eeprom::disassembly(image).size() > 200 * (image.size() + 1))
            throw finding("a text far larger than the image");
        return loads;
    };
    return {"eeprom", corpus, read};
}

/// A file in memory with a path.
class memory_file {
public:
    explicit memory_file(const std::string& content) : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
        if (fd_ < 0 ||
            ::write(fd_, content.data(), content.size()) != static_cast<ssize_t>(content.size()))
            throw finding("no file in memory");
    }
    ~memory_file() { ::close(fd_); }
    memory_file(const memory_file&) = delete;
    memory_file& operator=(const memory_file&) = delete;
    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

private:
    int fd_;
};

std::vector<std::string> vcd_corpus(const std::string& source) {
    return {file_text(source + "/traces/tests/data/exchange.vcd"),
            "$timescale 1ns $end\n$scope module a $end\n$var wire 8 ! b [7:0] $end\n"
            "$var string 1 # t $end\n$var real 64 % r $end\n$upscope $end\n"
            "$enddefinitions $end\n#0\n$dumpvars\nb0 !\ns #\nr0 %\n$end\n#5\nb1x0z !\n"
            "sa\\x20b #\nr-1.5e3 %\n$comment x $end\n#10\n$dumpoff\nbx !\n$end\n"};
}

reader vcd_reader_of(const std::string& source) {
    const auto read = [](const std::string& input) {
        const memory_file file(input);
        return accepted<traces::trace_error>([&file] {
            traces::vcd_reader vcd(file.path());
            for (const traces::vcd_signal& signal : vcd.signals())
                if (signal.channel >= vcd.channels())
                    throw finding("a signal without a channel");
            traces::vcd_change change;
            std::uint64_t before = 0;
            while (vcd.next(change)) {
                if (change.time_ps < before || change.channel >= vcd.channels())
                    throw finding("a change that cannot be");
                before = change.time_ps;
            }
        });
    };
    return {"vcd", vcd_corpus(source), read};
}

reader analysis_of(const std::string& source) {
    const auto read = [](const std::string& input) {
        const memory_file file(input);
        return accepted<traces::trace_error>([&file] {
            (void)traces::latency_table(traces::measure_latencies(file.path()));
            (void)traces::summary_json(traces::summarise(file.path()));
            (void)traces::gtkwave_layout(file.path(), "x.vcd");
            (void)traces::wavejson(traces::find_exchange(file.path(), {}, {}));
        });
    };
    return {"analysis", vcd_corpus(source), read};
}

reader merge_of(const std::string& source) {
    const auto read = [](const std::string& input) {
        const memory_file file(input);
        const memory_file merged("");
        return accepted<traces::trace_error>([&] {
            if (traces::compare_waveforms(file.path(), file.path(), {}).differing != 0)
                throw finding("a waveform that differs from itself");
            const auto report =
                traces::merge_waveforms({file.path(), file.path()}, {}, merged.path());
            if (!report.conflicts.empty())
                throw finding("a waveform that contradicts itself");
            const traces::vcd_reader again(merged.path());
            if (again.signals().size() != report.signals)
                throw finding("a merged waveform without some of its signals");
        });
    };
    return {"merge", vcd_corpus(source), read};
}

} // namespace

std::vector<reader> all_readers(const std::string& source) {
    return {topology_reader(),     timing_reader(),     stimulus_reader(source), eeprom_reader_of(),
            vcd_reader_of(source), analysis_of(source), merge_of(source)};
}

} // namespace ntb::fuzz
