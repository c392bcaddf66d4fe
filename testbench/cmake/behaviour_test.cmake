# SPDX-License-Identifier: Apache-2.0
# ntb_behaviour_test(EXECUTABLE [OPTIMISED] [LABELS label...] [TIMEOUT seconds])
#
# Registers every Boost.Test case of EXECUTABLE as a CTest test of its own, EXECUTABLE.suite.case,
# because SystemC permits one elaboration per process. The cases are asked of the executable after
# each link, so no list of names has to be kept. Default: LABELS unit, TIMEOUT 120.
#
# Without OPTIMISED the tests' own code is not: Boost.Test's expressions cost an optimiser more time
# than running them unoptimised. Each file is compiled for itself: files of tests name things alike.
set(NTB_DISCOVER_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/discover_tests.cmake)

function(ntb_behaviour_test executable)
    cmake_parse_arguments(arg "OPTIMISED" "TIMEOUT" "LABELS" ${ARGN})
    if(NOT arg_LABELS)
        set(arg_LABELS unit)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    set_target_properties(${executable} PROPERTIES UNITY_BUILD OFF)
    if(NOT arg_OPTIMISED)
        target_compile_options(${executable} PRIVATE -O0)
    endif()
    set(list_file ${CMAKE_CURRENT_BINARY_DIR}/${executable}_tests.cmake)
    set(include_file ${CMAKE_CURRENT_BINARY_DIR}/${executable}_include.cmake)
    set_property(TARGET ${executable} APPEND PROPERTY LINK_DEPENDS ${NTB_DISCOVER_SCRIPT})
    add_custom_command(TARGET ${executable} POST_BUILD
        COMMAND ${CMAKE_COMMAND} -D EXECUTABLE=$<TARGET_FILE:${executable}> -D NAME=${executable}
                "-DLABELS=${arg_LABELS}" -D TIMEOUT=${arg_TIMEOUT} -D OUTPUT=${list_file}
                -P ${NTB_DISCOVER_SCRIPT}
        BYPRODUCTS ${list_file}
        COMMENT "Listing the tests of ${executable}"
        VERBATIM)
    # An executable that was not built is a failing test, not a missing one.
    file(WRITE ${include_file}
        "if(EXISTS \"${list_file}\")\n"
        "  include(\"${list_file}\")\n"
        "else()\n"
        "  add_test(${executable}_NOT_BUILT ${executable}_NOT_BUILT)\n"
        "  set_tests_properties(${executable}_NOT_BUILT PROPERTIES LABELS \"${arg_LABELS}\")\n"
        "endif()\n")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${include_file})
endfunction()
