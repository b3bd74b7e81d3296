#include "engine/app/flows/pack_flows.h"

#include "connectors/all_connectors.h"
#include "engine/script/vm.h"

namespace tideway::app {

Result<PackFlows> PackFlows::read(const std::string& folder) {
    PackFlows out;
    TIDEWAY_TRY_ASSIGN(out.pack_, runtime::read_pack(folder));
    for (const embedded::File& file : embedded::connector_specs()) {
        TIDEWAY_TRY_ASSIGN(auto spec, model::parse_connector_spec(file.bytes));
        std::string id = spec.id;
        out.specs_.emplace(std::move(id), std::move(spec));
    }
    for (const runtime::PackReference& reference : out.pack_.references) {
        if (const auto it = out.specs_.find(reference.connector); it != out.specs_.end()) {
            out.connections_[reference.name] = &it->second;
        }
    }
    return out;
}

Result<model::FlowDeclaration> PackFlows::declaration(const std::string& flow) const {
    script::Program program;
    program.main_file = flow + ".lua";
    program.files = pack_.files_of(flow);
    program.connections = connections_;
    for (const auto& [id, spec] : specs_) {
        program.connectors.push_back(&spec);
    }
    TIDEWAY_TRY_ASSIGN(const auto vm, script::Vm::create(program));
    return vm->declaration();
}

const model::TriggerSpec* PackFlows::trigger(const std::string& name) const {
    const auto dot = name.find('.');
    const auto spec = specs_.find(name.substr(0, dot));
    return dot == std::string::npos || spec == specs_.end()
               ? nullptr
               : spec->second.trigger(name.substr(dot + 1));
}

}  // namespace tideway::app
