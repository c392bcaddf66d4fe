// SPDX-License-Identifier: Apache-2.0
#include "testbench/regs/families.h"

#include <algorithm>
#include <utility>

namespace ntb::regs {

namespace {

/// Bytes that a node takes, counted from its offset. The last element of a block counts whole, as
/// IP-XACT counts it.
std::uint32_t extent(const family_node& n) {
    return n.is_array() ? n.array.count * n.array.stride : n.row->size;
}

bool overlap(const family_node& a, const family_node& b) {
    return a.offset < b.offset + extent(b) && b.offset < a.offset + extent(a);
}

bool same(const dimension& a, const dimension& b) {
    return a.letter == b.letter && a.count == b.count && a.stride == b.stride;
}

family_node register_node(const reg& r, std::uint32_t offset, const dimension& array) {
    return {identifier_of(r), offset, array, &r, std::string(r.name), {}};
}

/// Rule 3: the block, and the array of registers in it.
struct nesting {
    dimension outer{};
    dimension inner{};
};

nesting nest(const reg& r) {
    if (r.second.letter == 0)
        return r.first.stride == r.size ? nesting{{}, r.first} : nesting{r.first, {}};
    return r.first.stride > r.second.stride ? nesting{r.first, r.second}
                                            : nesting{r.second, r.first};
}

/// Is the inner array one that can stand in a block: dense, and shorter than the block?
bool nests_well(const reg& r, const nesting& n) {
    return n.inner.letter == 0 ||
           (n.inner.stride == r.size &&
            n.inner.count * n.inner.stride <= (n.outer.letter == 0 ? 0xFFFFFFFFU : n.outer.stride));
}

void append_members(std::vector<family_node>& out, const space& s, const reg& r) {
    for (unsigned i = 0; i < r.first.count; ++i) {
        for (unsigned j = 0; j < r.second.count; ++j) {
            const member m{&s, &r, i, j};
            const std::string name(member_name(m).view());
            out.push_back({name, m.offset(), {}, &r, name, {}});
        }
    }
}

std::string common_prefix(const std::vector<family_node>& nodes) {
    std::string prefix = nodes.front().name;
    for (const family_node& n : nodes) {
        const auto differs =
            std::mismatch(prefix.begin(), prefix.end(), n.name.begin(), n.name.end());
        prefix.erase(differs.first, prefix.end());
    }
    prefix.erase(prefix.find_last_not_of('_') + 1);
    return prefix;
}

void name_blocks(std::vector<family_node>& nodes) {
    for (family_node& n : nodes) {
        if (n.children.empty())
            continue;
        std::string name = common_prefix(n.children);
        const bool taken = std::any_of(nodes.begin(), nodes.end(),
                                       [&](const family_node& m) { return m.name == name; });
        if (name.empty() || taken || n.children.size() == 1)
            name = (name.empty() ? n.children.front().name : name) + "_regs";
        n.name = std::move(name);
    }
}

/// Rules 1 to 3.
std::vector<family_node> grouped(const space& s) {
    std::vector<family_node> out;
    for (const reg* r = s.begin(); r != s.end(); ++r) {
        const nesting n = nest(*r);
        if (r->first.letter == 0 || (nests_well(*r, n) && n.outer.letter == 0)) {
            out.push_back(register_node(*r, r->offset, n.inner));
            continue;
        }
        if (!nests_well(*r, n)) {
            append_members(out, s, *r);
            continue;
        }
        family_node block{{}, r->offset, n.outer, nullptr, {}, {register_node(*r, 0, n.inner)}};
        for (; r + 1 != s.end(); ++r) {
            const reg& next = r[1];
            const nesting with = nest(next);
            if (!same(with.outer, n.outer) || !nests_well(next, with) ||
                next.offset >= block.offset + n.outer.stride)
                break;
            block.children.push_back(register_node(next, next.offset - block.offset, with.inner));
        }
        out.push_back(std::move(block));
    }
    return out;
}

bool disturbs(const family_node& block, const std::vector<family_node>& nodes, const space& s) {
    if (block.offset + extent(block) > s.base + s.bytes)
        return true;
    return std::any_of(nodes.begin(), nodes.end(), [&](const family_node& other) {
        return &other != &block && overlap(block, other);
    });
}

} // namespace

std::string identifier_of(const reg& r) {
    std::string out;
    for (std::size_t i = 0; i < r.name.size(); ++i) {
        if (r.name[i] != '{') {
            out += r.name[i];
            continue;
        }
        i += 2;
        if (i + 1 < r.name.size())
            out += '_';
    }
    return out;
}

std::vector<family_node> families_of(const space& s) {
    const std::vector<family_node> nodes = grouped(s);
    std::vector<family_node> out;
    for (const family_node& n : nodes) {
        if (n.children.empty() || !disturbs(n, nodes, s)) {
            out.push_back(n);
            continue;
        }
        for (const family_node& child : n.children) // rule 4
            append_members(out, s, *child.row);
    }
    std::stable_sort(out.begin(), out.end(), [](const family_node& a, const family_node& b) {
        return a.offset < b.offset;
    });
    name_blocks(out);
    return out;
}

} // namespace ntb::regs
