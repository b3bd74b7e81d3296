// Secrets of environment variables on their way into a request: journal and history have their
// names, {"$secret":"name"}, the service gets the text. Pure.
#pragma once

#include <functional>
#include <string>

#include "engine/base/json.h"
#include "engine/base/result.h"
#include "engine/base/secret.h"
#include "engine/model/connector_spec.h"

namespace tideway::runtime {

// What a script is given of a secret variable.
Json secret_handle(std::string_view name);

// Puts the texts into the secret fields of `input` that name one. True: there were some.
Result<bool> put_secrets(
    const model::OperationSpec& operation,
    const std::function<Result<Secret>(const std::string& name)>& secret_of,
    Json& input
);

}  // namespace tideway::runtime
