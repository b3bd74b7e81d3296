// Findings of the checker as JSON, for API and errors.
#pragma once

#include <vector>

#include "engine/base/json.h"
#include "engine/script/outline.h"

namespace tideway::runtime {

Json to_json(const script::Finding& finding);
Json to_json(const std::vector<script::Finding>& findings);

}  // namespace tideway::runtime
