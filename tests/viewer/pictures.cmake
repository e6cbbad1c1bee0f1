# The tests of the pictures; included by CMakeLists.txt.

add_executable(test_pictures test_pictures.c)
target_link_libraries(test_pictures PRIVATE lw_flags lwview_core PkgConfig::CMOCKA m)
lw_discover_tests(test_pictures viewer.pictures TIMEOUT 60)

foreach(part text draw forms effect refuse agree)
  lw_test(viewer.pictures.${part} 120 sh ${CMAKE_CURRENT_SOURCE_DIR}/pictures.sh $<TARGET_FILE:lwview> ${part})
endforeach()

lw_test(viewer.report 180 sh ${CMAKE_CURRENT_SOURCE_DIR}/report.sh $<TARGET_FILE:lwview>)
