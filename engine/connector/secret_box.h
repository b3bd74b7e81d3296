// Secrets at rest: AES-256-GCM under the environment's key. A sealed text names nothing and is
// bound to the purpose it was sealed for.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/secret.h"

namespace tideway::connector {

// Thread: any.
class SecretBox {
  public:
    // Reads 32 bytes (64 hex digits) from the file; refuses one that others than its owner may
    // read.
    static Result<SecretBox> open_key_file(const std::string& path);
    // The same from 64 hex digits, for a key that comes from the environment.
    static Result<SecretBox> open_key_text(const Secret& hex);
    // Makes a new key file with mode 0600; fails when one exists.
    static Status create_key_file(const std::string& path);

    // `key` is 32 bytes.
    explicit SecretBox(Secret key)
        : key_(std::move(key)) {}

    // `purpose` (e.g. "connection:dynamics365") is authenticated, not hidden. Base64 text.
    std::string seal(std::string_view purpose, const Secret& text) const;
    // Code "SecretUnreadable": wrong key, wrong purpose or changed bytes.
    Result<Secret> open(std::string_view purpose, std::string_view sealed) const;

    // A connection's secrets as one sealed JSON object.
    std::string seal_all(
        std::string_view purpose, const std::map<std::string, Secret, std::less<>>& secrets
    ) const;

  private:
    Secret key_;
};

}  // namespace tideway::connector
