// What is wrong with the data files of a pack, such as its mapping: each value that does not fit is
// a finding of its own, with its place. Pure.
//
// pack.json says which schema a file has: "schemas": {"mapping.json": "schemas/mapping.json"}. The
// schema may name a Lua file for what schemas cannot say, "x-check": "lib/mapping_check.lua". That
// file returns function(data), which gives a list of
// {pointer =, message =, suggestion =, known =}: of `known`, names that there are, the one nearest
// to the value at the pointer is suggested.
#pragma once

#include <vector>

#include "engine/runtime/pack.h"
#include "engine/script/outline.h"

namespace tideway::runtime {

// Codes "schema", "data" and "data-check" (of a check that does not work).
std::vector<script::Finding> data_findings(const Pack& pack);

}  // namespace tideway::runtime
