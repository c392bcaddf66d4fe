// SPDX-License-Identifier: Apache-2.0
// Reports of the commands, on standard output.
//
// Threading: the calling thread's. Errors: user_error(what, ...) if it does not take the text.
#pragma once

#include <string>

namespace ntb::cli {

/// Writes `text` and flushes; `what` is the command, for the error.
void print(const std::string& what, const std::string& text);

} // namespace ntb::cli
