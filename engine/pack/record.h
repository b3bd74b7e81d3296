// record.json of a generation: what is installed, as text. Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/pack/shelf.h"

namespace tideway::pack {

std::string record_text(const Installed& pack);
// The generation is its folder's name, and not in the text.
Result<Installed> parse_record(std::string_view text);

// For people and programs.
Json describe(const Installed& pack);

}  // namespace tideway::pack
