// The connections of the environment, opened: settings parsed, secrets decrypted. A snapshot per
// name that is replaced as a whole when the connection is.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/secret.h"
#include "engine/base/threading.h"
#include "engine/connector/secret_box.h"
#include "engine/model/connection.h"

namespace tideway::connector {

struct OpenConnection {
    model::ConnectionRecord record;
    Json settings;
    // "client_secret", "refresh_token", "password", "api_key" ... -> text
    std::map<std::string, Secret, std::less<>> secrets;
};

// The purpose under which a connection's secrets are sealed (connector/secret_box.h).
std::string secrets_purpose(std::string_view connection);

// Thread: any.
class Connections {
  public:
    explicit Connections(const SecretBox& box)
        : box_(box) {}

    // Fails when the sealed bytes cannot be opened with this environment's key.
    Status put(const model::ConnectionRecord& record);
    void remove(std::string_view name);
    std::shared_ptr<const OpenConnection> get(std::string_view name) const;
    std::vector<std::shared_ptr<const OpenConnection>> all() const;

  private:
    const SecretBox& box_;
    mutable Mutex mutex_;
    std::map<std::string, std::shared_ptr<const OpenConnection>, std::less<>> open_
        TIDEWAY_GUARDED_BY(mutex_);
};

}  // namespace tideway::connector
