#include "connectors/partner_center/notification.h"

#include <algorithm>

#include "connectors/partner_center/changes.h"
#include "connectors/partner_center/requests.h"
#include "engine/connector/chained_exchange.h"
#include "engine/http/url.h"

namespace tideway::connectors::partner_center {
namespace {

using connector::Done;
using connector::Turn;

constexpr std::chrono::seconds kFetchTimeout{15};
constexpr std::chrono::minutes kTrustAtLeast{1};  // a bad signature refetches only after that
constexpr int kIssuersMax = 4;

bool is_sandbox(const Json& settings) {
    return bool_or(settings, "is_sandbox", false);
}

Turn refuse(tl::unexpected<Error> error) {
    return connector::Failed{std::move(error.value()), model::AttemptClass::kNotDone};
}

class ReceiveNotification final : public connector::ChainedExchange {
  public:
    ReceiveNotification(const connector::Incoming& incoming, CertificateCache& cache)
        : incoming_(incoming),
          cache_(cache),
          hosts_(certificate_hosts(incoming.settings)) {}

    Turn begin() override {
        auto claim = read_claim(incoming_.headers);
        if (!claim) {
            return refuse(tl::unexpected(std::move(claim.error())));
        }
        claim_ = std::move(*claim);
        if (!is_allowed(claim_.certificate_url)) {
            return refuse(refuse_notification(
                401,
                "CertificateUrlRefused",
                "The certificate address " + claim_.certificate_url +
                    " is not on a host that the connection allows (certificate_hosts)."
            ));
        }
        cache_key_ = claim_.certificate_url + "\n" + string_or(incoming_.settings, "ca_file");
        const auto cached = cache_.get(cache_key_, incoming_.now);
        if (!cached) {
            return fetch(claim_.certificate_url);
        }
        if (is_signed_by(*cached->certificate, claim_, incoming_.body)) {
            return accept();
        }
        return incoming_.now - cached->fetched < kTrustAtLeast ? bad_signature()
                                                               : fetch(claim_.certificate_url);
    }

  private:
    bool is_allowed(std::string_view url) const {
        return is_allowed_certificate_url(
            url,
            hosts_,
            is_sandbox(incoming_.settings) ? Transport::kPlainToo : Transport::kHttpsOnly
        );
    }

    Turn fetch(const std::string& url) {
        connector::Send send;
        send.request.url = url;
        send.request.timeout = kFetchTimeout;
        send.request.headers.set("Accept", "*/*");
        return ask(std::move(send), [this, url](const http::Response& r) {
            return fetched(url, r);
        });
    }

    Turn fetched(const std::string& url, const http::Response& response) {
        if (response.status != 200) {
            return refuse(refuse_notification(
                503,
                "CertificateUnavailable",
                "The certificate at " + url + " could not be read: the answer was " +
                    std::to_string(response.status) + "."
            ));
        }
        const auto found = read_certificates(response.body);
        if (found.empty()) {
            return refuse(refuse_notification(
                401, "CertificateInvalid", "What " + url + " answered is not a certificate."
            ));
        }
        certificates_.insert(certificates_.end(), found.begin(), found.end());
        return check();
    }

    Turn check() {
        // A sandbox's certificate file pins its root: nothing else counts there.
        TrustedRoots roots;
        roots.ca_file = string_or(incoming_.settings, "ca_file");
        roots.with_system = roots.ca_file.empty() || !is_sandbox(incoming_.settings);
        const auto verdict = check_chain(certificates_, roots, incoming_.now);
        if (!verdict) {
            return refuse(tl::unexpected(verdict.error()));
        }
        if (!verdict->is_trusted) {
            return fetch_issuer_or_refuse(*verdict);
        }
        const X509& leaf = *certificates_.front();
        if (!is_issued_by_microsoft(leaf)) {
            return refuse(refuse_notification(
                401,
                "CertificateIssuerRefused",
                "The notification's certificate was not issued by Microsoft Corporation."
            ));
        }
        cache_.put(cache_key_, {certificates_.front(), incoming_.now});
        return is_signed_by(leaf, claim_, incoming_.body) ? accept() : bad_signature();
    }

