#include "engine/pack/trust.h"

#include <algorithm>
#include <filesystem>

#include "engine/base/digest.h"
#include "engine/base/json.h"
#include "engine/pack/folder.h"

namespace tideway::pack {

namespace {

auto has_id(const std::string& id) {
    return [id](const TrustedKey& key) { return key.key.id() == id; };
}

}  // namespace

Result<Trust> Trust::read(const std::string& file) {
    Trust out;
    if (!std::filesystem::exists(file)) {
        return out;
    }
    TIDEWAY_TRY_ASSIGN(const std::string text, read_text(file));
    TIDEWAY_TRY_ASSIGN(const Json json, parse_json(text, file));
    const Json* keys = find(json, "keys");
    for (const Json& row : keys == nullptr ? Json::array() : *keys) {
        TrustedKey key;
        key.publisher = string_or(row, "publisher");
        key.key.bytes = from_base64(string_or(row, "key")).value_or("");
        key.person = string_or(row, "person");
        key.added = string_or(row, "added");
        out.keys_.push_back(std::move(key));
    }
    return out;
}

Status Trust::write(const std::string& file) const {
    Json keys = Json::array();
    for (const TrustedKey& key : keys_) {
        keys.push_back(
            {{"publisher", key.publisher},
             {"id", key.key.id()},
             {"key", to_base64(key.key.bytes)},
             {"person", key.person},
             {"added", key.added}}
        );
    }
    return replace_text(file, Json{{"keys", std::move(keys)}}.dump(2) + "\n");
}

Status Trust::add(TrustedKey key) {
    const auto known = std::ranges::find_if(keys_, has_id(key.key.id()));
    if (known != keys_.end()) {
        return fail(
            ErrorKind::kConflict,
            "KeyTrusted",
            "The key " + key.key.id() + " is trusted already, for '" + known->publisher + "'.",
            "tideway pack trust remove takes it back."
        );
    }
    keys_.push_back(std::move(key));
    return {};
}

Result<TrustedKey> Trust::remove(const std::string& id) {
    const auto known = std::ranges::find_if(keys_, has_id(id));
    if (known == keys_.end()) {
        return fail(
            ErrorKind::kNotFound,
            "KeyNotTrusted",
            "There is no trusted key " + id + ".",
            "List them with: tideway pack trust list"
        );
    }
    TrustedKey out = std::move(*known);
    keys_.erase(known);
    return out;
}

Status Trust::check(
    const Manifest& manifest, const std::optional<Signature>& signature, Unsigned without
) const {
    if (!signature) {
        return without == Unsigned::kAllowed
                   ? Status()
                   : fail(
                         ErrorKind::kForbidden,
                         "PackNotSigned",
                         "Nobody has signed the pack '" + manifest.name + "'.",
                         "Ask '" + manifest.publisher +
                             "' for a signed one, or say --allow-unsigned, which is recorded."
                     );
    }
    const auto signer = std::ranges::find_if(keys_, has_id(signature->key.id()));
    if (signer == keys_.end() || signer->key.bytes != signature->key.bytes) {
        return fail(
            ErrorKind::kForbidden,
            "KeyNotTrusted",
            "The pack '" + manifest.name + "' is signed with the key " + signature->key.id() +
                ", which is not trusted here.",
            "If it is the key of '" + manifest.publisher + "': tideway pack trust add \"" +
                manifest.publisher + "\" public.pem"
        );
    }
    if (signer->publisher != manifest.publisher) {
        return fail(
            ErrorKind::kForbidden,
            "PackSignerNotPublisher",
            "The pack '" + manifest.name + "' says that it is of '" + manifest.publisher +
                "', but it is signed with the key of '" + signer->publisher + "'.",
            "Do not install it; ask both."
        );
    }
    return {};
}

}  // namespace tideway::pack
