// pack new|check|test|build|sign|verify: work on folders and files, without an environment.
#include <filesystem>
#include <iostream>

#include "engine/app/packs/pack_commands.h"
#include "engine/app/packs/pack_services.h"
#include "engine/app/packs/pack_skeleton.h"
#include "engine/app/packs/stubs.h"
#include "engine/base/digest.h"
#include "engine/pack/folder.h"
#include "engine/pack/pack_file.h"
#include "engine/pack/trust.h"

namespace tideway::app {

namespace {

namespace fs = std::filesystem;

struct NewOptions {
    SkeletonPlan plan;
    std::string folder;
};

Status make_new(const Globals& globals, NewOptions options) {
    SkeletonPlan& plan = options.plan;
    TIDEWAY_TRY(pack::check_pack_name(plan.name));
    plan.title = plan.title.empty() ? plan.name : plan.title;
    const fs::path folder = options.folder.empty() ? plan.name : options.folder;
    if (fs::exists(folder) && !fs::is_empty(folder)) {
        return fail(
            ErrorKind::kConflict,
            "FolderNotEmpty",
            "The folder " + folder.string() + " has something in it.",
            "Name one that there is not yet: tideway pack new " + plan.name + " --folder ..."
        );
    }
    TIDEWAY_TRY(pack::write_files(folder, pack_skeleton(plan)));
    TIDEWAY_TRY(write_stubs(folder));
    if (globals.json) {
        print_json({{"folder", folder.string()}, {"pack", plan.name}});
        return {};
    }
    std::cout << "The pack '" << plan.name << "' is in " << folder.string()
              << "; open that folder in the editor.\n"
              << "  tideway pack test " << folder.string() << "\n";
    return {};
}

// Everything that keeps a pack from being built, of its files, its flows and its cases.
Result<std::vector<std::string>> problems_of(const std::string& folder) {
    TIDEWAY_TRY_ASSIGN(const auto files, pack::read_source(folder));
    TIDEWAY_TRY(pack::describe(files, pack::Editing::kAllowed));
    TIDEWAY_TRY_ASSIGN(const auto pack, runtime::read_pack(folder));
    return runtime::check_pack(pack, connector_texts());
}

Status check(const Globals& globals, const std::string& folder) {
    TIDEWAY_TRY_ASSIGN(const auto problems, problems_of(folder));
    if (globals.json) {
        print_json({{"folder", folder}, {"problems", problems}});
        return problems.empty() ? Status() : failed_as_shown();
    }
    for (const std::string& problem : problems) {
        std::cout << problem << "\n";
    }
    if (!problems.empty()) {
        return fail(
            ErrorKind::kInvalidInput,
            "PackHasErrors",
            "The pack in " + folder + " has " + std::to_string(problems.size()) + " errors.",
            "Warnings too: tideway flows check " + folder
        );
    }
    std::cout << folder << ": ok\n";
    return {};
}

Status must_be_ready(const std::string& folder) {
    TIDEWAY_TRY_ASSIGN(auto problems, problems_of(folder));
    if (problems.empty()) {
        TIDEWAY_TRY_ASSIGN(const auto pack, runtime::read_pack(folder));
        TIDEWAY_TRY_ASSIGN(auto cases, runtime::try_cases(folder, pack, connector_texts()));
        problems = std::move(cases.failed);
    }
    if (problems.empty()) {
        return {};
    }
    Error error;
    error.kind = ErrorKind::kInvalidInput;
    error.code = "PackHasErrors";
    error.message = "The pack in " + folder + " has errors: " + problems.front();
    error.remedy = "See tideway pack check and tideway pack test.";
    error.details = dump({{"problems", problems}});
    return fail(std::move(error));
}

Status anybody(const pack::Manifest&, const std::optional<pack::Signature>&) {
    return {};
}

Status build(const Globals& globals, const std::string& folder, const std::string& out) {
    TIDEWAY_TRY(must_be_ready(folder));
    TIDEWAY_TRY_ASSIGN(auto files, pack::read_source(folder));
    TIDEWAY_TRY_ASSIGN(
        const auto file, pack::make_pack_file(std::move(files), pack::Editing::kAllowed)
    );
    TIDEWAY_TRY_ASSIGN(const std::string bytes, pack::write_pack_file(file));
    TIDEWAY_TRY(pack::read_pack_file(bytes, anybody));  // what nobody would take is not built
    const std::string version = to_string(file.manifest.version);
    const std::string path = out.empty() ? file.manifest.name + "-" + version + ".pack" : out;
    TIDEWAY_TRY(pack::replace_text(fs::absolute(path), bytes));
    const std::string digest = to_hex(sha256(bytes));
    if (globals.json) {
        print_json(
            {{"file", path},
             {"pack", file.manifest.name},
             {"version", version},
             {"bytes", bytes.size()},
             {"sha256", digest}}
        );
        return {};
    }
    std::cout << file.manifest.name << " " << version << " is in " << path << " ("
              << file.files.size() << " files, " << bytes.size() << " bytes).\n"
              << "  sha256 " << digest << "\n"
              << "  Nobody has signed it: tideway pack sign " << path << " --key private.pem\n";
    return {};
}

Status sign(const Globals& globals, const std::string& path, const std::string& key_file) {
    TIDEWAY_TRY_ASSIGN(const std::string bytes, pack::load_pack_bytes(path));
    TIDEWAY_TRY_ASSIGN(auto file, pack::read_pack_file(bytes, anybody));
    TIDEWAY_TRY_ASSIGN(std::string pem, pack::read_text(key_file));
    TIDEWAY_TRY_ASSIGN(file.signature, pack::sign(Secret(std::move(pem)), file.manifest_text));
    TIDEWAY_TRY_ASSIGN(const std::string signed_bytes, pack::write_pack_file(file));
    TIDEWAY_TRY(pack::replace_text(fs::absolute(path), signed_bytes));
    if (globals.json) {
        print_json({{"file", path}, {"key", file.signature->key.id()}});
    } else {
        std::cout << path << " is signed with the key " << file.signature->key.id() << ".\n";
    }
    return {};
}

struct VerifyOptions {
    std::string file;
    std::string key_file;
};

// With the key that was named, or those that the environment trusts.
Result<pack::Trust> trusted_by(const Globals& globals, const VerifyOptions& options) {
    if (options.key_file.empty()) {
        return pack::Trust::read(globals.data_folder + "/packs/.trust.json");
    }
    return pack::Trust();
}

Status check_signer(
    const Globals& globals,
    const VerifyOptions& options,
    const pack::Manifest& manifest,
    const std::optional<pack::Signature>& signature
) {
    TIDEWAY_TRY_ASSIGN(auto trust, trusted_by(globals, options));
    if (!options.key_file.empty()) {
        TIDEWAY_TRY_ASSIGN(const std::string pem, pack::read_text(options.key_file));
        TIDEWAY_TRY_ASSIGN(const auto key, pack::read_public_key(pem));
        TIDEWAY_TRY(trust.add({manifest.publisher, key, {}, {}}));
    }
    return trust.check(manifest, signature, pack::Unsigned::kRefused);
}

Status verify(const Globals& globals, const VerifyOptions& options) {
    TIDEWAY_TRY_ASSIGN(const std::string bytes, pack::load_pack_bytes(options.file));
    TIDEWAY_TRY_ASSIGN(
        const auto file,
        pack::read_pack_file(
            bytes,
            [&](const pack::Manifest& manifest, const std::optional<pack::Signature>& signature) {
                return check_signer(globals, options, manifest, signature);
            }
        )
    );
    const pack::Manifest& manifest = file.manifest;
    if (globals.json) {
        print_json(
            {{"pack", manifest.name},
             {"version", to_string(manifest.version)},
             {"publisher", manifest.publisher},
             {"managed", manifest.editing == pack::Editing::kManaged},
             {"key", file.signature->key.id()},
             {"files", file.files.size()}}
        );
        return {};
    }
    std::cout << manifest.name << " " << to_string(manifest.version) << " of " << manifest.publisher
              << ", " << file.files.size() << " files, each as it was signed with "
              << file.signature->key.id() << ".\n";
    return {};
}

}  // namespace

void add_pack_author_commands(CLI::App& pack, Globals& globals, const Exit& exit) {
    auto fresh = std::make_shared<NewOptions>();
    fresh->plan.publisher = "My company";
    CLI::App* new_command = pack.add_subcommand("new", "Write a small pack to start from");
    new_command->add_option("name", fresh->plan.name, "Small letters, digits and _")->required();
    new_command->add_option("--folder", fresh->folder, "Where to; otherwise ./NAME");
    new_command->add_option("--title", fresh->plan.title, "What people read");
    new_command->add_option("--publisher", fresh->plan.publisher, "Whose pack it is");
    new_command->callback([&globals, fresh, exit] {
        exit(run_command(globals, [&] { return make_new(globals, *fresh); }));
    });
    auto folder = std::make_shared<std::string>();
    CLI::App* check_command = pack.add_subcommand("check", "Find what is wrong with a pack folder");
    check_command->add_option("folder", *folder, "Folder with pack.json")->required();
    check_command->callback([&globals, folder, exit] {
        exit(run_command(globals, [&] { return check(globals, *folder); }));
    });
    add_test_command(pack, globals, exit);
    auto file = std::make_shared<std::string>();
    CLI::App* build_command =
        pack.add_subcommand("build", "Check and test a pack folder, make one file of it");
    build_command->add_option("folder", *folder, "Folder with pack.json")->required();
    build_command->add_option("-o,--output", *file, "The file; otherwise ./NAME-VERSION.pack");
    build_command->callback([&globals, folder, file, exit] {
        exit(run_command(globals, [&] { return build(globals, *folder, *file); }));
    });
    auto key = std::make_shared<std::string>();
    CLI::App* sign_command = pack.add_subcommand("sign", "Sign a pack file with an Ed25519 key");
    sign_command->add_option("file", *file, "What pack build made")->required();
    sign_command->add_option("--key", *key, "Private key, PEM without passphrase")->required();
    sign_command->callback([&globals, file, key, exit] {
        exit(run_command(globals, [&] { return sign(globals, *file, *key); }));
    });
    auto what = std::make_shared<VerifyOptions>();
    CLI::App* verify_command =
        pack.add_subcommand("verify", "Look whether a pack file is whole and who signed it");
    verify_command->add_option("file", what->file, "A pack file")->required();
    verify_command->add_option(
        "--key", what->key_file, "Public key, PEM; otherwise those that the environment trusts"
    );
    verify_command->callback([&globals, what, exit] {
        exit(run_command(globals, [&] { return verify(globals, *what); }));
    });
}

}  // namespace tideway::app
