// The keys whose packs an environment takes, each for one publisher. Thread: one at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/pack/manifest.h"
#include "engine/pack/signature.h"

namespace tideway::pack {

struct TrustedKey {
    std::string publisher;
    PublicKey key;
    std::string person;  // who said so
    std::string added;   // when, ISO 8601
};

// What is done about a pack that nobody has signed.
enum class Unsigned { kRefused, kAllowed };

class Trust {
  public:
    // A file that is not there holds no keys.
    static Result<Trust> read(const std::string& file);
    Status write(const std::string& file) const;

    const std::vector<TrustedKey>& keys() const { return keys_; }

    // Code "KeyTrusted" when it is there already.
    Status add(TrustedKey key);
    // By its id; what was removed. Code "KeyNotTrusted".
    Result<TrustedKey> remove(const std::string& id);

    // Whether the publisher that the manifest names has signed it. Codes "PackNotSigned",
    // "KeyNotTrusted", "PackSignerNotPublisher".
    Status check(
        const Manifest& manifest, const std::optional<Signature>& signature, Unsigned without
    ) const;

  private:
    std::vector<TrustedKey> keys_;
};

}  // namespace tideway::pack
