#include "engine/model/flow.h"

#include "engine/base/digest.h"

namespace tideway::model {

std::string_view to_string(FlowState state) {
    switch (state) {
        case FlowState::kOff:
            return "Off";
        case FlowState::kOn:
            return "On";
        case FlowState::kSuspended:
            return "Suspended";
    }
    return "Off";
}

FlowState parse_flow_state(std::string_view text) {
    if (text == "On") {
        return FlowState::kOn;
    }
    return text == "Suspended" ? FlowState::kSuspended : FlowState::kOff;
}

std::string content_hash(const FlowVersion& version, std::string_view children) {
    std::string text;
    // Length before each part: no two different versions give the same text.
    const auto add = [&text](std::string_view part) {
        text += std::to_string(part.size());
        text += ':';
        text += part;
    };
    add(version.pack);
    add(version.pack_version);
    add(version.flow);
    for (const auto& [name, bytes] : version.files) {
        add(name);
        add(bytes);
    }
    for (const auto& [id, hash] : version.spec_hashes) {
        add(id);
        add(hash);
    }
    if (!children.empty()) {
        add(children);
    }
    return to_hex(sha256(text));
}

}  // namespace tideway::model
