#include "engine/runtime/drafts/key_changes.h"

#include <algorithm>
#include <string_view>

namespace tideway::runtime {
namespace {

std::string escaped(std::string_view key) {
    std::string out;
    for (const char c : key) {
        out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return out;
}

void compare(
    const std::string& at, const Json& before, const Json& after, std::vector<KeyChange>& out
) {
    if (before == after) {
        return;
    }
    if (!before.is_object() || !after.is_object()) {
        out.push_back({at, before, after});
        return;
    }
    for (const auto& [key, value] : before.items()) {
        const std::string place = at + "/" + escaped(key);
        if (const Json* now = find(after, key)) {
            compare(place, value, *now, out);
        } else {
            out.push_back({place, value, std::nullopt});
        }
    }
    for (const auto& [key, value] : after.items()) {
        if (find(before, key) == nullptr) {
            out.push_back({at + "/" + escaped(key), std::nullopt, value});
        }
    }
}

}  // namespace

std::vector<KeyChange> key_changes(const Json& before, const Json& after) {
    std::vector<KeyChange> out;
    compare("", before, after, out);
    std::ranges::stable_sort(out, {}, &KeyChange::key);
    return out;
}

}  // namespace tideway::runtime
