# discover.cmake: a test of ctest for each case of a program.
#
#   lw_discover_tests(TARGET AREA.SUBJECT [PROPERTY VALUE...])
#
# Once TARGET is built it is run with --list, which prints the name of a case on each line, and each
# is registered as AREA.SUBJECT.words-of-the-name: `TARGET --only NAME`, with these properties.
# The label is AREA, and status 77 means skipped.  A program that is not built is one test that fails.

if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(LW_DISCOVER ${CMAKE_CURRENT_LIST_FILE})

  function(lw_discover_tests target prefix)
    string(REGEX MATCH "^[^.]*" area ${prefix})
    set(cases ${CMAKE_CURRENT_BINARY_DIR}/${target}.cases.cmake)
    if(NOT EXISTS ${cases})
      file(WRITE ${cases} "add_test(${prefix} ${target}-is-not-built)\n")
    endif()
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${cases})
    add_custom_command(TARGET ${target} POST_BUILD BYPRODUCTS ${cases} VERBATIM
      COMMAND ${CMAKE_COMMAND} "-DPROGRAM=$<TARGET_FILE:${target}>" "-DPREFIX=${prefix}" "-DCASES=${cases}"
        "-DPROPERTIES=LABELS;${area};SKIP_RETURN_CODE;${LW_TEST_SKIPPED};${ARGN}" -P ${LW_DISCOVER})
  endfunction()
  return()
endif()

execute_process(COMMAND ${PROGRAM} --list OUTPUT_VARIABLE names RESULT_VARIABLE status)
if(NOT status EQUAL 0 OR names STREQUAL "")
  message(FATAL_ERROR "${PROGRAM} --list: status ${status}, \"${names}\"")
endif()
string(REGEX MATCHALL "[^\n]+" names "${names}")
foreach(property ${PROPERTIES})
  string(APPEND properties " [==[${property}]==]")
endforeach()
set(text "")
foreach(name ${names})
  string(REPLACE "_" "-" sentence ${name})
  set(test ${PREFIX}.${sentence})
  string(APPEND text "add_test(${test} [==[${PROGRAM}]==] --only ${name})\n"
    "set_tests_properties(${test} PROPERTIES${properties})\n")
endforeach()
file(WRITE ${CASES} "${text}")
