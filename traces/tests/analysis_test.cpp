// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
BOOST_AUTO_TEST_SUITE(analysis)
BOOST_AUTO_TEST_SUITE_END()
