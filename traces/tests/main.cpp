// SPDX-License-Identifier: Apache-2.0
// The test program of traces/: Boost.Test's main.
#define BOOST_TEST_MODULE traces
#include <boost/test/included/unit_test.hpp>
