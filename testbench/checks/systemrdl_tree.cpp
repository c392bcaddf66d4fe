// SPDX-License-Identifier: Apache-2.0
// Prints the syntax tree that the grammar tree-sitter-systemrdl (npm) finds in SystemRDL text:
// the parser that is not ours in the check exported_systemrdl.py, which builds this program.
//
// Reads standard input. One line a named node: depth, type, the role it has in its parent or "-",
// first byte, byte behind the last; separated by tabs. Exit 1 and one line a fault on stderr where
// the text is not SystemRDL.

#include <tree_sitter/api.h>

#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>

extern "C" const TSLanguage* tree_sitter_systemrdl();

namespace {

/// Prints the node under the cursor and those below it; false if one is an error.
bool print(TSTreeCursor* cursor, unsigned depth) {
    const TSNode node = ts_tree_cursor_current_node(cursor);
    const TSPoint at = ts_node_start_point(node);
    bool good = true;
    if (ts_node_is_missing(node) || std::string(ts_node_type(node)) == "ERROR") {
        std::fprintf(stderr, "line %u, column %u: %s%s\n", at.row + 1, at.column + 1,
                     ts_node_is_missing(node) ? "missing " : "", ts_node_type(node));
        good = false;
    }
    if (ts_node_is_named(node)) {
        const char* role = ts_tree_cursor_current_field_name(cursor);
        std::printf("%u\t%s\t%s\t%u\t%u\n", depth, ts_node_type(node), role == nullptr ? "-" : role,
                    ts_node_start_byte(node), ts_node_end_byte(node));
    }
    if (ts_tree_cursor_goto_first_child(cursor)) {
        do
            good = print(cursor, depth + 1) && good;
        while (ts_tree_cursor_goto_next_sibling(cursor));
        ts_tree_cursor_goto_parent(cursor);
    }
    return good;
}

} // namespace

int main() {
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    TSParser* parser = ts_parser_new();
    if (!ts_parser_set_language(parser, tree_sitter_systemrdl())) {
        std::fputs("the grammar and libtree-sitter are of different ages\n", stderr);
        return 1;
    }
    TSTree* tree =
        ts_parser_parse_string(parser, nullptr, text.data(), static_cast<uint32_t>(text.size()));
    TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(tree));
    const bool good = print(&cursor, 0);
    ts_tree_cursor_delete(&cursor);
    ts_tree_delete(tree);
    ts_parser_delete(parser);
    return good ? 0 : 1;
}
