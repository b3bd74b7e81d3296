#include "connectors/partner_center/sandbox.h"

#include <utility>

#include "connectors/partner_center/sandbox_service.h"

namespace tideway::connectors::partner_center {

Sandbox::Sandbox(
    Loop& loop,
    http::Client& client,
    connector::SandboxIdentity& identity,
    const Clock& clock,
    Options options
)
    : service_(std::make_unique<sandbox_parts::Service>(
          loop, client, identity, clock, std::move(options)
      )) {}

Sandbox::~Sandbox() = default;

http::Handler Sandbox::handler() {
    return [service = service_.get()](
               http::ServerRequest request, std::shared_ptr<http::Responder> responder
           ) { service->handle(std::move(request), std::move(responder)); };
}

void Sandbox::set_base_url(std::string referrals_url, std::string webhooks_url) {
    service_->set_base_url(std::move(referrals_url), std::move(webhooks_url));
}

Status Sandbox::load_state() {
    return service_->load_state();
}

std::string Sandbox::authority_pem() {
    return service_->signer().authority_pem();
}

connector::SandboxFaults& Sandbox::faults() {
    return service_->faults();
}

}  // namespace tideway::connectors::partner_center
