// Whether packs find what they require, and in which order they are installed. Thread: any.
#pragma once

#include <string>
#include <vector>

#include "engine/pack/manifest.h"

namespace tideway::pack {

struct PackNeeds {
    std::string name;
    Version version;
    Requirements requires_;
};

PackNeeds needs_of(const Manifest& manifest);

// The indices of `added` so that each comes after those that it requires; packs of the same name in
// `installed` are replaced. Codes "PackNeedsEngine", "PackDependencyMissing",
// "PackDependencyCycle".
Result<std::vector<std::size_t>> install_order(
    const std::vector<PackNeeds>& added,
    const std::vector<PackNeeds>& installed,
    const Version& engine
);

// Code "PackIsRequired" when another installed pack requires it.
Status check_removable(const std::string& name, const std::vector<PackNeeds>& installed);

}  // namespace tideway::pack
