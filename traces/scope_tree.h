// SPDX-License-Identifier: Apache-2.0
// The scopes that dotted signal names span, as the header of a waveform file lists them.
//
// Threading: none. Errors: none; what a viewer would not take in a name becomes '_'.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "traces/signal_declaration.h"

namespace ntb::traces {

class scope_tree {
public:
    explicit scope_tree(const std::vector<signal_declaration>& declarations);

    /// What a walk meets, in the order of a header: depth first, scopes in order of first
    /// appearance.
    struct visitor {
        std::function<void(const std::string& name)> enter;
        std::function<void()> leave;
        /// `index` of the declaration, `leaf` the last part of its name.
        std::function<void(std::size_t index, const std::string& leaf)> variable;
    };
    void walk(const visitor& v) const;

private:
    struct scope {
        std::vector<std::size_t> variables; ///< positions in the order of declaration
        std::vector<std::string> order;
        std::map<std::string, scope, std::less<>> inner;
    };
    scope root_;
    std::vector<std::string> leaves_; ///< by declaration
};

} // namespace ntb::traces
