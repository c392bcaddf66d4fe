// SPDX-License-Identifier: Apache-2.0
// `ntbsim serve`: the switch as vfio-user devices, one UNIX socket per function of an NT port.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <sched.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <string>
#include <systemc>
#include <vector>

#include "testbench/capture/writer.h"
#include "testbench/config/timing_file.h"
#include "testbench/config/topology_file.h"
#include "testbench/ntbsim/bridged_switch.h"
#include "testbench/ntbsim/commands.h"
#include "testbench/ntbsim/control_socket.h"
#include "testbench/ntbsim/peer_side.h"
#include "testbench/ntbsim/recording.h"
#include "testbench/ntbsim/termination.h"
#include "tlm_bridge/kernel/bridge_thread.h"
#include "tlm_bridge/kernel/port_bridge.h"
#include "tlm_bridge/kernel/stepping.h"
#include "tlm_bridge/kernel/update_phase.h"
#include "tlm_bridge/stub/window_broker.h"
#include "tlm_bridge/vfio_user/server.h"
#include "traces/time_text.h"

namespace ntb::cli {

namespace {

struct serve_options {
    std::string topology = "two-host";
    std::string timing;
    std::vector<std::string> settings;
    std::vector<std::string> ports;
    std::string pace = "wallclock";
    int spin_us = -1;
    bool stub = false;
    bool trace_windows = false;
    std::string start_at;
    std::string peer;
    std::string control;
    std::string capture;
    std::uint64_t capture_limit = std::uint64_t{1} << 32U;
    recording waveform;
};

/// A stub's control socket is beside the function's socket.
constexpr const char* stub_suffix = ".stub";

/// Socket path of each port and function.
using socket_paths = std::map<capture::function_place, std::string>;

/// "P=PATH" or "P.F=PATH" into port number, function number and path.
socket_paths parse_ports(const std::vector<std::string>& arguments) {
    socket_paths out;
    for (const std::string& a : arguments) {
        const std::size_t equals = a.find('=');
        const std::string left = a.substr(0, equals);
        const std::size_t dot = left.find('.');
        const std::string number = left.substr(0, dot);
        if (equals == std::string::npos || equals + 1 == a.size() || number.empty() ||
            number.size() > 2 || number.find_first_not_of("0123456789") != std::string::npos)
            throw user_error("--port " + a, "not of the form P=SOCKET",
                             "for example --port 0=/run/ntb/port0.sock");
        const std::string function = dot == std::string::npos ? "0" : left.substr(dot + 1);
        if (function != "0" && function != "1")
            throw user_error("--port " + a, "a port has functions 0 (NT) and 1 (DMA)",
                             "for example --port 0.1=/run/ntb/port0-dma.sock");
        const auto port = static_cast<unsigned>(std::stoul(number));
        if (!out.emplace(capture::function_place{port, function == "0" ? nt_number : dma_number},
                         a.substr(equals + 1))
                 .second)
            throw user_error("--port " + a,
                             "function " + function + " of port " + number + " is given twice",
                             "give each function one socket");
    }
    return out;
}

/// Bit p = a function of port p is served.
std::uint32_t ports_of(const socket_paths& sockets) {
    std::uint32_t ports = 0;
    for (const auto& [function, path] : sockets)
        ports |= 1U << function.port;
    return ports;
}

/// Simulated time at the start. Not for users: tests come near the end of time with it.
std::uint64_t start_ps(const std::string& text) {
    const std::optional<std::uint64_t> ps = traces::parse_time(text.empty() ? "0ps" : text);
    if (!ps || *ps > bridge::pacing::end_ps)
        throw user_error("--start-at " + text, "this is no time within 213 days",
                         "give a number and fs, ps, ns, us, ms or s");
    return *ps;
}

/// `run` takes a file for a stimulus, and for a compressed one, by its name.
void check_capture_name(const std::string& name) {
    const auto ends_with = [&name](const std::string& end) {
        return name.size() > end.size() &&
               name.compare(name.size() - end.size(), end.size(), end) == 0;
    };
    if (!name.empty() && !ends_with(".stim") && !ends_with(".stim.gz"))
        throw user_error("--capture " + name, "the name of a capture ends with .stim or .stim.gz",
                         "rename it");
}

void refuse_later_options(const serve_options& o) {
    if (!o.peer.empty() && !o.capture.empty())
        throw user_error("--capture",
                         "not with --peer: what the other simulator does is not captured",
                         "capture a switch that is in one process");
}

/// Spinning pays only where the guests leave a core free: with two guests or more on few cores
/// it takes their time (measured, docs/performance.md).
unsigned automatic_spin_us(std::size_t ports) {
    cpu_set_t ours; // a process that was given one core of many must not spin on it
    if (::sched_getaffinity(0, sizeof ours, &ours) != 0)
        return 0;
    return static_cast<std::size_t>(CPU_COUNT(&ours)) > ports ? 50 : 0;
}

/// A guest's posted write wakes the simulator. On the same core it must not take the core from the
/// guest at once: who waits for an answer gives it up anyway.
void do_not_preempt_who_wakes_us() {
    const sched_param none{};
    (void)::sched_setscheduler(0, SCHED_BATCH, &none); // if it is not allowed, only slower
}

/// Everything of one run, in the order in which it must be built.
class served_switch {
public:
    served_switch(const serve_options& o, const config::topology_file& t,
                  const std::string& timing_name, const timing_config& timing,
                  const socket_paths& sockets)
        : logger_(spdlog::stderr_logger_st("ntbsim")), signals_(termination_signals()) {
        logger_->set_pattern("ntbsim: %v");
        recorder_ = make_recorder(o.waveform, "serve");
        with_stubs_ = o.stub;
        // A capture holds every access. Without a wall clock two processes take turns, and what
        // goes around the model takes none.
        map_windows_ = o.stub && (!o.trace_windows || !o.control.empty()) && o.capture.empty() &&
                       (o.peer.empty() || o.pace != "none");
        check_sockets(sockets, t);
        if (!o.peer.empty())
            peer_ = std::make_unique<peer_side>(
                peer_side::options{o.peer, ports_of(sockets), o.pace == "none", {}}, t, timing,
                logger_);
        switch_ = std::make_unique<bridged_switch>(t.topology, timing, recorder_.get(), logger_,
                                                   peer_ ? &peer_->link() : nullptr);
        bridge::bridge_thread::options bo;
        bo.time = o.pace == "none" ? bridge::pace::none : bridge::pace::wallclock;
        bo.spin_us =
            o.spin_us >= 0
                ? static_cast<unsigned>(o.spin_us)
                // the other simulator and its guests need cores as well
                : automatic_spin_us(o.peer.empty() ? sockets.size() : switch_->functions().size());
        bo.start_ps = start_ps(o.start_at);
        if (peer_ && bo.time == bridge::pace::wallclock) {
            bo.epoch = peer_->epoch();
            bo.start_ps = peer_->now_ps();
        }
        thread_ = std::make_unique<bridge::bridge_thread>(bo);
        if (map_windows_ && peer_)
            window_line_ = peer_->make_window_line(windows_);
        else if (o.stub && peer_)
            logger_->info("windows stay trapped ({})",
                          o.pace == "none" ? "--pace none" : "--trace-windows");
        stub_options_.log_reads = recorder_ != nullptr || !o.capture.empty();
        stub_options_.spin_us = bo.spin_us;
        if (!o.capture.empty())
            capture_ = std::make_unique<capture::writer>(
                o.capture, o.capture_limit,
                capture::make_header("ntbsim " NTBSIM_VERSION, t, timing_name, timing,
                                     o.waveform.signals));
        for (const auto& [place, b] : switch_->functions())
            serve_function(sockets, place, *b);
        if (!o.control.empty()) {
            control_ = std::make_unique<control_socket>(o.control, *switch_, thread_->gate(),
                                                        map_windows_ ? &windows_ : nullptr,
                                                        [this](const std::string& statement) {
                                                            if (capture_)
                                                                capture_->control(statement);
                                                        });
            thread_->watch(control_->fd(), [this] { control_->service(); });
        }
        if (map_windows_) {
            windows_.keep_trapped(o.trace_windows); // until the control socket says otherwise
            update_windows_ =
                std::make_unique<bridge::update_phase>([this] { windows_.update_now(); });
            windows_.set_update_phase([this] { update_windows_->ask(); });
            switch_->device().set_window_observer(&windows_);
            if (recorder_)
                windows_.trace(*recorder_, &bridge::stepping::now_ps);
        }
        thread_->watch(signals_.get(), [this] { thread_->stop(); });
        thread_->on_lost_client([this](bridge::port_bridge& b) { lose_host(b); });
        if (t.topology.eeprom.present)
            sc_core::sc_spawn([this, &t] { tell_of_failed_load(t); }, "tell_of_failed_load");
        if (recorder_ || capture_)
            thread_->set_idle_task([this] { return flush_files(); });
    }

