// What the demos of both CRMs have in common.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/app/demo_world.h"

namespace tideway::app::demo {

struct Step {
    const char* what;  // a sentence that the line shows
    std::function<Status()> act;
};

// Does one after the other, and prints a line for each, with the time it took.
Status play(const std::vector<Step>& steps);

Status expect(bool holds, const std::string& otherwise);

// The text at a pointer, other values as JSON; empty when there is nothing.
std::string text_at(const Json& value, const char* pointer);

Status turn_on_all(DemoWorld& world);

// Runs Webhook Registration with the address of the pack's flow `receiver`.
Status register_webhook(DemoWorld& world, const std::string& pack, const std::string& receiver);

}  // namespace tideway::app::demo
