// SPDX-License-Identifier: Apache-2.0
// SystemC's library brings main() and wants sc_main(). A program that links the model and has a
// main() of its own gets this one; a program with an sc_main() of its own overrides it.
#include <systemc>

__attribute__((weak)) int sc_main(int, char**) {
    return 0;
}
