#include "engine/pack/requirements.h"

#include <algorithm>
#include <map>
#include <set>

namespace tideway::pack {

namespace {

using ByName = std::map<std::string, const PackNeeds*>;

tl::unexpected<Error> missing(
    const PackNeeds& needing, const std::string& name, const VersionRange& range, const ByName& all
) {
    const auto there = all.find(name);
    const std::string wanted = range.text().empty() ? "" : " " + range.text();
    return fail(
        ErrorKind::kConflict,
        "PackDependencyMissing",
        "The pack '" + needing.name + "' requires the pack '" + name + "'" + wanted +
            (there == all.end() ? ", which is not installed."
                                : "; it would have " + to_string(there->second->version) + "."),
        "Install or upgrade both with one command, or first what is required."
    );
}

Status check_needs(const PackNeeds& pack, const ByName& all) {
    for (const auto& [name, range] : pack.requires_.packs) {
        const auto there = all.find(name);
        if (there == all.end() || !range.contains(there->second->version)) {
            return missing(pack, name, range, all);
        }
    }
    return {};
}

// Depth first; who is met again on the way down requires itself.
class Order {
  public:
    explicit Order(const ByName& all)
        : all_(all) {}

    Status visit(const PackNeeds& pack) {
        if (done_.contains(pack.name)) {
            return {};
        }
        const auto met = std::ranges::find(way_, pack.name);
        if (met != way_.end()) {
            return cycle(met, pack.name);
        }
        way_.push_back(pack.name);
        for (const auto& [name, range] : pack.requires_.packs) {
            TIDEWAY_TRY(visit(*all_.at(name)));
        }
        way_.pop_back();
        done_.insert(pack.name);
        names_.push_back(pack.name);
        return {};
    }

    const std::vector<std::string>& names() const { return names_; }

  private:
    tl::unexpected<Error> cycle(
        std::vector<std::string>::const_iterator from, const std::string& name
    ) const {
        std::string way;
        for (auto it = from; it != way_.end(); ++it) {
            way += *it + " -> ";
        }
        return fail(
            ErrorKind::kInvalidInput,
            "PackDependencyCycle",
            "The packs require each other in a circle: " + way + name + ".",
            "Their publishers have to take one requirement out."
        );
    }

    const ByName& all_;
    std::vector<std::string> way_;
    std::set<std::string> done_;
    std::vector<std::string> names_;
};

}  // namespace

PackNeeds needs_of(const Manifest& manifest) {
    return {manifest.name, manifest.version, manifest.requires_};
}

Result<std::vector<std::size_t>> install_order(
    const std::vector<PackNeeds>& added,
    const std::vector<PackNeeds>& installed,
    const Version& engine
) {
    ByName all;
    for (const PackNeeds& pack : installed) {
        all[pack.name] = &pack;
    }
    for (const PackNeeds& pack : added) {
        if (!pack.requires_.engine.contains(engine)) {
            return fail(
                ErrorKind::kConflict,
                "PackNeedsEngine",
                "The pack '" + pack.name + "' requires Tideway " + pack.requires_.engine.text() +
                    "; this is " + to_string(engine) + ".",
                "Update Tideway, or take a version of the pack that fits."
            );
        }
        all[pack.name] = &pack;
    }
    Order order(all);
    for (const auto& [name, pack] : all) {
        TIDEWAY_TRY(check_needs(*pack, all));
    }
    for (const auto& [name, pack] : all) {
        TIDEWAY_TRY(order.visit(*pack));
    }
    std::vector<std::size_t> out;
    for (const std::string& name : order.names()) {
        const auto it = std::ranges::find(added, name, &PackNeeds::name);
        if (it != added.end()) {
            out.push_back(static_cast<std::size_t>(it - added.begin()));
        }
    }
    return out;
}

Status check_removable(const std::string& name, const std::vector<PackNeeds>& installed) {
    for (const PackNeeds& pack : installed) {
        if (pack.name != name && pack.requires_.packs.contains(name)) {
            return fail(
                ErrorKind::kConflict,
                "PackIsRequired",
                "The pack '" + pack.name + "' requires the pack '" + name + "'.",
                "Uninstall '" + pack.name + "' first."
            );
        }
    }
    return {};
}

}  // namespace tideway::pack
