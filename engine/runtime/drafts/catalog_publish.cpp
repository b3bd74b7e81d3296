// FlowCatalog: packs are checked, shown as drafts, and published whole.
#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "engine/runtime/drafts/finding_json.h"
#include "engine/runtime/drafts/pack_findings.h"
#include "engine/runtime/flow_catalog.h"

namespace tideway::runtime {

using model::FlowVersion;
using model::PackRevision;
using model::RevisionKind;
using script::Finding;

namespace {

bool is_error(const Finding& finding) {
    return finding.severity == Finding::Severity::kError;
}

// A library's findings come with each flow that requires it.
std::vector<Finding> each_once(std::vector<Finding> findings) {
    std::set<std::tuple<std::string, int, int, std::string, std::string>> seen;
    std::erase_if(findings, [&seen](const Finding& finding) {
        return !seen.emplace(
                        finding.file, finding.line, finding.column, finding.code, finding.message
        )
                    .second;
    });
    return findings;
}

Error pack_has_errors(const CheckedPack& checked) {
    const auto errors = std::ranges::count_if(checked.findings, is_error);
    Error error;
    error.kind = ErrorKind::kInvalidInput;
    error.code = "PackHasErrors";
    error.message = "The pack '" + checked.pack.name +
                    "' is not published: " + std::to_string(errors) +
                    (errors == 1 ? " error." : " errors.");
    error.remedy = "Correct what is listed; nothing of the pack was published.";
    error.details = dump(Json{{"findings", to_json(checked.findings)}});
    return error;
}

}  // namespace

bool CheckedPack::has_errors() const {
    return std::ranges::any_of(findings, is_error);
}

FlowVersion FlowCatalog::version_of(const Pack& pack, const std::string& flow) const {
    FlowVersion version;
    version.pack = pack.name;
    version.pack_version = pack.version;
    version.flow = flow;
    version.files = pack.files_of(flow);
    for (const PackReference& reference : pack.references) {
        if (const auto* spec = registry_.spec(reference.connector)) {
            version.spec_hashes[spec->id] = spec->hash;
        }
    }
    return version;
}

CheckedPack::Flow FlowCatalog::check_flow(const Pack& pack, const std::string& flow) const {
    CheckedPack::Flow out;
    out.name = flow;
    auto prepared = prepare(version_of(pack, flow));
    if (!prepared) {
        // Reading the text finds more than running it, and says where.
        std::map<std::string, const model::ConnectorSpec*> connections;
        for (const PackReference& reference : pack.references) {
            if (const auto* spec = registry_.spec(reference.connector)) {
                connections[reference.name] = spec;
            }
        }
        out.findings = script::analyse(flow + ".lua", pack.files_of(flow), &connections).findings;
        if (std::ranges::none_of(out.findings, is_error)) {
            out.findings.push_back(finding_of(prepared.error(), flow + ".lua"));
        }
        return out;
    }
    out.findings = (*prepared)->analysis.findings;
    if (std::ranges::any_of(out.findings, is_error)) {
        return out;
    }
    LoadedVersion& loaded = **prepared;
    loaded.version.hash = model::content_hash(
        loaded.version,
        loaded.declaration.children.empty() ? "" : model::files_hash(pack.flow_files())
    );
    out.loaded = std::move(*prepared);
    return out;
}

CheckedPack FlowCatalog::check(Pack pack) const {
    CheckedPack out;
    out.findings = pack_findings(pack);
    for (const std::string& flow : pack.flows) {
        CheckedPack::Flow checked = check_flow(pack, flow);
        std::ranges::copy_if(
            out.findings,
            std::back_inserter(checked.findings),
            [&flow](const Finding& finding) { return finding.file == flow + ".lua"; }
        );
        out.flows.push_back(std::move(checked));
    }
    for (const CheckedPack::Flow& flow : out.flows) {
        out.findings.insert(out.findings.end(), flow.findings.begin(), flow.findings.end());
    }
    {
        const Lock lock(mutex_);
        for (const FlowEntry& entry : entries_) {
            if (entry.row.pack != pack.name || entry.row.state != model::FlowState::kOn ||
                pack.has_flow(entry.row.name)) {
                continue;
            }
            Finding finding;
            finding.code = "flow-is-on";
            finding.file = entry.row.name + ".lua";
            finding.message = "the file is gone, and the flow '" + entry.row.name + "' is on";
            finding.suggestion =
                "Turn it off first: tideway flows off " + pack.name + "/" + entry.row.name;
            out.findings.push_back(std::move(finding));
        }
    }
    out.findings = each_once(std::move(out.findings));
    out.pack = std::move(pack);
    return out;
}

// Flows that were never published have a row, too: somebody has to be told what is wrong with them.
Status FlowCatalog::know_flows(const CheckedPack& checked) {
    store::Batch batch;
    {
        const Lock lock(mutex_);
        for (const CheckedPack::Flow& flow : checked.flows) {
            if (find_entry(checked.pack.name, flow.name) != nullptr) {
                continue;
            }
            store::PutFlow put;
            put.pack = checked.pack.name;
            put.name = flow.name;
            put.title = flow.loaded ? flow.loaded->declaration.title : flow.name;
            batch.commands.emplace_back(std::move(put));
        }
    }
    if (batch.commands.empty()) {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(const auto outcomes, submit_blocking(store_, batch));
    const Lock lock(mutex_);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const auto& put = std::get<store::PutFlow>(batch.commands[i]);
        FlowEntry& entry = entries_.emplace_back();
        entry.row.id = outcomes[i].id;
        entry.row.pack = put.pack;
        entry.row.name = put.name;
        entry.row.title = put.title;
    }
    return {};
}

Status FlowCatalog::put_draft(const CheckedPack& checked) {
    TIDEWAY_TRY(know_flows(checked));
    {
        const Lock lock(mutex_);
        packs_[checked.pack.name].draft = checked.pack;
        for (FlowEntry& entry : entries_) {
            if (entry.row.pack == checked.pack.name) {
                const auto flow =
                    std::ranges::find(checked.flows, entry.row.name, &CheckedPack::Flow::name);
                entry.problems =
                    flow == checked.flows.end() ? std::vector<Finding>() : flow->findings;
            }
        }
        mark_drafts(checked.pack.name);
    }
    changed();
    return {};
}

void FlowCatalog::mark_drafts(const std::string& pack) {
    const PackState& state = packs_[pack];
    const auto files = [](const std::optional<Pack>& side, const std::string& flow) {
        return side && side->has_flow(flow) ? side->files_of(flow) : model::PackFiles();
    };
    for (FlowEntry& entry : entries_) {
        if (entry.row.pack == pack) {
            entry.has_draft = state.draft && files(state.draft, entry.row.name) !=
                                                 files(state.published, entry.row.name);
        }
    }
}

Result<PackRevision> FlowCatalog::store_revision(
    const CheckedPack& checked, RevisionKind kind, const Publication& publication
) {
    store::PutRevision put;
    put.revision.pack = checked.pack.name;
    put.revision.kind = kind;
    put.revision.hash = model::files_hash(checked.pack.files);
    put.revision.pack_version = checked.pack.version;
    put.revision.person = publication.person;
    put.revision.note = publication.note;
    put.revision.at = publication.at;
    put.files = checked.pack.files;
    for (const CheckedPack::Flow& flow : checked.flows) {
        if (!flow.loaded) {
            continue;
        }
        store::PutRevision::Flow kept;
        kept.version = flow.loaded->version;
        kept.version.created = publication.at;
        kept.title = flow.loaded->declaration.title;
        put.flows.push_back(std::move(kept));
    }
    PackRevision revision = put.revision;
    TIDEWAY_TRY_ASSIGN(const auto outcomes, submit_blocking(store_, {{std::move(put)}}));
    revision.id = outcomes.front().id;
    revision.number = static_cast<int>(outcomes.front().count);
    return revision;
}

Result<PackRevision> FlowCatalog::publish(
    const CheckedPack& checked, const Publication& publication
) {
    if (checked.has_errors()) {
        return fail(pack_has_errors(checked));
    }
    TIDEWAY_TRY(know_flows(checked));
    TIDEWAY_TRY_ASSIGN(
        PackRevision revision, store_revision(checked, RevisionKind::kPublished, publication)
    );
    TIDEWAY_TRY(take_up(checked, revision));
    changed();
    return revision;
}

// What the store has is in memory now: all flows of the pack at once.
Status FlowCatalog::take_up(const CheckedPack& checked, const PackRevision& revision) {
    TIDEWAY_TRY_ASSIGN(const auto rows, store_.reader().flows());
    std::vector<std::shared_ptr<LoadedVersion>> loaded;
    for (const CheckedPack::Flow& flow : checked.flows) {
        TIDEWAY_TRY_ASSIGN(
            const auto id, store_.reader().revisions().version_of(revision.id, flow.name)
        );
        flow.loaded->version.id = id.value_or(0);
        flow.loaded->version.revision_id = revision.id;
        TIDEWAY_TRY(find_children(*flow.loaded));
        loaded.push_back(flow.loaded);
    }
    const Lock lock(mutex_);
    PackState& state = packs_[checked.pack.name];
    state.published = checked.pack;
    state.live = revision;
    for (const store::FlowRow& row : rows) {
        const auto of_row = std::ranges::find_if(loaded, [&row](const auto& version) {
            return version->version.pack == row.pack && version->version.flow == row.name;
        });
        FlowEntry* entry = find_entry(row.pack, row.name);
        if (of_row == loaded.end() || entry == nullptr) {
            continue;
        }
        entry->row.title = row.title;
        entry->row.published = row.published;
        entry->row.version_hash = row.version_hash;
        (*of_row)->flow_id = entry->row.id;
        versions_[row.published] = *of_row;
        entry->published = *of_row;
    }
    mark_drafts(checked.pack.name);
    return {};
}

Status FlowCatalog::renew(Timestamp at) {
    std::vector<Pack> renewed;
    for (const std::string& name : packs()) {
        const auto live = pack(name);
        if (!live) {
            continue;
        }
        const std::string children = model::files_hash(live->flow_files());
        const auto known = flows();
        const bool differs = std::ranges::any_of(known, [&](const FlowEntry& entry) {
            return entry.row.pack == name && entry.published && live->has_flow(entry.row.name) &&
                   entry.row.version_hash !=
                       model::content_hash(
                           version_of(*live, entry.row.name),
                           entry.published->declaration.children.empty() ? "" : children
                       );
        });
        if (differs) {
            renewed.push_back(*live);
        }
    }
    for (Pack& pack : renewed) {
        const CheckedPack checked = check(std::move(pack));
        if (!checked.has_errors()) {
            TIDEWAY_TRY(publish(
                checked, {"", "The program was renewed: it describes the connectors anew.", at}
            ));
        }
    }
    return {};
}

Result<FlowEntry> FlowCatalog::keep_draft(
    const CheckedPack& checked, const std::string& flow, const Publication& publication
) {
    const auto drafted = std::ranges::find(checked.flows, flow, &CheckedPack::Flow::name);
    if (drafted == checked.flows.end()) {
        return fail(
            ErrorKind::kNotFound,
            "WorkflowNotFound",
            "The draft of the pack '" + checked.pack.name + "' has no flow '" + flow + "'.",
            "List them with: tideway flows list"
        );
    }
    if (checked.has_errors()) {
        Error error = pack_has_errors(checked);
        error.message = "The draft cannot run: it has errors.";
        error.remedy = "Correct what is listed.";
        return fail(std::move(error));
    }
    TIDEWAY_TRY(put_draft(checked));
    TIDEWAY_TRY_ASSIGN(
        const PackRevision revision, store_revision(checked, RevisionKind::kTried, publication)
    );
    TIDEWAY_TRY_ASSIGN(const auto id, store_.reader().revisions().version_of(revision.id, flow));
    TIDEWAY_TRY_ASSIGN(FlowEntry entry, this->flow(checked.pack.name + "/" + flow));
    TIDEWAY_TRY_ASSIGN(entry.published, version(id.value_or(0)));
    entry.row.published = entry.published->version.id;
    return entry;
}

}  // namespace tideway::runtime
