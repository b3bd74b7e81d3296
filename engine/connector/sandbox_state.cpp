#include "engine/connector/sandbox_state.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace tideway::connector {
namespace {

constexpr std::chrono::milliseconds kSaveDelay{200};

}  // namespace

SandboxState::SandboxState(Loop& loop, std::string file, std::function<Json()> state)
    : loop_(loop),
      file_(std::move(file)),
      state_(std::move(state)) {}

SandboxState::~SandboxState() {
    if (is_unsaved_) {
        save();
    }
}

Status SandboxState::load(const std::function<Status(const Json&)>& take) {
    if (file_.empty() || !std::filesystem::exists(file_)) {
        return {};
    }
    std::ifstream file(file_, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    const auto saved = parse_json(text.str(), "the sandbox's state file");
    Status taken = saved ? take(*saved) : tl::unexpected<Error>(saved.error());
    if (!taken) {
        taken.error().message = file_ + ": " + taken.error().message;
        file_.clear();
    }
    return taken;
}

void SandboxState::changed() {
    if (file_.empty() || is_unsaved_) {
        return;
    }
    is_unsaved_ = true;
    timer_ = loop_.after(kSaveDelay, [this] { save(); });
}

// Written beside and renamed, so that a crash leaves the old state.
void SandboxState::save() {
    is_unsaved_ = false;
    const std::string draft = file_ + ".new";
    std::ofstream file(draft, std::ios::binary | std::ios::trunc);
    file << dump(state_());
    file.close();
    if (file.fail()) {
        return;
    }
    std::error_code error;
    std::filesystem::rename(draft, file_, error);
}

}  // namespace tideway::connector
