// Editor stubs (LuaCATS annotations): what a Lua language server reads to complete and check flows.
// Those of the language are written by hand (scripts/meta), those of connectors are made here.
// Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/connector_spec.h"

namespace tideway::script {

struct StubFile {
    std::string name;  // "flow.lua", "connectors/dataverse.gen.lua"
    std::string text;
};

// The stubs of the language itself, as built into the program.
std::vector<StubFile> language_stubs();

// The stub of one connector. The same spec always gives the same bytes; any text in the spec stays
// inside its comment.
StubFile connector_stub(const model::ConnectorSpec& spec);

// The class of what a flow's trigger.manual gives it, "<flow>.inputs", for
// ---@param input order_form.inputs. Absent: the flow's name is no name in Lua.
std::optional<StubFile> inputs_stub(const std::string& flow, const Json& schema);

// A JSON schema as a LuaCATS type: "string", "integer[]", "{ id: string, etag?: string }".
std::string stub_type(const Json& schema);

}  // namespace tideway::script
