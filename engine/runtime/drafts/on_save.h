// A setting of the environment.
#pragma once

#include <string_view>

#include "engine/base/result.h"

namespace tideway::runtime {

// What a change of a pack's folder becomes: a draft, which somebody publishes, or, where it is
// right, what is live.
enum class OnSave { kDraft, kPublish };
std::string_view to_string(OnSave on_save);           // "draft", "publish"
Result<OnSave> parse_on_save(std::string_view text);  // code "InvalidSetting"

}  // namespace tideway::runtime
