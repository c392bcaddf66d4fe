// SPDX-License-Identifier: Apache-2.0
// The one compiled copy of the TOML library.
#define TOML_HEADER_ONLY 0
#define TOML_IMPLEMENTATION
#include <toml++/toml.h>
