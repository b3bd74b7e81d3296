// "{base_url}/api/data": texts with places for a connection's settings. Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/json.h"

namespace tideway::connector {

// Every {name} replaced by the setting of that name; other braces stay. A slash at the end of a
// setting is dropped where the template goes on with one. Code "SettingMissing" names the absent
// setting.
Result<std::string> fill_template(std::string_view text, const Json& settings);

// The same for people: an absent setting is shown as <name>.
std::string describe_template(std::string_view text, const Json& settings);

}  // namespace tideway::connector
