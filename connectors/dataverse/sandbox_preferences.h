// The Prefer header of a request. Thread: any (a value).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "connectors/dataverse/sandbox_view.h"
#include "engine/http/message.h"

namespace tideway::connectors::dataverse::sandbox {

struct Preferences {
    std::optional<std::size_t> page_size;  // odata.maxpagesize
    bool representation = false;           // return=representation
    bool track_changes = false;            // odata.track-changes
    bool continue_on_error = false;        // odata.continue-on-error
    std::string annotations_text;          // odata.include-annotations
    Annotations annotations;

    // Several Prefer fields, or several preferences joined with commas in one.
    static Preferences of(const http::Headers& headers);
};

}  // namespace tideway::connectors::dataverse::sandbox
