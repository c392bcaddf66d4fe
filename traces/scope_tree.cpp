// SPDX-License-Identifier: Apache-2.0
#include "traces/scope_tree.h"

namespace ntb::traces {
namespace {

constexpr std::size_t max_name = 1024; // of one header line: what is longer is cut

/// A scope or variable name as every reader takes it.
std::string clean_name(std::string_view name) {
    std::string clean(name.substr(0, max_name));
    for (char& c : clean) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(c >= '0' && c <= '9') && c != '$')
            c = '_';
    }
    return clean.empty() ? "_" : clean;
}

} // namespace

scope_tree::scope_tree(const std::vector<signal_declaration>& declarations)
    : leaves_(declarations.size()) {
    for (std::size_t i = 0; i < declarations.size(); ++i) {
        scope* at = &root_;
        std::string_view rest = declarations[i].name;
        for (std::size_t dot = rest.find('.'); dot != std::string_view::npos;
             dot = rest.find('.')) {
            std::string part = clean_name(rest.substr(0, dot));
            if (at->inner.find(part) == at->inner.end())
                at->order.push_back(part);
            at = &at->inner[std::move(part)];
            rest.remove_prefix(dot + 1);
        }
        leaves_[i] = clean_name(rest);
        at->variables.push_back(i);
    }
}

void scope_tree::walk(const visitor& v) const {
    // Depth first without recursion: a name may have any number of dots.
    struct visit {
        const scope* of;
        std::size_t next_inner;
    };
    std::vector<visit> path{{&root_, 0}};
    while (!path.empty()) {
        visit& here = path.back();
        if (here.next_inner == 0)
            for (const std::size_t i : here.of->variables)
                v.variable(i, leaves_[i]);
        if (here.next_inner == here.of->order.size()) {
            path.pop_back();
            if (!path.empty())
                v.leave();
            continue;
        }
        const std::string& name = here.of->order[here.next_inner++];
        v.enter(name);
        path.push_back({&here.of->inner.find(name)->second, 0});
    }
}

} // namespace ntb::traces
