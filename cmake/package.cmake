# What is installed where, and the Debian package that cpack makes of it (docs/install.md).
set(tideway_doc share/doc/tideway)

install(TARGETS tideway RUNTIME DESTINATION bin)
install(CODE "execute_process(COMMAND \${CMAKE_COMMAND} -D PROGRAM=$<TARGET_FILE:tideway>
                 -D PAGE=${CMAKE_BINARY_DIR}/tideway.1 -D VERSION=${PROJECT_VERSION}
                 -P ${CMAKE_SOURCE_DIR}/cmake/man_page.cmake COMMAND_ERROR_IS_FATAL ANY)")
install(FILES ${CMAKE_BINARY_DIR}/tideway.1.gz DESTINATION share/man/man1)
install(FILES packaging/debian/tideway.service DESTINATION lib/systemd/system)
# The packs as we ship them. Administrators edit copies, which an upgrade does not touch.
install(DIRECTORY flows/ DESTINATION share/tideway/packs
        PATTERN .tideway EXCLUDE PATTERN .luarc.json EXCLUDE)
install(DIRECTORY examples/teaching DESTINATION ${tideway_doc}/examples
        PATTERN .tideway EXCLUDE PATTERN .luarc.json EXCLUDE)
install(DIRECTORY docs/ DESTINATION ${tideway_doc})
install(FILES packaging/debian/copyright DESTINATION ${tideway_doc})
install(CODE "execute_process(COMMAND gzip --best --no-name --stdout
                 INPUT_FILE ${CMAKE_SOURCE_DIR}/packaging/debian/changelog
                 OUTPUT_FILE ${CMAKE_BINARY_DIR}/changelog.gz COMMAND_ERROR_IS_FATAL ANY)")
install(FILES ${CMAKE_BINARY_DIR}/changelog.gz DESTINATION ${tideway_doc})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tideway)
set(CPACK_PACKAGE_CONTACT "The Tideway maintainers <maintainers@tideway.example>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "native flow runtime that reproduces the Power Automate model")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Flows are Lua scripts that an administrator edits in place: triggers, scoped
steps, child flows and a run history with resubmit. The packs keep referrals
in step between Microsoft Partner Center and a CRM.

The package runs one environment as a service with a user of its own.")
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates, tzdata")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_SOURCE_DIR}/packaging/debian/postinst ${CMAKE_SOURCE_DIR}/packaging/debian/prerm
    ${CMAKE_SOURCE_DIR}/packaging/debian/postrm)
# Packing does not build the tests.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
include(CPack)
