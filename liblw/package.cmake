# What is installed, and packages of it: `cpack` in a build folder makes .deb and .tar.gz of
#
#   runtime   liblw.so.0, stripped                                   liblw0
#   dev       header, archive, for pkg-config and find_package(lw)   liblw-dev
#   debug     debug symbols, found by the library's build-id         liblw0-dbgsym

include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/lw)
file(RELATIVE_PATH LW_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(liblw.pc.in liblw.pc @ONLY)
write_basic_package_version_file(lwConfigVersion.cmake VERSION ${PROJECT_VERSION} COMPATIBILITY SameMajorVersion)

install(TARGETS lw lw_static EXPORT lw
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT dev
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev
  PUBLIC_HEADER DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev)
install(EXPORT lw NAMESPACE lw:: FILE lwTargets.cmake DESTINATION ${package_dir} COMPONENT dev)
install(FILES lwConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/lwConfigVersion.cmake
  DESTINATION ${package_dir} COMPONENT dev)
install(FILES ${PROJECT_SOURCE_DIR}/doc/man/liblw.3 DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT dev)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/liblw.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)

# Debug symbols are laid where debuggers look for them: .build-id/ and the id, cut after two digits.
install(CODE "
  execute_process(COMMAND \"${CMAKE_READELF}\" -n \"$<TARGET_FILE:lw>\" OUTPUT_VARIABLE notes)
  if(NOT notes MATCHES \"Build ID: ([0-9a-f][0-9a-f])([0-9a-f]+)\")
    message(FATAL_ERROR \"liblw.so has no build-id\")
  endif()
  set(symbols \"${CMAKE_CURRENT_BINARY_DIR}/\${CMAKE_MATCH_2}.debug\")
  set(folder \"\${CMAKE_INSTALL_PREFIX}/lib/debug/.build-id/\${CMAKE_MATCH_1}\")
  execute_process(RESULT_VARIABLE failed
    COMMAND \"${CMAKE_OBJCOPY}\" --only-keep-debug \"$<TARGET_FILE:lw>\" \"\${symbols}\")
  if(failed)
    message(FATAL_ERROR \"the debug symbols of liblw.so cannot be copied\")
  endif()
  file(INSTALL DESTINATION \"\${folder}\" TYPE FILE FILES \"\${symbols}\")
  file(REMOVE \"\${symbols}\")
" COMPONENT debug EXCLUDE_FROM_ALL)

# A preset of CMakePresets.json says for which machine: CPACK_SYSTEM_NAME, CPACK_DEBIAN_PACKAGE_ARCHITECTURE
# and, where one architecture of Debian's means several machines, CPACK_DEBIAN_PACKAGE_RELEASE; LW_FLAVOUR
# is part of the packages' names.
set(CPACK_PACKAGE_NAME liblw)
set(CPACK_PACKAGE_VENDOR "the liblw authors")
set(CPACK_PACKAGE_CONTACT "the liblw authors <liblw@localhost>")
set(CPACK_PACKAGE_CHECKSUM SHA256)
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL runtime dev debug)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
if(NOT DEFINED CPACK_DEBIAN_PACKAGE_DEPENDS)
  # pthread_key_create and others moved into libc there.
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6 (>= 2.34)")
endif()
set(release ${PROJECT_VERSION})
if(CPACK_DEBIAN_PACKAGE_RELEASE)
  set(release ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
endif()
# id, name, section, what it needs
set(runtime liblw${LW_FLAVOUR}${PROJECT_VERSION_MAJOR})
set(parts
  "RUNTIME|${runtime}|libs|${CPACK_DEBIAN_PACKAGE_DEPENDS}"
  "DEV|liblw${LW_FLAVOUR}-dev|libdevel|${runtime} (= ${release})"
  "DEBUG|${runtime}-dbgsym|debug|${runtime} (= ${release})")
foreach(part IN LISTS parts)
  string(REPLACE "|" ";" part "${part}")
  list(GET part 0 id)
  list(GET part 1 name)
  string(TOLOWER ${id} component)
  set(CPACK_DEBIAN_${id}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${id}_FILE_NAME DEB-DEFAULT)
  list(GET part 2 CPACK_DEBIAN_${id}_PACKAGE_SECTION)
  list(GET part 3 CPACK_DEBIAN_${id}_PACKAGE_DEPENDS)
  set(CPACK_ARCHIVE_${id}_FILE_NAME liblw-${PROJECT_VERSION}-${CPACK_SYSTEM_NAME}-${component})
  install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/doc/${name} RENAME copyright
    COMPONENT ${component} OPTIONAL EXCLUDE_FROM_ALL)
endforeach()
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/triggers "activate-noawait ldconfig\n")
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/shlibs "liblw ${PROJECT_VERSION_MAJOR} ${runtime}\n")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA
  ${CMAKE_CURRENT_BINARY_DIR}/triggers ${CMAKE_CURRENT_BINARY_DIR}/shlibs)
set(about "A memory allocator for small Linux boards")
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "${about}\n Preload liblw.so.0 or link with -llw.")
set(CPACK_COMPONENT_DEV_DESCRIPTION "${about}: header and archive\n For pkg-config and CMake, too.")
set(CPACK_COMPONENT_DEBUG_DESCRIPTION "${about}: debug symbols\n Debuggers find them by build-id.")
include(CPack)
