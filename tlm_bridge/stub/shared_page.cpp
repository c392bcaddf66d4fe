// SPDX-License-Identifier: Apache-2.0
#include "tlm_bridge/stub/shared_page.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tlm_bridge/setup_error.h"

namespace ntb::bridge {

shared_page::shared_page() {
    const auto fail = [] {
        throw setup_error("the page shared with a stub", std::strerror(errno),
                          "free some memory, or start QEMU without the stub");
    };
    file_.reset(::memfd_create("ntb-stub", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file_ || ::ftruncate(file_.get(), sizeof(stub::page)) != 0 ||
        ::fcntl(file_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        fail();
    void* const base =
        ::mmap(nullptr, sizeof(stub::page), PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
    if (base == MAP_FAILED)
        fail();
    page_ = static_cast<stub::page*>(base); // zeros are its initial state
}

shared_page::~shared_page() {
    ::munmap(page_, sizeof(stub::page));
}

} // namespace ntb::bridge
