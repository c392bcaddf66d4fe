// SPDX-License-Identifier: Apache-2.0
// `ntbsim ivshmem-server`: what joins simulators with each other (`serve --peer ivshmem:SOCKET`),
// or QEMU's own ivshmem devices. It also takes the options of QEMU's contrib/ivshmem-server, with
// their defaults.

#include <CLI/CLI.hpp>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <string>
#include <sys/resource.h>

#include "testbench/ntbsim/commands.h"
#include "testbench/ntbsim/termination.h"
#include "tlm_bridge/ivshmem/server.h"

namespace ntb::cli {

namespace {

struct server_options {
    ivshmem::server::options server{"/tmp/ivshmem_socket"};
    bool verbose = false;
    std::string memory_name, pid_file;
};

/// Every client costs descriptors here: as many as the system lets this process have.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void run_server(const server_options& o) {
    if (!o.pid_file.empty())
        throw user_error("-p " + o.pid_file, "this server stays in the foreground",
                         "leave it out, and start the server with & behind it");
    const bridge::unique_fd signals = termination_signals();
    const auto logger = spdlog::stderr_logger_st("ntbsim");
    logger->set_pattern("ntbsim: %v");
    logger->set_level(o.verbose ? spdlog::level::info : spdlog::level::warn);
    if (!o.memory_name.empty())
        logger->warn("the memory has no name: {} has no effect", o.memory_name);
    raise_descriptor_limit();
    ivshmem::server server(o.server, logger);
    std::printf("ntbsim: ivshmem server on %s: %" PRIu64 " bytes, %zu vector%s\n",
                o.server.path.c_str(), server.memory_size(), o.server.vectors,
                o.server.vectors == 1 ? "" : "s");
    std::fflush(stdout);
    while (server.turn(-1, signals.get())) {
    }
}

} // namespace

void add_ivshmem_server(CLI::App& app) {
    auto o = std::make_shared<server_options>();
    CLI::App* const c =
        app.add_subcommand("ivshmem-server", "Share memory and interrupts between simulators, or "
                                             "QEMU's ivshmem devices");
    c->footer("It stays in the foreground. Options with one letter are those of QEMU's "
              "ivshmem-server.\n"
              "Example:\n"
              "  ntbsim ivshmem-server --socket /run/ntb/ivshmem --vectors 2 &\n"
              "  qemu-system-x86_64 -chardev socket,path=/run/ntb/ivshmem,id=ivshmem \\\n"
              "    -device ivshmem-doorbell,chardev=ivshmem,vectors=2 ...");
    c->add_option("-S,--socket", o->server.path, "Path of the socket to listen on")
        ->capture_default_str();
    c->add_option("-l,--size", o->server.size,
                  "Bytes of memory, rounded up to a power of two, e.g. 4MiB (4M)")
        ->transform(CLI::AsSizeValue(false))
        ->capture_default_str();
    c->add_option("-n,--vectors", o->server.vectors, "Interrupt vectors of each client, 1 to 64")
        ->capture_default_str();
    c->add_flag("-v,--verbose", o->verbose, "Say who joins and who leaves");
    c->add_flag("-F,--foreground", "Accepted: it always stays in the foreground");
    c->add_option("-M,-m", o->memory_name)->group("");
    c->add_option("-p", o->pid_file)->group("");
    c->callback([o] { run_server(*o); });
}

} // namespace ntb::cli
