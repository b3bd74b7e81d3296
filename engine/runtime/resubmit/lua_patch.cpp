#include "engine/runtime/resubmit/lua_patch.h"

#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/digest.h"
#include "engine/model/journal_row.h"

namespace tideway::runtime {
namespace {

constexpr const char* kFile = "patch.lua";

tl::unexpected<Error> invalid(std::string message, std::string remedy) {
    return fail(
        ErrorKind::kInvalidInput, "InvalidRequestContent", std::move(message), std::move(remedy)
    );
}

// What the function may know of the run that is made again. Flat: what is absent is nil.
Payload facts_of(const model::RunRecord& run, std::string_view flow) {
    Json out = {{"id", run.uid.hex()}, {"flow", flow}, {"status", to_string(run.status)}};
    out["started"] = format_utc(run.started.value_or(run.created));
    if (!run.failed_step.empty()) {
        out["failed_step"] = run.failed_step;
    }
    if (!run.error.empty()) {
        const model::StepError error = model::parse_step_error(run.error.view());
        out["error_code"] = error.code;
        if (!run.is_secured) {
            out["error_message"] = error.message;
        }
    }
    return to_payload(out);
}

// "fix.lua:3: why" -> "fix.lua:3"
std::string place_in(const std::string& message, const std::string& file) {
    const std::size_t end =
        message.starts_with(file + ":") ? message.find(':', file.size() + 1) : std::string::npos;
    return end == std::string::npos ? file : message.substr(0, end);
}

}  // namespace

Result<std::shared_ptr<LuaPatch>> LuaPatch::parse(const Json& json) {
    const std::string file = string_or(json, "file", kFile);
    const std::string text = string_or(json, "text");
    if (text.empty()) {
        return invalid(
            "'patch_lua' has the text of a Lua file that returns a function.",
            R"(Such as {"file": "fix.lua", "text": "return function(input, run) ... end"}.)"
        );
    }
    if (!file.ends_with(".lua")) {
        return invalid("'" + file + "' is not the name of a Lua file.", "Such as fix.lua.");
    }
    return std::make_shared<LuaPatch>(file, text);
}

Json LuaPatch::to_json() const {
    return {{"file", file_}, {"text", text_}};
}

Json LuaPatch::describe() const {
    return {{"file", file_}, {"sha256", to_hex(sha256(text_))}};
}

Result<Payload> LuaPatch::apply(
    const model::EventRecord& event, const model::RunRecord& run, std::string_view flow
) {
    auto patched = call(event.payload, facts_of(run, flow));
    if (patched) {
        return patched;
    }
    // What an error says may be what the event says.
    const std::string& why = patched.error().message;
    return fail(
        ErrorKind::kInvalidInput,
        kPatchFailed,
        "The patch of the run " + run.uid.hex() + " has failed: " +
            (event.is_secured ? place_in(why, file_) + ": (not shown, the event is secured)" : why),
        "Correct the file, or leave the run out."
    );
}

Result<Payload> LuaPatch::call(const Payload& event, const Payload& facts) {
    if (function_ == nullptr || function_->is_lost()) {
        script::Program program;
        program.main_file = file_;
        program.files[file_] = text_;
        TIDEWAY_TRY_ASSIGN(function_, script::PureFunction::create(std::move(program)));
    }
    const Payload none("{}");
    TIDEWAY_TRY_ASSIGN(Payload out, function_->call({event.empty() ? none : event, facts}));
    if (out.empty()) {
        return fail(
            ErrorKind::kScript,
            kPatchFailed,
            file_ + ": the function gave nothing back; it ends with: return input"
        );
    }
    return out;
}

}  // namespace tideway::runtime
