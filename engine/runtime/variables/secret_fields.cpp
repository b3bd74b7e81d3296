#include "engine/runtime/variables/secret_fields.h"

namespace tideway::runtime {

namespace {

constexpr const char* kMark = "$secret";

}  // namespace

Json secret_handle(std::string_view name) {
    return {{kMark, std::string(name)}};
}

Result<bool> put_secrets(
    const model::OperationSpec& operation,
    const std::function<Result<Secret>(const std::string& name)>& secret_of,
    Json& input
) {
    bool has_any = false;
    for (const std::string& field : operation.secret_fields) {
        const Json::json_pointer place(field);
        if (!input.contains(place)) {
            continue;
        }
        Json& value = input[place];
        const Json* name = value.is_object() && value.size() == 1 ? find(value, kMark) : nullptr;
        if (name == nullptr || !name->is_string()) {
            continue;
        }
        TIDEWAY_TRY_ASSIGN(const Secret secret, secret_of(name->get<std::string>()));
        value = std::string(secret.reveal());
        has_any = true;
    }
    return has_any;
}

}  // namespace tideway::runtime
