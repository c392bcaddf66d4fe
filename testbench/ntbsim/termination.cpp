// SPDX-License-Identifier: Apache-2.0
#include "testbench/ntbsim/termination.h"

#include <csignal>
#include <sys/signalfd.h>

namespace ntb::cli {

bridge::unique_fd termination_signals() {
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGHUP);
    ::sigaddset(&set, SIGINT);
    ::sigaddset(&set, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    return bridge::unique_fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

} // namespace ntb::cli
