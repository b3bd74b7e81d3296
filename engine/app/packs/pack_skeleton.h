// What `pack new` writes: a small pack that works, with a case that shows it.
#pragma once

#include <string>

#include "engine/pack/entry_name.h"

namespace tideway::app {

struct SkeletonPlan {
    std::string name;
    std::string title;
    std::string publisher;
};

pack::Files pack_skeleton(const SkeletonPlan& plan);

}  // namespace tideway::app