    Turn fetch_issuer_or_refuse(const ChainVerdict& verdict) {
        std::string url = verdict.issuer_url;
        if (url.starts_with("http://") && !is_sandbox(incoming_.settings)) {
            url.insert(4, "s");  // certificates name plain addresses; the hosts answer on both
        }
        if (!url.empty() && is_allowed(url) && issuers_ < kIssuersMax) {
            ++issuers_;
            return fetch(url);
        }
        return refuse(refuse_notification(
            401,
            "CertificateUntrusted",
            "The notification's certificate does not lead to a trusted root: " + verdict.reason +
                "."
        ));
    }

    static Turn bad_signature() {
        return refuse(refuse_notification(
            401, "SignatureInvalid", "The notification's signature does not fit its body."
        ));
    }

    Turn accept() const {
        const auto output = read_notification(incoming_.body, incoming_.config);
        if (!output) {
            return refuse(tl::unexpected(output.error()));
        }
        return Done{to_payload(*output), {}};
    }

    connector::Incoming incoming_;
    CertificateCache& cache_;
    std::vector<std::string> hosts_;
    SignatureClaim claim_;
    std::string cache_key_;
    std::vector<Certificate> certificates_;
    int issuers_ = 0;
};

bool is_wanted(const Json& config, const std::string& event_name) {
    const Json* events = find(config, "events");
    if (events == nullptr || !events->is_array() || events->empty()) {
        return true;
    }
    return std::find(events->begin(), events->end(), Json(event_name)) != events->end();
}

Json no_event() {
    return {{"events", Json::array()}};
}

}  // namespace

std::vector<std::string> certificate_hosts(const Json& settings) {
    std::vector<std::string> hosts;
    if (const Json* list = find(settings, "certificate_hosts");
        list != nullptr && list->is_array()) {
        for (const Json& host : *list) {
            if (host.is_string()) {
                hosts.push_back(host.get<std::string>());
            }
        }
    }
    if (hosts.empty()) {
        // Where Partner Center keeps its certificate, and where its issuers' are.
        hosts = {
            "*.microsoft.com", "3psostorageacct.blob.core.windows.net", "cacerts.digicert.com"};
    }
    if (is_sandbox(settings)) {
        for (const char* key : {"base_url", "webhooks_url"}) {
            if (const auto url = http::parse_url(string_or(settings, key)); url) {
                hosts.push_back(url->host);
            }
        }
    }
    return hosts;
}

Result<Json> read_notification(std::string_view body, const Json& config) {
    const auto notification = parse_json(body, "the notification");
    if (!notification || !notification->is_object()) {
        return refuse_notification(
            400, "NotificationInvalid", "The notification's body is not a JSON object."
        );
    }
    for (const char* key : {"EventName", "ResourceUri", "ResourceName", "ResourceChangeUtcDate"}) {
        if (string_or(*notification, key).empty()) {
            return refuse_notification(
                400,
                "NotificationInvalid",
                std::string("The notification lacks the text \"") + key + "\"."
            );
        }
    }
    const std::string name = string_or(*notification, "EventName");
    const std::string uri = string_or(*notification, "ResourceUri");
    const std::string resource = string_or(*notification, "ResourceName");
    const std::string changed_at = string_or(*notification, "ResourceChangeUtcDate");
    if (resource != "referral" || !is_wanted(config, name)) {
        return no_event();
    }
    const auto url = http::parse_url(uri);
    const std::string id = url ? url->path.substr(url->path.rfind('/') + 1) : std::string();
    const auto at = parse_utc(changed_at);
    if (!is_referral_id(id) || !at) {
        return refuse_notification(
            400,
            "NotificationInvalid",
            "The notification's ResourceUri does not end with a referral's id, or its "
            "ResourceChangeUtcDate is not a date."
        );
    }
    const Json event = {
        {"event_name", name},
        {"referral_id", id},
        {"resource_uri", uri},
        {"resource_name", resource},
        {"changed_at", changed_at}};
    const Json item = {
        {"event", event},
        {"dedupe_key", name + " " + uri + " " + changed_at},
        {"change", change_of(id, *at)}};
    return Json{{"events", Json::array({item})}};
}

std::unique_ptr<connector::Exchange> receive_notification(
    const connector::Incoming& incoming, CertificateCache& cache
) {
    return std::make_unique<ReceiveNotification>(incoming, cache);
}

}  // namespace tideway::connectors::partner_center
