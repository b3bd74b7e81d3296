// A patch of events that is a Lua function, in a file that returns function(input, run).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/base/payload.h"
#include "engine/base/result.h"
#include "engine/model/run.h"
#include "engine/script/pure_function.h"

namespace tideway::runtime {

// The code of what goes wrong in the function: nothing is resubmitted then.
inline constexpr const char* kPatchFailed = "PatchFailed";

// Thread: one after the other.
class LuaPatch {
  public:
    LuaPatch(std::string file, std::string text)
        : file_(std::move(file)),
          text_(std::move(text)) {}

    // {"file":"fix.lua","text":"return function(input, run) ... end"}. Code
    // "InvalidRequestContent".
    static Result<std::shared_ptr<LuaPatch>> parse(const Json& json);
    Json to_json() const;

    // Which function it is, without what it says: {"file":"fix.lua","sha256":"..."}
    Json describe() const;

    // The event as the function gives it back. Code kPatchFailed.
    Result<Payload> apply(
        const model::EventRecord& event, const model::RunRecord& run, std::string_view flow
    );

  private:
    Result<Payload> call(const Payload& event, const Payload& facts);

    std::string file_;
    std::string text_;
    std::unique_ptr<script::PureFunction> function_;  // once it was called
};

}  // namespace tideway::runtime
