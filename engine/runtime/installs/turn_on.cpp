#include "engine/runtime/installs/turn_on.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace tideway::runtime {

namespace {

std::string pack_of(const std::string& flow) {
    return flow.substr(0, flow.find('/'));
}

// From 1; a flow that is not named comes behind those that are.
std::size_t place_of(const FlowEntry& flow, const std::vector<std::string>& order) {
    const auto at = std::ranges::find(order, flow.row.name);
    return static_cast<std::size_t>(at - order.begin()) + 1;
}

bool calls_only(const FlowEntry& flow, const std::vector<std::string>& flows) {
    return std::ranges::all_of(flow.published->declaration.children, [&](const std::string& child) {
        return std::ranges::find(flows, flow.row.pack + "/" + child) != flows.end();
    });
}

}  // namespace

std::size_t place_in_pack(const FlowCatalog& catalog, const FlowEntry& flow) {
    return place_of(flow, catalog.order_of(flow.row.pack));
}

std::vector<PlacedFlow> flows_in_order(const FlowCatalog& catalog) {
    std::map<std::string, std::vector<std::string>> orders;
    for (const std::string& pack : catalog.packs()) {
        orders[pack] = catalog.order_of(pack);
    }
    std::vector<PlacedFlow> out;
    std::vector<FlowEntry> flows = catalog.flows();
    for (FlowEntry& flow : flows) {
        const std::size_t place = place_of(flow, orders[flow.row.pack]);
        out.push_back({std::move(flow), place});
    }
    std::ranges::sort(out, [](const PlacedFlow& one, const PlacedFlow& other) {
        return std::tie(one.flow.row.pack, one.place, one.flow.row.name) <
               std::tie(other.flow.row.pack, other.place, other.flow.row.name);
    });
    return out;
}

std::vector<std::string> flows_to_turn_on(
    const Activation& activation, const std::vector<std::string>& packs
) {
    std::vector<std::string> out = activation.order_of_all();
    std::erase_if(out, [&packs](const std::string& flow) {
        return !packs.empty() && std::ranges::find(packs, pack_of(flow)) == packs.end();
    });
    return out;
}

std::vector<Error> missing_for(
    const Activation& activation, const FlowCatalog& catalog, const std::vector<std::string>& flows
) {
    std::vector<Error> out;
    std::set<std::string> told;
    for (const std::string& name : flows) {
        const auto flow = catalog.flow(name);
        if (!flow) {
            continue;
        }
        for (Error& error : activation.problems(*flow)) {
            const bool solves_itself =
                error.code == "ChildFlowNeverPublished" && calls_only(*flow, flows);
            if (!solves_itself && told.insert(error.message).second) {
                out.push_back(std::move(error));
            }
        }
    }
    return out;
}

Status check_ready(
    const Activation& activation, const FlowCatalog& catalog, const std::vector<std::string>& flows
) {
    const auto missing = missing_for(activation, catalog, flows);
    if (missing.empty()) {
        return {};
    }
    Json problems = Json::array();
    for (const Error& error : missing) {
        problems.push_back(
            {{"code", error.code}, {"message", error.message}, {"remedy", error.remedy}}
        );
    }
    Error out;
    out.kind = ErrorKind::kConflict;
    out.code = "FlowsNotReady";
    const std::string then = "tideway flows on --all";
    if (missing.size() == 1) {
        out.message = "Nothing is turned on. " + missing.front().message;
        out.remedy = missing.front().remedy + ". Then: " + then;
    } else {
        out.message =
            "Nothing is turned on: " + std::to_string(missing.size()) + " things are missing.";
        out.remedy = "Do what each line says, then: " + then;
    }
    out.details = dump({{"problems", std::move(problems)}});
    return fail(std::move(out));
}

}  // namespace tideway::runtime
