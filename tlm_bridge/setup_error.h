// SPDX-License-Identifier: Apache-2.0
// An error that the user can cause when a bridge is set up, and mend: what failed, why, what to
// do. The program above prints it as its one-line error.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace ntb::bridge {

class setup_error : public std::runtime_error {
public:
    setup_error(std::string what_failed, std::string why_failed, std::string what_to_do)
        : std::runtime_error(what_failed + ": " + why_failed + " (" + what_to_do + ")"),
          subject(std::move(what_failed)), why(std::move(why_failed)),
          remedy(std::move(what_to_do)) {}

    std::string subject;
    std::string why;
    std::string remedy;
};

} // namespace ntb::bridge
