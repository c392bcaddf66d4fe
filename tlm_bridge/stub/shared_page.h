// SPDX-License-Identifier: Apache-2.0
// Owner of one page of page.h: the sealed memfd and its mapping.
//
// Threading: the SystemC thread. Errors: setup_error when the system gives no memory.
#pragma once

#include "tlm_bridge/stub/page.h"
#include "tlm_bridge/unique_fd.h"

namespace ntb::bridge {

class shared_page {
public:
    /// All zero. The file can neither shrink nor grow from now on: nobody can make our accesses
    /// fault. Throws setup_error.
    shared_page();
    shared_page(const shared_page&) = delete;
    shared_page& operator=(const shared_page&) = delete;
    ~shared_page();

    [[nodiscard]] int fd() const { return file_.get(); }
    [[nodiscard]] stub::page& operator*() const { return *page_; }
    [[nodiscard]] stub::page* operator->() const { return page_; }

private:
    unique_fd file_;
    stub::page* page_ = nullptr;
};

} // namespace ntb::bridge
