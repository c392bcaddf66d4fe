// SPDX-License-Identifier: GPL-2.0-or-later
// The plugin that QEMU loads: -plugin ntb-stub-N.so,device=ID,control=PATH, before the device is
// made. When the machine is ready it tests itself, finds the BARs of the vfio-user device ID, gets
// the shared page from the simulator at PATH, and lays its regions over the BARs. Where anything is
// not as expected it withdraws with one line, and QEMU goes on as if it were not there.
//
// N is the version of QEMU's plugin interface that the file claims: QEMU refuses files of others.
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "qemu_glue/stub/channel.h"
#include "qemu_glue/stub/overlay.h"
#include "qemu_glue/stub/qemu_api.h"
#include "qemu_glue/stub/self_test.h"

namespace ntb::stub {

namespace {

char device_id[64];
char control_path[128];
channel to_simulator;
qemu::notifier machine_ready;

void withdraw(const char* why) {
    std::fprintf(stderr, "ntb-stub: withdrawn: %s (the device works over vfio-user alone)\n", why);
}

void start(qemu::notifier*, void*) {
    if (const char* different = self_test()) {
        char why[128];
        std::snprintf(why, sizeof why, "this QEMU is not as expected: %s", different);
        withdraw(why);
        return;
    }
    if (device_id[0] == '\0') { // loaded for the self-test alone
        std::fprintf(stderr, "ntb-stub: self-test passed\n");
        return;
    }
    const char* problem = find_bars(device_id);
    if (problem == nullptr)
        problem = to_simulator.open(control_path, true);
    if (problem != nullptr) {
        withdraw(problem);
        return;
    }
    if (const char* trapped = place_overlays(to_simulator))
        std::fprintf(stderr, "ntb-stub: windows: %s (they stay trapped)\n", trapped);
    std::fprintf(stderr, "ntb-stub: registers of %s are in shared memory\n", device_id);
}

/// Takes the value of "NAME=VALUE" where the name fits.
bool take(const char* argument, const char* name, char* value, std::size_t room) {
    const std::size_t length = std::strlen(name);
    if (std::strncmp(argument, name, length) != 0 || argument[length] != '=')
        return false;
    return std::snprintf(value, room, "%s", argument + length + 1) < static_cast<int>(room);
}

int install(int argc, char** argv) {
    for (int i = 0; i < argc; ++i) {
        if (!take(argv[i], "device", device_id, sizeof device_id) &&
            !take(argv[i], "control", control_path, sizeof control_path)) {
            withdraw("an argument is not device=ID or control=PATH, or too long");
            return 0;
        }
    }
    if (const char* missing = qemu::find_qemu()) {
        char why[128];
        std::snprintf(why, sizeof why, "this QEMU has no %s", missing);
        withdraw(why);
        return 0;
    }
    machine_ready.notify = start;
    qemu::api.add_machine_ready_notifier(&machine_ready);
    return 0;
}

} // namespace

} // namespace ntb::stub

extern "C" {

[[gnu::visibility("default")]] extern const int qemu_plugin_version;
const int qemu_plugin_version = NTB_STUB_PLUGIN_VERSION;

[[gnu::visibility("default")]] int qemu_plugin_install(std::uint64_t id, const void* info, int argc,
                                                       char** argv);
int qemu_plugin_install(std::uint64_t, const void*, int argc, char** argv) {
    return ntb::stub::install(argc, argv);
}

} // extern "C"
