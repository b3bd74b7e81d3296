#include "engine/runtime/resubmit/pack_operations.h"

#include <utility>

namespace tideway::runtime {
namespace {

std::string_view reference_of(std::string_view operation) {
    return operation.substr(0, operation.find('.'));
}

}  // namespace

FindOperation operations_of(
    const FlowCatalog& catalog, const connector::Registry& registry, std::string pack
) {
    return [&catalog, &registry, pack = std::move(pack)](std::string_view operation
           ) -> const model::OperationSpec* {
        const std::string_view reference = reference_of(operation);
        const auto binding = catalog.binding(pack, reference);
        const auto* const spec = binding ? registry.spec(binding->connector) : nullptr;
        return spec == nullptr || reference.size() == operation.size()
                   ? nullptr
                   : spec->operation(operation.substr(reference.size() + 1));
    };
}

std::string connection_of(
    const FlowCatalog& catalog, const std::string& pack, std::string_view operation
) {
    const std::string_view reference = reference_of(operation);
    const auto binding = catalog.binding(pack, reference);
    return binding && !binding->connection.empty() ? binding->connection : std::string(reference);
}

}  // namespace tideway::runtime