    /// The exit code: 1 if waveform or capture is not what was asked for (why is said already).
    [[nodiscard]] int run() {
        if (recorder_)
            recorder_->start();
        if (peer_) // what is known of the other side may change signals
            peer_->begin(switch_->device(), *thread_);
        if (window_line_)
            window_line_->begin(*thread_);
        thread_->run();
        if (recorder_)
            recorder_->close(sc_core::sc_time_stamp().value());
        if (capture_)
            capture_->close();
        if (thread_->out_of_time())
            throw user_error("simulated time",
                             "its 213 days are over (64 bits of picoseconds hold no more)",
                             "start the simulator and the guests again");
        return (recorder_ && recorder_->failed()) || (capture_ && capture_->failed()) ? 1 : 0;
    }

private:
    /// A switch that its EEPROM has halted looks like no device at all to the guests.
    void tell_of_failed_load(const config::topology_file& t) {
        switch_->device().await_start();
        const std::string problem = halt_text(t, switch_->eeprom());
        if (!problem.empty())
            logger_->error(problem);
    }

    /// The host of a client that has gone while an access of its was held up: its link goes down,
    /// as by a statement at the control socket, and so it is in the capture. The client of the
    /// port's other function has a link again at once.
    void lose_host(const bridge::port_bridge& of) {
        for (const auto& [place, b] : switch_->functions()) {
            if (b.get() != &of)
                continue;
            for (const bool up : {false, true}) {
                if (up && switch_->clients(place.port) < 2)
                    continue;
                if (capture_)
                    capture_->control("link port" + std::to_string(place.port) +
                                      (up ? " up" : " down"));
                switch_->set_link(port_number(place.port), up);
            }
        }
    }

