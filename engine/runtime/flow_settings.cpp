// FlowCatalog: what an administrator sets: variables, bindings, states.
#include <algorithm>
#include <utility>

#include "engine/runtime/flow_catalog.h"
#include "engine/runtime/variables/secret_fields.h"
#include "engine/runtime/variables/variable_value.h"

namespace tideway::runtime {
namespace {

std::string secret_purpose(const store::Variable& variable) {
    return "variable:" + variable.pack + "/" + variable.name;
}

std::string how_to_set(const std::string& pack, const std::string& name) {
    return "Set it: tideway variables set " + pack + "/" + name + " VALUE";
}

Error variable_not_set(const std::string& pack, const std::string& name) {
    Error error;
    error.kind = ErrorKind::kConflict;
    error.code = "VariableNotSet";
    error.message = "The environment variable '" + name + "' has no value and no default.";
    error.remedy = how_to_set(pack, name);
    return error;
}

Error variable_not_declared(const std::string& pack, const std::string& name) {
    Error error;
    error.kind = ErrorKind::kNotFound;
    error.code = "VariableNotFound";
    error.message = "The flow uses the environment variable '" + name + "', which the pack '" +
                    pack + "' does not declare.";
    error.remedy = "Add it to \"variables\" in pack.json.";
    return error;
}

Status opens(const Result<Secret>& secret) {
    return secret ? Status() : Status(fail(secret.error()));
}

}  // namespace

Result<std::shared_ptr<LoadedVersion>> FlowCatalog::child(
    const LoadedVersion& parent, std::string_view name, model::Effects effects
) const {
    const std::string full = name.find('/') == std::string_view::npos
                                 ? parent.version.pack + "/" + std::string(name)
                                 : std::string(name);
    TIDEWAY_TRY_ASSIGN(FlowEntry entry, flow(full));
    const auto pinned = parent.children.find(name);
    if (!entry.published && pinned == parent.children.end()) {
        return fail(
            ErrorKind::kConflict,
            "ChildFlowNeverPublished",
            "The child flow '" + full + "' has never been published.",
            "Correct its script; tideway flows show " + full + " lists what is wrong."
        );
    }
    if (entry.row.state != model::FlowState::kOn && effects == model::Effects::kLive) {
        return fail(
            ErrorKind::kConflict,
            "WorkflowTriggerIsNotEnabled",
            "The child flow '" + full + "' is " + std::string(to_string(entry.row.state)) + ".",
            "Turn it on: tideway flows on " + full
        );
    }
    return pinned == parent.children.end() ? entry.published : version(pinned->second);
}

Payload FlowCatalog::variable(std::string_view pack, std::string_view name) const {
    const Lock lock(mutex_);
    for (const store::Variable& variable : variables_) {
        if (variable.pack == pack && variable.name == name) {
            return variable.type == kSecretVariable ? to_payload(secret_handle(name))
                                                    : variable.value;
        }
    }
    const auto it = packs_.find(pack);
    const PackVariable* declared = it == packs_.end() ? nullptr : it->second.variable(name);
    return declared == nullptr ? Payload("null") : to_payload(declared->fallback);
}

std::vector<store::Variable> FlowCatalog::variables() const {
    const Lock lock(mutex_);
    std::vector<store::Variable> out;
    for (const auto& [pack_name, pack] : packs_) {
        for (const PackVariable& declared : pack.variables()) {
            store::Variable variable;
            variable.pack = pack_name;
            variable.name = declared.name;
            variable.type = declared.type;
            variable.description = declared.description;
            variable.value = to_payload(declared.fallback);
            for (const store::Variable& set : variables_) {
                if (set.pack == pack_name && set.name == declared.name) {
                    variable.value = set.value;
                }
            }
            out.push_back(std::move(variable));
        }
    }
    return out;
}

Result<Secret> FlowCatalog::secret(std::string_view pack, std::string_view name) const {
    const Lock lock(mutex_);
    const auto it = std::ranges::find_if(variables_, [&](const store::Variable& variable) {
        return variable.pack == pack && variable.name == name && variable.type == kSecretVariable;
    });
    if (it == variables_.end() || box_ == nullptr) {
        return fail(variable_not_set(std::string(pack), std::string(name)));
    }
    TIDEWAY_TRY_ASSIGN(const Json sealed, parse_json(it->value.view(), "a sealed variable"));
    auto opened =
        box_->open(secret_purpose(*it), sealed.is_string() ? sealed.get<std::string>() : "");
    if (!opened) {
        opened.error().message =
            "The variable '" + std::string(name) + "': " + opened.error().message;
        opened.error().remedy = how_to_set(std::string(pack), std::string(name));
    }
    return opened;
}

Result<Payload> FlowCatalog::stored_value(const store::Variable& variable, const Json& value)
    const {
    if (variable.type != kSecretVariable) {
        return to_payload(value);
    }
    if (box_ == nullptr) {
        return fail(
            ErrorKind::kConflict,
            "SecretKeyMissing",
            "The variable '" + variable.name + "' cannot be sealed without the environment's key."
        );
    }
    return to_payload(Json(box_->seal(secret_purpose(variable), Secret(value.get<std::string>()))));
}

Status FlowCatalog::set_variable(std::string_view pack, std::string_view name, const Json& value) {
    store::Variable variable;
    variable.pack = pack;
    variable.name = name;
    {
        const Lock lock(mutex_);
        const auto it = packs_.find(pack);
        const PackVariable* declared = it == packs_.end() ? nullptr : it->second.variable(name);
        if (declared == nullptr) {
            return fail(
                ErrorKind::kNotFound,
                "VariableNotFound",
                "The pack '" + std::string(pack) + "' has no environment variable '" +
                    std::string(name) + "'.",
                "List them with: tideway variables list"
            );
        }
        TIDEWAY_TRY(check_variable(declared->name, declared->type, value));
        variable.type = declared->type;
        variable.description = declared->description;
    }
    TIDEWAY_TRY_ASSIGN(variable.value, stored_value(variable, value));
    TIDEWAY_TRY(submit_blocking(store_, {{store::PutVariable{variable}}}));
    const Lock lock(mutex_);
    std::erase_if(variables_, [&variable](const store::Variable& other) {
        return other.pack == variable.pack && other.name == variable.name;
    });
    variables_.push_back(std::move(variable));
    return {};
}

std::vector<Error> FlowCatalog::variable_problems(const LoadedVersion& version) const {
    const std::string& pack = version.version.pack;
    const auto known = variables();
    std::vector<Error> out;
    for (const std::string& name : version.declaration.variables) {
        const auto it = std::ranges::find_if(known, [&](const store::Variable& variable) {
            return variable.pack == pack && variable.name == name;
        });
        if (it == known.end()) {
            out.push_back(variable_not_declared(pack, name));
            continue;
        }
        const auto value = parse_json(it->value.view(), name);
        if (!value || value->is_null()) {
            out.push_back(variable_not_set(pack, name));
            continue;
        }
        const Status fits = it->type == kSecretVariable ? opens(secret(pack, name))
                                                        : check_variable(name, it->type, *value);
        if (!fits) {
            out.push_back(fits.error());
        }
    }
    return out;
}

Result<ConnectionBinding> FlowCatalog::binding(std::string_view pack, std::string_view reference)
    const {
    const Lock lock(mutex_);
    const auto it = packs_.find(pack);
    const PackReference* declared = it == packs_.end() ? nullptr : it->second.reference(reference);
    if (declared != nullptr) {
        ConnectionBinding out;
        out.connector = declared->connector;
        out.connection = declared->name;  // unless bound otherwise, the connection of that name
        for (const store::BindReference& bound : bindings_) {
            if (bound.pack == pack && bound.reference == reference) {
                out.connection = bound.connection;
            }
        }
        return out;
    }
    return fail(
        ErrorKind::kNotFound,
        "ConnectionReferenceNotFound",
        "The pack '" + std::string(pack) + "' declares no connection reference '" +
            std::string(reference) + "'.",
        "Add it to \"connections\" in pack.json."
    );
}

Status FlowCatalog::bind(const store::BindReference& binding) {
    TIDEWAY_TRY(submit_blocking(store_, {{binding}}));
    {
        const Lock lock(mutex_);
        std::erase_if(bindings_, [&binding](const store::BindReference& other) {
            return other.pack == binding.pack && other.reference == binding.reference;
        });
        bindings_.push_back(binding);
    }
    changed();
    return {};
}

std::vector<PackReference> FlowCatalog::references(std::string_view pack) const {
    const Lock lock(mutex_);
    const auto it = packs_.find(pack);
    return it == packs_.end() ? std::vector<PackReference>() : it->second.references();
}

std::vector<std::string> FlowCatalog::packs() const {
    const Lock lock(mutex_);
    std::vector<std::string> out;
    for (const auto& [name, pack] : packs_) {
        out.push_back(name);
    }
    return out;
}

bool FlowCatalog::has_brake(std::string_view pack) const {
    const Lock lock(mutex_);
    const auto it = packs_.find(pack);
    return it != packs_.end() && it->second.any().has_brake;
}

std::optional<Pack> FlowCatalog::pack(std::string_view name) const {
    const Lock lock(mutex_);
    const auto it = packs_.find(name);
    return it == packs_.end() ? std::nullopt : it->second.published;
}

std::optional<Pack> FlowCatalog::draft(std::string_view name) const {
    const Lock lock(mutex_);
    const auto it = packs_.find(name);
    return it == packs_.end() ? std::nullopt : it->second.draft;
}

std::vector<std::string> FlowCatalog::order_of(std::string_view pack) const {
    std::vector<std::string> out;
    const Lock lock(mutex_);
    const auto it = packs_.find(pack);
    if (it == packs_.end()) {
        return out;
    }
    for (const std::optional<Pack>* side : {&it->second.published, &it->second.draft}) {
        if (!*side) {
            continue;
        }
        for (const std::string& flow : (*side)->flows) {
            if (std::ranges::find(out, flow) == out.end()) {
                out.push_back(flow);
            }
        }
    }
    return out;
}

std::optional<model::PackRevision> FlowCatalog::live_revision(std::string_view pack) const {
    const Lock lock(mutex_);
    const auto it = packs_.find(pack);
    const bool is_live = it != packs_.end() && it->second.published;
    return is_live ? std::optional(it->second.live) : std::nullopt;
}

const PackVariable* FlowCatalog::PackState::variable(std::string_view name) const {
    for (const auto* pack : {&published, &draft}) {
        if (!*pack) {
            continue;
        }
        const auto it = std::ranges::find((*pack)->variables, name, &PackVariable::name);
        if (it != (*pack)->variables.end()) {
            return &*it;
        }
    }
    return nullptr;
}

const PackReference* FlowCatalog::PackState::reference(std::string_view name) const {
    for (const auto* pack : {&published, &draft}) {
        if (!*pack) {
            continue;
        }
        const auto it = std::ranges::find((*pack)->references, name, &PackReference::name);
        if (it != (*pack)->references.end()) {
            return &*it;
        }
    }
    return nullptr;
}

std::vector<PackVariable> FlowCatalog::PackState::variables() const {
    std::vector<PackVariable> out = any().variables;
    for (const PackVariable& drafted : draft ? draft->variables : std::vector<PackVariable>()) {
        if (std::ranges::find(out, drafted.name, &PackVariable::name) == out.end()) {
            out.push_back(drafted);
        }
    }
    return out;
}

std::vector<PackReference> FlowCatalog::PackState::references() const {
    std::vector<PackReference> out = any().references;
    for (const PackReference& drafted : draft ? draft->references : std::vector<PackReference>()) {
        if (std::ranges::find(out, drafted.name, &PackReference::name) == out.end()) {
            out.push_back(drafted);
        }
    }
    return out;
}

Status FlowCatalog::set_state(model::FlowId id, model::FlowState state, std::string reason) {
    store::SetFlowState set;
    set.flow_id = id;
    set.state = state;
    set.reason = reason;
    TIDEWAY_TRY(submit_blocking(store_, {{set}}));
    {
        const Lock lock(mutex_);
        for (FlowEntry& entry : entries_) {
            if (entry.row.id == id) {
                entry.row.state = state;
                entry.row.state_reason = reason;
            }
        }
    }
    changed();
    return {};
}

}  // namespace tideway::runtime
