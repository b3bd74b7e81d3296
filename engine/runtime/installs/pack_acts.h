// What people do with installed packs, as API and command line say it: JSON in, JSON out. What
// changes something is recorded with the person.
#pragma once

#include <span>
#include <string>

#include "engine/base/json.h"
#include "engine/runtime/installs/pack_installer.h"

namespace tideway::runtime {

struct PackAct {
    enum class Kind { kReads, kChanges };

    // What came of it, and what the record of administrative acts keeps of it.
    struct Outcome {
        Json answer;
        std::string object{};  // empty: nothing was changed
        Json before{};
        Json after{};
    };

    using Perform =
        Result<Outcome> (*)(PackInstaller&, const Json& body, const std::string& person);

    const char* name;  // "install": POST /packs/install
    Kind kind;
    Perform perform;
};

std::span<const PackAct> pack_acts();
// Null when there is none of that name.
const PackAct* find_pack_act(std::string_view name);

// Blocking.
Result<Json> perform_pack_act(
    const PackAct& act, PackInstaller& installer, const Json& body, const std::string& person
);

}  // namespace tideway::runtime