    static void check_sockets(const socket_paths& sockets, const config::topology_file& t) {
        for (const auto& [function, path] : sockets) {
            const unsigned port = function.port;
            const port_config* const p = port < max_ports ? &t.topology.ports[port] : nullptr;
            if (p == nullptr || (!has_nt_function(p->mode) && !p->host))
                throw user_error("--port " + std::to_string(port) + "=" + path,
                                 "topology " + t.name + " has no NT function on that port",
                                 "see ntbsim topology show " + t.name);
            if (function.function == dma_number && !has_dma_function(p->mode))
                throw user_error("--port " + std::to_string(port) + ".1=" + path,
                                 "the mode of that port in topology " + t.name +
                                     " has no DMA function",
                                 "give it mode = \"nt_dma\" (docs/topologies.md)");
        }
    }

    void serve_function(const socket_paths& sockets, capture::function_place place,
                        bridge::port_bridge& b) {
        if (capture_)
            b.set_log(&capture_->log_of(place));
        const auto socket = sockets.find(place);
        if (socket == sockets.end()) {
            if (window_line_ && place.function == nt_number &&
                ((ports_of(sockets) >> place.port) & 1U) == 0)
                window_line_->add_elsewhere(port_number(place.port));
            return;
        }
        std::string name = "port " + std::to_string(place.port);
        if (place.function != nt_number)
            name += " function " + std::to_string(place.function);
        bridge::device* served = &b;
        bridge::stub_port* stub = nullptr;
        if (with_stubs_ && place.function == nt_number) {
            stubs_.push_back(std::make_unique<bridge::stub_port>(socket->second + stub_suffix, b,
                                                                 switch_->nt_port(place.port),
                                                                 logger_, name, stub_options_));
            served = stub = stubs_.back().get();
            if (map_windows_)
                windows_.add(port_number(place.port), stub, switch_->nt_port(place.port),
                             b.memory());
            if (window_line_)
                window_line_->add_here(port_number(place.port), switch_->nt_port(place.port),
                                       b.memory());
        }
        servers_.push_back(
            std::make_unique<vfio_user::server>(socket->second, *served, logger_, std::move(name)));
        thread_->add(*servers_.back(), b, stub);
    }

    /// Waveform and capture reach their files at most this long after it happened, without a write
    /// at every pause between two register accesses.
    static constexpr int flush_after_ms = 100;

    int flush_files() {
        const std::uint64_t told =
            (recorder_ ? recorder_->told() : 0) + (capture_ ? capture_->lines() : 0);
        if (told == flushed_)
            return -1;
        const auto now = std::chrono::steady_clock::now();
        const auto left = std::chrono::milliseconds(flush_after_ms) - (now - last_flush_);
        if (left > std::chrono::milliseconds(0))
            return static_cast<int>(
                       std::chrono::duration_cast<std::chrono::milliseconds>(left).count()) +
                   1;
        if (recorder_)
            recorder_->flush_soon();
        if (capture_)
            capture_->flush();
        flushed_ = told;
        last_flush_ = now;
        return -1;
    }

