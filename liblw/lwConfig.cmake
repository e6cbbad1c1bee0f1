# find_package(lw) offers lw::lw, the shared library, and lw::static.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/lwTargets.cmake)
