// A notification of Partner Center: checked first, read afterwards.
#pragma once

#include <memory>

#include "connectors/partner_center/certificate_cache.h"
#include "engine/connector/connector.h"

namespace tideway::connectors::partner_center {

// The exchange behind the trigger referral_event: signature headers, certificate (fetched unless
// cached, its missing issuers too), chain, issuer, signature, then the body. Refusals answer 401 or
// 400; 503 means that the certificate could not be had and the sender should try again. `cache`
// must outlive the exchange.
std::unique_ptr<connector::Exchange> receive_notification(
    const connector::Incoming& incoming, CertificateCache& cache
);

// Hosts that certificates may come from: settings.certificate_hosts, else Microsoft's; in sandbox
// mode also the sandbox's own.
std::vector<std::string> certificate_hosts(const Json& settings);

// The `Done` output for a body whose signature is good: one event, or none when it is not about a
// referral. The error's http_status is 400.
Result<Json> read_notification(std::string_view body, const Json& config);

}  // namespace tideway::connectors::partner_center
