#include "connectors/partner_center/certificate_cache.h"

#include <algorithm>

namespace tideway::connectors::partner_center {

std::optional<TrustedCertificate> CertificateCache::get(const std::string& key, Timestamp now)
    const {
    const Lock lock(mutex_);
    const auto at = entries_.find(key);
    if (at == entries_.end() || now < at->second.fetched || now - at->second.fetched > kLifetime ||
        now > expires_at(*at->second.certificate)) {
        return std::nullopt;
    }
    return at->second;
}

void CertificateCache::put(const std::string& key, TrustedCertificate certificate) {
    const Lock lock(mutex_);
    entries_.insert_or_assign(key, std::move(certificate));
    if (entries_.size() <= kEntriesMax) {
        return;
    }
    const auto oldest =
        std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
            return a.second.fetched < b.second.fetched;
        });
    entries_.erase(oldest);
}

}  // namespace tideway::connectors::partner_center
