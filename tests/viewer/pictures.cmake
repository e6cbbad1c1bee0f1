# The tests of the pictures; included by CMakeLists.txt.

add_executable(test_pictures test_pictures.c)
target_link_libraries(test_pictures PRIVATE lw_flags lwview_core PkgConfig::CMOCKA m)
add_test(NAME viewer.pictures.functions COMMAND test_pictures)

foreach(part text draw refuse agree)
  add_test(NAME viewer.pictures.${part}
    COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/pictures.sh $<TARGET_FILE:lwview> ${part})
  set_tests_properties(viewer.pictures.${part} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120)
endforeach()

add_test(NAME viewer.report
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/report.sh $<TARGET_FILE:lwview>)
set_tests_properties(viewer.report PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 180)
