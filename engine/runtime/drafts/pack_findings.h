// What is wrong with a pack besides what its flows say one by one. Pure.
#pragma once

#include <vector>

#include "engine/runtime/pack.h"
#include "engine/script/outline.h"

namespace tideway::runtime {

// JSON files that are none, names that the pack does not have, and data that its schema refuses.
std::vector<script::Finding> pack_findings(const Pack& pack);

// An error about a file, with its place where the error's details have one.
script::Finding finding_of(const Error& error, const std::string& file);

}  // namespace tideway::runtime