    std::shared_ptr<spdlog::logger> logger_;
    bridge::unique_fd signals_;
    std::unique_ptr<traces::recorder> recorder_;
    std::uint64_t flushed_ = 0;
    std::chrono::steady_clock::time_point last_flush_{};
    std::unique_ptr<capture::writer> capture_;
    std::unique_ptr<peer_side> peer_;
    std::unique_ptr<bridged_switch> switch_;
    std::unique_ptr<bridge::bridge_thread> thread_;
    std::unique_ptr<control_socket> control_;
    bool with_stubs_ = false;
    bool map_windows_ = false;
    bridge::stub_port::options stub_options_;
    bridge::window_broker windows_;
    std::unique_ptr<bridge::update_phase> update_windows_;
    std::unique_ptr<peer::window_line> window_line_;
    std::vector<std::unique_ptr<bridge::stub_port>> stubs_;
    std::vector<std::unique_ptr<vfio_user::server>> servers_;
};

int serve(const serve_options& o) {
    check_capture_name(o.capture);
    refuse_later_options(o);
    const socket_paths sockets = parse_ports(o.ports);
    const config::topology_file t = config::load_topology(o.topology);
    const std::string timing_name = o.timing.empty() ? t.timing : o.timing;
    timing_config timing = config::load_timing(timing_name);
    for (const std::string& s : o.settings)
        config::set_timing_value(timing, s);
    served_switch all(o, t, timing_name, timing, sockets);
    for (const auto& [function, path] : sockets)
        std::printf("ntbsim: serving port %u%s on %s\n", function.port,
                    function.function == dma_number ? ".1" : "", path.c_str());
    std::fflush(stdout);
    do_not_preempt_who_wakes_us();
    return all.run();
}

} // namespace

void add_serve(CLI::App& app, int& status) {
    auto o = std::make_shared<serve_options>();
    CLI::App* const c =
        app.add_subcommand("serve", "Serve the switch's NT functions to QEMU over vfio-user");
    c->footer("Sockets first, then QEMU: `mkdir -p -m 700 /run/ntb`, then serve, then QEMU >= 10.1 "
              "with vfio-user-pci;\n"
              "where the distribution's is older, `./ntb setup --cosim` leaves one that starts as\n"
              "build/qemu-system-x86_64.\n"
              "Example:\n"
              "  ntbsim serve --topology two-host --port 0=/run/ntb/0.sock "
              "--port 2=/run/ntb/2.sock --vcd session.vcd\n"
              "  qemu-system-x86_64 -machine q35,memory-backend=ram \\\n"
              "    -object memory-backend-memfd,id=ram,size=256M,share=on \\\n"
              "    -device pcie-root-port,id=rp0 -device '{\"driver\":\"vfio-user-pci\",\"bus\":"
              "\"rp0\",\n      \"socket\":{\"type\":\"unix\",\"path\":\"/run/ntb/0.sock\"}}' ...");
    c->add_option("--topology", o->topology, "Built-in topology or file")->capture_default_str();
    c->add_option("--timing", o->timing, "Timing: default, ideal or a file");
    c->add_option("--set", o->settings, "Change one number of the timing: KEY=VALUE");
    c->add_option("--port", o->ports,
                  "P[.F]=SOCKET: serve function F (0 NT, 1 DMA) of port P at this path")
        ->required();
    add_recording_options(*c, o->waveform);
    c->add_option("--control", o->control,
                  "Take statements like 'link port0 down' at this UNIX socket (docs/control.md)");
    c->add_option("--capture", o->capture,
                  "Write everything that comes from outside to FILE.stim or FILE.stim.gz, for\n"
                  "ntbsim run (docs/capture.md)");
    c->add_option("--capture-limit", o->capture_limit,
                  "Stop the capture at this size before compression, 0 = never (default 4GiB)")
        ->transform(CLI::AsSizeValue(false));
    c->add_option("--pace", o->pace, "How simulated time moves")
        ->check(CLI::IsMember({"wallclock", "none"}))
        ->capture_default_str();
    c->add_option("--spin-us", o->spin_us,
                  "Poll this long before sleeping; 0 = never (default: by the number of cores)");
    c->add_flag("--stub", o->stub,
                "Listen at SOCKET.stub, too, for the stub inside QEMU (docs/stub.md)");
    c->add_flag("--trace-windows", o->trace_windows,
                "With --stub: window accesses reach the model, too, instead of the peer's RAM\n"
                "(until 'windows map' comes by --control)");
    c->add_option("--start-at", o->start_at)->group("");
    c->add_option("--peer", o->peer,
                  "ivshmem:SOCKET: the other ports of the switch are served by another simulator "
                  "at the same ivshmem server");
    c->callback([o, &status] { status = serve(*o); });
}

} // namespace ntb::cli
