#include "engine/runtime/drafts/on_save.h"

#include <string>

namespace tideway::runtime {

std::string_view to_string(OnSave on_save) {
    return on_save == OnSave::kPublish ? "publish" : "draft";
}

Result<OnSave> parse_on_save(std::string_view text) {
    if (text == "draft") {
        return OnSave::kDraft;
    }
    if (text == "publish") {
        return OnSave::kPublish;
    }
    return fail(
        ErrorKind::kInvalidInput,
        "InvalidSetting",
        "on_save is '" + std::string(text) + "'.",
        "Write draft or publish."
    );
}

}  // namespace tideway::runtime
