// Revisions of packs in the store: the command that adds one, and the queries.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/model/flow.h"
#include "engine/model/revision.h"
#include "engine/model/run.h"

namespace tideway::store {

// One more revision of a pack: its files, and a version of each of its flows. Of kind Published:
// each flow has its version published with it, all or none.
struct PutRevision {
    struct Flow {
        model::FlowVersion version;  // by hash: stored once
        std::string title;
    };

    model::PackRevision revision;  // id and number are given by the store
    model::PackFiles files;
    std::vector<Flow> flows;
};

// Thread: any, as Reader.
class RevisionReader {
  public:
    virtual ~RevisionReader() = default;

    // Newest first. Those that were only tried are no history.
    virtual Result<std::vector<model::PackRevision>> history(const std::string& pack) = 0;
    virtual Result<std::optional<model::PackRevision>> revision(
        const std::string& pack, int number
    ) = 0;
    // Of each pack that has been published, what is live.
    virtual Result<std::vector<model::PackRevision>> live() = 0;
    virtual Result<model::PackFiles> files(std::int64_t revision_id) = 0;
    // The version that a flow had; nothing: the pack had no such flow.
    virtual Result<std::optional<model::VersionId>> version_of(
        std::int64_t revision_id, const std::string& flow
    ) = 0;
};

}  // namespace tideway::store
