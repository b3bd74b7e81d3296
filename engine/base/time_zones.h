// Time zone names: IANA names as they are, Windows names ("W. Europe Standard Time") translated.
// Thread: any.
#pragma once

#include <string_view>

namespace tideway {

// The IANA name for a Windows name, else `name` itself.
std::string_view iana_zone(std::string_view name);

}  // namespace tideway
