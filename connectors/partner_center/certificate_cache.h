// Certificates that were fetched and found trusted, by address, so that not every notification
// costs a request.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "connectors/partner_center/signature.h"
#include "engine/base/threading.h"

namespace tideway::connectors::partner_center {

struct TrustedCertificate {
    Certificate certificate;
    Timestamp fetched;
};

// Thread: any.
class CertificateCache {
  public:
    static constexpr std::size_t kEntriesMax = 32;     // beyond, the oldest goes
    static constexpr std::chrono::hours kLifetime{1};  // it rotates without notice

    // Nothing when it was never fetched, is too old or has expired.
    std::optional<TrustedCertificate> get(const std::string& key, Timestamp now) const;
    void put(const std::string& key, TrustedCertificate certificate);

  private:
    mutable Mutex mutex_;
    std::map<std::string, TrustedCertificate> entries_ TIDEWAY_GUARDED_BY(mutex_);
};

}  // namespace tideway::connectors::partner_center
