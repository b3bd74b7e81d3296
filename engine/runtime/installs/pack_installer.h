// Installs, upgrades and removes packs: what is delivered is accepted, checked and tried before it
// becomes live, and what is live is published.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/pack/merge.h"
#include "engine/pack/requirements.h"
#include "engine/pack/shelf.h"
#include "engine/pack/trust.h"
#include "engine/runtime/cases/case_runner.h"
#include "engine/store/store.h"

namespace tideway::runtime {

struct InstallerServices {
    std::filesystem::path folder;                 // of the shelf
    std::vector<ConnectorText> connectors;        // what packs may use
    std::map<std::string, pack::Files> built_in;  // packs that come with the program, by name
    std::string engine_version;
    store::Store* store = nullptr;  // knows which flows are on
    const Clock* clock = nullptr;
    // Called with a pack that has become live, its folder, and who did it; null: the next start
    // publishes.
    std::function<
        Status(const pack::Installed&, const std::string& folder, const std::string& person)>
        publish{};
    // Whether the live files of a pack are what is published; null: nobody knows of drafts.
    std::function<Status(const std::string& pack)> check_published{};
};

// A pack that somebody wants here: its file's bytes, or the name of one that is built in.
struct PackOffer {
    std::string bytes;
    std::string built_in;
};

// What an upgrade did, would do, or what keeps it from happening.
struct UpgradeReport {
    enum class State { kUpgraded, kPlanned, kBlocked };

    State state = State::kUpgraded;
    std::string pack;
    pack::Version from;
    pack::Version to;
    pack::PackMerge merge;
    std::vector<std::string> problems;  // of checks and cases
    int cases_passed = 0;
};

enum class UpgradeMode { kPlan, kApply };

// Thread: one at a time. Everything blocks.
class PackInstaller {
  public:
    explicit PackInstaller(InstallerServices services)
        : services_(std::move(services)),
          shelf_(services_.folder) {}

    const InstallerServices& services() const { return services_; }

    Result<std::vector<pack::Installed>> list() const { return shelf_.list(); }

    // Live files that are not as they were delivered.
    Result<std::vector<std::string>> edited_files(const pack::Installed& pack) const;

    // The live packs' folders, to publish from; those that were edited and may not be are errors.
    Result<std::string> live_folder(const pack::Installed& pack) const;

    // All or none of them, in the order in which they require each other.
    Result<std::vector<pack::Installed>> install(
        const std::vector<PackOffer>& offers, pack::Unsigned without, const std::string& person
    );
    Result<UpgradeReport> upgrade(
        const PackOffer& offer,
        pack::Unsigned without,
        const pack::Resolutions& resolutions,
        UpgradeMode mode,
        const std::string& person
    );
    Result<pack::Installed> roll_back(const std::string& name, const std::string& person);
    Result<pack::Installed> customise(const std::string& name);
    // Code "PackFlowsOn" while one of its flows is on.
    Result<pack::Installed> uninstall(const std::string& name);
    Result<pack::Installed> copy(
        const std::string& name, const std::string& as, const std::string& person
    );

    // What an exported pack is called other than the installed one; empty: as it is.
    struct ExportAs {
        std::string version;
        std::string publisher;
        pack::Editing editing = pack::Editing::kAllowed;
    };

    // Of what is published: a draft stays where it is.
    Result<pack::PackFile> export_pack(const std::string& name, const ExportAs& as) const;

    Result<pack::Trust> trust() const;
    Result<pack::TrustedKey> trust_key(
        const std::string& publisher, std::string_view pem, const std::string& person
    );
    Result<pack::TrustedKey> distrust_key(const std::string& id);

  private:
    struct Accepted {
        pack::PackFile file;
        pack::Origin origin;
    };

    // What an upgrade would make of the live files, and those as they were then.
    struct LocalMerge {
        UpgradeReport report;
        pack::Files local;
    };

    Result<LocalMerge> merge_with_local(
        const pack::Installed& installed,
        const pack::PackFile& vendor,
        const pack::Resolutions& resolutions
    ) const;
    Status check_still_as(const std::string& name, const pack::Files& files) const;
    Result<Accepted> accept(
        const PackOffer& offer, pack::Unsigned without, const std::string& person
    ) const;
    pack::Origin origin(const std::string& source, const std::string& person) const;
    Result<std::vector<std::size_t>> order_of(const std::vector<Accepted>& packs) const;
    Result<std::vector<pack::PackNeeds>> installed_needs() const;
    Result<std::vector<std::string>> flows_on(const std::string& pack) const;
    Status check_flows_go_on(const std::string& pack, const pack::Files& files) const;
    Status check_newer(const pack::Installed& installed, const pack::Manifest& offered) const;
    Status check_staged(const pack::Shelf::Staged& staged) const;
    Status try_merged(const std::filesystem::path& folder, UpgradeReport& report) const;
    Status publish(const pack::Installed& pack, const std::string& person) const;
    Status check_published(const std::string& pack) const;

    InstallerServices services_;
    pack::Shelf shelf_;
};

// What is wrong with the flows of a pack folder, each a line with file and place; empty: nothing.
Result<std::vector<std::string>> check_pack(
    const Pack& pack, const std::vector<ConnectorText>& connectors
);

struct CaseTally {
    int passed = 0;
    std::vector<std::string> failed;  // each a line: which, where, expected and actual
};

Result<CaseTally> try_cases(
    const std::string& folder, const Pack& pack, const std::vector<ConnectorText>& connectors
);

}  // namespace tideway::runtime
