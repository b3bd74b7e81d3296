#include "engine/runtime/installs/pack_installer.h"

#include <algorithm>
#include <utility>

namespace tideway::runtime {

using pack::Files;
using pack::Installed;

namespace {

tl::unexpected<Error> is_installed(const std::string& name) {
    return fail(
        ErrorKind::kConflict,
        "PackIsInstalled",
        "The pack '" + name + "' is installed already.",
        "A newer version is put in with: tideway pack upgrade"
    );
}

// pack.json with other values under some keys; its form is kept as far as a parser can.
Result<Files> with_identity(Files files, const std::map<std::string, std::string>& values) {
    auto manifest =
        nlohmann::ordered_json::parse(files["pack.json"], nullptr, /*allow_exceptions=*/false);
    if (!manifest.is_object()) {
        return fail(ErrorKind::kInvalidInput, "InvalidPack", "pack.json cannot be read.");
    }
    bool is_changed = false;
    for (const auto& [key, value] : values) {
        if (!value.empty() && manifest.value(key, "") != value) {
            manifest[key] = value;
            is_changed = true;
        }
    }
    if (is_changed) {
        files["pack.json"] = manifest.dump(2) + "\n";
    }
    return files;
}

}  // namespace

Result<std::vector<std::string>> PackInstaller::edited_files(const Installed& pack) const {
    TIDEWAY_TRY_ASSIGN(const pack::PackFile vendor, shelf_.vendor(pack));
    TIDEWAY_TRY_ASSIGN(const pack::Folder live, shelf_.live(pack.name));
    const auto merged = pack::merge_packs(vendor.files, live.files, vendor.files, {});
    std::vector<std::string> out;
    for (const pack::FileChange& change : merged.changes) {
        out.push_back(change.file);
    }
    return out;
}

Result<std::string> PackInstaller::live_folder(const Installed& pack) const {
    if (!pack.may_be_edited()) {
        TIDEWAY_TRY_ASSIGN(const auto edited, edited_files(pack));
        if (!edited.empty()) {
            return fail(
                ErrorKind::kForbidden,
                "PackIsManaged",
                "The pack '" + pack.name + "' is managed, and its file '" + edited.front() +
                    "' was edited.",
                "Take the edit back, or open it for edits: tideway pack customise " + pack.name
            );
        }
    }
    return shelf_.live_folder(pack.name).string();
}

pack::Origin PackInstaller::origin(const std::string& source, const std::string& person) const {
    pack::Origin out;
    out.source = source;
    out.person = person;
    out.at = format_utc(services_.clock->now());
    return out;
}

Result<PackInstaller::Accepted> PackInstaller::accept(
    const PackOffer& offer, pack::Unsigned without, const std::string& person
) const {
    if (!offer.built_in.empty()) {
        const auto found = services_.built_in.find(offer.built_in);
        if (found == services_.built_in.end()) {
            return fail(
                ErrorKind::kNotFound,
                "PackNotFound",
                "'" + offer.built_in + "' is neither a file nor a pack that is built in.",
                "List those that are with: tideway pack list --available"
            );
        }
        TIDEWAY_TRY_ASSIGN(
            pack::PackFile file, pack::make_pack_file(found->second, pack::Editing::kAllowed)
        );
        return Accepted{std::move(file), origin("built in", person)};
    }
    TIDEWAY_TRY_ASSIGN(const pack::Trust trusted, trust());
    TIDEWAY_TRY_ASSIGN(
        pack::PackFile file,
        pack::read_pack_file(
            offer.bytes,
            [&](const pack::Manifest& manifest, const std::optional<pack::Signature>& signature) {
                return trusted.check(manifest, signature, without);
            }
        )
    );
    Accepted out{std::move(file), origin("file", person)};
    out.origin.signer = out.file.signature ? out.file.signature->key.id() : "";
    return out;
}

Result<std::vector<pack::PackNeeds>> PackInstaller::installed_needs() const {
    TIDEWAY_TRY_ASSIGN(const auto installed, shelf_.list());
    std::vector<pack::PackNeeds> out;
    for (const Installed& pack : installed) {
        out.push_back({pack.name, pack.version, pack.requires_});
    }
    return out;
}

Result<std::vector<std::size_t>> PackInstaller::order_of(const std::vector<Accepted>& packs) const {
    TIDEWAY_TRY_ASSIGN(const auto installed, installed_needs());
    TIDEWAY_TRY_ASSIGN(
        const auto engine, pack::parse_version(services_.engine_version, "this program's version")
    );
    std::vector<pack::PackNeeds> added;
    for (const Accepted& pack : packs) {
        added.push_back(needs_of(pack.file.manifest));
    }
    return pack::install_order(added, installed, engine);
}

Result<std::vector<Installed>> PackInstaller::install(
    const std::vector<PackOffer>& offers, pack::Unsigned without, const std::string& person
) {
    std::vector<Accepted> packs;
    for (const PackOffer& offer : offers) {
        TIDEWAY_TRY_ASSIGN(Accepted pack, accept(offer, without, person));
        if (shelf_.has(pack.file.manifest.name)) {
            return is_installed(pack.file.manifest.name);
        }
        packs.push_back(std::move(pack));
    }
    TIDEWAY_TRY_ASSIGN(const auto order, order_of(packs));
    TIDEWAY_TRY_ASSIGN(const auto use, shelf_.use());
    std::vector<pack::Shelf::Staged> staged;
    for (const std::size_t index : order) {
        const Accepted& pack = packs[index];
        TIDEWAY_TRY_ASSIGN(auto one, shelf_.stage(use, pack.file, pack.file.files, pack.origin));
        TIDEWAY_TRY(check_staged(one));
        staged.push_back(std::move(one));
    }
    std::vector<Installed> out;
    for (pack::Shelf::Staged& one : staged) {
        out.push_back(one.pack());
        TIDEWAY_TRY(shelf_.go_live(use, std::move(one)));
    }
    for (const Installed& pack : out) {
        TIDEWAY_TRY(publish(pack, person));
    }
    return out;
}

Status PackInstaller::check_staged(const pack::Shelf::Staged& staged) const {
    TIDEWAY_TRY_ASSIGN(const Pack pack, read_pack(staged.files_folder().string()));
    TIDEWAY_TRY_ASSIGN(const auto problems, check_pack(pack, services_.connectors));
    if (problems.empty()) {
        return {};
    }
    auto out = fail(
        ErrorKind::kInvalidInput,
        "PackHasErrors",
        "The pack '" + pack.name + "' has errors: " + problems.front(),
        "Ask its publisher for a version that fits this program."
    );
    out.value().details = dump({{"problems", problems}});
    return out;
}

Status PackInstaller::check_newer(const Installed& installed, const pack::Manifest& offered) const {
    if (installed.publisher != offered.publisher) {
        return fail(
            ErrorKind::kForbidden,
            "PackOfAnotherPublisher",
            "The installed pack '" + installed.name + "' is of '" + installed.publisher +
                "', this one of '" + offered.publisher + "'.",
            "Uninstall the one, then install the other, if that is meant."
        );
    }
    if (compare(offered.version, installed.version) > 0) {
        return {};
    }
    return fail(
        ErrorKind::kConflict,
        "PackNotNewer",
        "The pack '" + installed.name + "' is installed in version " +
            to_string(installed.version) + "; this is " + to_string(offered.version) + ".",
        "Go back to the version before with: tideway pack rollback " + installed.name
    );
}

Result<std::vector<std::string>> PackInstaller::flows_on(const std::string& pack) const {
    TIDEWAY_TRY_ASSIGN(const auto rows, services_.store->reader().flows());
    std::vector<std::string> out;
    for (const store::FlowRow& row : rows) {
        if (row.pack == pack && row.state == model::FlowState::kOn) {
            out.push_back(row.name);
        }
    }
    return out;
}

Status PackInstaller::check_flows_go_on(const std::string& pack, const Files& files) const {
    TIDEWAY_TRY_ASSIGN(const auto names, flows_on(pack));
    for (const std::string& flow : names) {
        if (!files.contains(flow + ".lua")) {
            return fail(
                ErrorKind::kConflict,
                "PackFlowsOn",
                "The flow '" + pack + "/" + flow + "' is on, and would be gone.",
                "Turn it off first: tideway flows off " + pack + "/" + flow
            );
        }
    }
    return {};
}

Status PackInstaller::try_merged(const std::filesystem::path& folder, UpgradeReport& report) const {
    TIDEWAY_TRY_ASSIGN(const Pack pack, read_pack(folder.string()));
    TIDEWAY_TRY_ASSIGN(report.problems, check_pack(pack, services_.connectors));
    if (!report.problems.empty()) {
        return {};
    }
    TIDEWAY_TRY_ASSIGN(CaseTally cases, try_cases(folder.string(), pack, services_.connectors));
    report.cases_passed = cases.passed;
    report.problems = std::move(cases.failed);
    return {};
}

Result<PackInstaller::LocalMerge> PackInstaller::merge_with_local(
    const Installed& installed, const pack::PackFile& vendor, const pack::Resolutions& resolutions
) const {
    TIDEWAY_TRY(live_folder(installed));
    TIDEWAY_TRY_ASSIGN(const pack::PackFile base, shelf_.vendor(installed));
    TIDEWAY_TRY_ASSIGN(pack::Folder local, shelf_.live(installed.name));
    LocalMerge out;
    out.report.state = UpgradeReport::State::kBlocked;
    out.report.pack = installed.name;
    out.report.from = installed.version;
    out.report.to = vendor.manifest.version;
    out.report.merge = pack::merge_packs(base.files, local.files, vendor.files, resolutions);
    out.local = std::move(local.files);
    return out;
}

Status PackInstaller::check_still_as(const std::string& name, const Files& files) const {
    TIDEWAY_TRY_ASSIGN(const pack::Folder now, shelf_.live(name));
    if (now.files == files) {
        return {};
    }
    return fail(
        ErrorKind::kConflict,
        "PackEditedMeanwhile",
        "Somebody edited the pack '" + name + "' while it was being upgraded.",
        "Repeat the command."
    );
}

Result<UpgradeReport> PackInstaller::upgrade(
    const PackOffer& offer,
    pack::Unsigned without,
    const pack::Resolutions& resolutions,
    UpgradeMode mode,
    const std::string& person
) {
    std::vector<Accepted> packs(1);
    TIDEWAY_TRY_ASSIGN(packs.front(), accept(offer, without, person));
    const pack::PackFile& vendor = packs.front().file;
    TIDEWAY_TRY_ASSIGN(const Installed installed, shelf_.find(vendor.manifest.name));
    TIDEWAY_TRY(check_newer(installed, vendor.manifest));
    TIDEWAY_TRY(order_of(packs));
    TIDEWAY_TRY_ASSIGN(const auto use, shelf_.use());
    TIDEWAY_TRY(check_published(installed.name));
    TIDEWAY_TRY_ASSIGN(LocalMerge merged, merge_with_local(installed, vendor, resolutions));
    UpgradeReport& report = merged.report;
    if (!report.merge.conflicts.empty()) {
        return std::move(report);
    }
    TIDEWAY_TRY(check_flows_go_on(installed.name, report.merge.files));
    TIDEWAY_TRY_ASSIGN(
        auto staged, shelf_.stage(use, vendor, report.merge.files, packs.front().origin)
    );
    TIDEWAY_TRY(try_merged(staged.files_folder(), report));
    if (!report.problems.empty()) {
        return std::move(report);
    }
    if (mode == UpgradeMode::kPlan) {
        report.state = UpgradeReport::State::kPlanned;
        return std::move(report);
    }
    TIDEWAY_TRY(check_still_as(installed.name, merged.local));
    const Installed next = staged.pack();
    TIDEWAY_TRY(shelf_.go_live(use, std::move(staged)));
    TIDEWAY_TRY(publish(next, person));
    report.state = UpgradeReport::State::kUpgraded;
    return std::move(report);
}

Result<Installed> PackInstaller::roll_back(const std::string& name, const std::string& person) {
    TIDEWAY_TRY_ASSIGN(const auto use, shelf_.use());
    TIDEWAY_TRY_ASSIGN(const Installed before, shelf_.previous(name));
    TIDEWAY_TRY_ASSIGN(const pack::Folder files, shelf_.files_of(before));
    TIDEWAY_TRY(check_flows_go_on(name, files.files));
    TIDEWAY_TRY(check_published(name));
    TIDEWAY_TRY(shelf_.roll_back(use, name));
    TIDEWAY_TRY(publish(before, person));
    return before;
}

Result<Installed> PackInstaller::customise(const std::string& name) {
    TIDEWAY_TRY_ASSIGN(const auto use, shelf_.use());
    TIDEWAY_TRY(shelf_.customise(use, name));
    return shelf_.find(name);
}

Result<Installed> PackInstaller::uninstall(const std::string& name) {
    TIDEWAY_TRY_ASSIGN(const auto use, shelf_.use());
    TIDEWAY_TRY_ASSIGN(Installed installed, shelf_.find(name));
    TIDEWAY_TRY_ASSIGN(const auto others, installed_needs());
    TIDEWAY_TRY(pack::check_removable(name, others));
    TIDEWAY_TRY(check_flows_go_on(name, {}));
    TIDEWAY_TRY(shelf_.remove(use, name));
    return installed;
}

Result<Installed> PackInstaller::copy(
    const std::string& name, const std::string& as, const std::string& person
) {
    TIDEWAY_TRY_ASSIGN(const auto use, shelf_.use());
    TIDEWAY_TRY(shelf_.find(name));
    TIDEWAY_TRY(pack::check_pack_name(as));
    if (shelf_.has(as)) {
        return is_installed(as);
    }
    TIDEWAY_TRY_ASSIGN(pack::Folder live, shelf_.live(name));
    TIDEWAY_TRY_ASSIGN(Files files, with_identity(std::move(live.files), {{"name", as}}));
    TIDEWAY_TRY_ASSIGN(
        const pack::PackFile file, pack::make_pack_file(std::move(files), pack::Editing::kAllowed)
    );
    TIDEWAY_TRY_ASSIGN(
        auto staged, shelf_.stage(use, file, file.files, origin("copy of " + name, person))
    );
    Installed out = staged.pack();
    TIDEWAY_TRY(shelf_.go_live(use, std::move(staged)));
    TIDEWAY_TRY(publish(out, person));
    return out;
}

Result<pack::PackFile> PackInstaller::export_pack(const std::string& name, const ExportAs& as)
    const {
    TIDEWAY_TRY_ASSIGN(const Installed installed, shelf_.find(name));
    TIDEWAY_TRY(check_published(name));
    TIDEWAY_TRY_ASSIGN(const auto edited, edited_files(installed));
    if (!edited.empty() && as.version.empty()) {
        return fail(
            ErrorKind::kConflict,
            "PackIsEdited",
            "The pack '" + name + "' was edited here (" + edited.front() +
                "), so that it is no longer version " + to_string(installed.version) + ".",
            "Say which version it shall be: --version"
        );
    }
    TIDEWAY_TRY_ASSIGN(pack::Folder live, shelf_.live(name));
    TIDEWAY_TRY_ASSIGN(
        Files files,
        with_identity(std::move(live.files), {{"version", as.version}, {"publisher", as.publisher}})
    );
    return pack::make_pack_file(std::move(files), as.editing);
}

Result<pack::Trust> PackInstaller::trust() const {
    return pack::Trust::read(shelf_.trust_file());
}

Result<pack::TrustedKey> PackInstaller::trust_key(
    const std::string& publisher, std::string_view pem, const std::string& person
) {
    TIDEWAY_TRY_ASSIGN(const auto use, shelf_.use());
    TIDEWAY_TRY_ASSIGN(auto keys, trust());
    pack::TrustedKey key;
    TIDEWAY_TRY_ASSIGN(key.key, pack::read_public_key(pem));
    key.publisher = publisher;
    key.person = person;
    key.added = format_utc(services_.clock->now());
    TIDEWAY_TRY(keys.add(key));
    TIDEWAY_TRY(keys.write(shelf_.trust_file()));
    return key;
}

Result<pack::TrustedKey> PackInstaller::distrust_key(const std::string& id) {
    TIDEWAY_TRY_ASSIGN(const auto use, shelf_.use());
    TIDEWAY_TRY_ASSIGN(auto keys, trust());
    TIDEWAY_TRY_ASSIGN(pack::TrustedKey out, keys.remove(id));
    TIDEWAY_TRY(keys.write(shelf_.trust_file()));
    return out;
}

Status PackInstaller::publish(const Installed& pack, const std::string& person) const {
    if (!services_.publish) {
        return {};
    }
    return services_.publish(pack, shelf_.live_folder(pack.name).string(), person);
}

Status PackInstaller::check_published(const std::string& pack) const {
    return services_.check_published ? services_.check_published(pack) : Status();
}

}  // namespace tideway::runtime
