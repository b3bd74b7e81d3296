// Outbound mail over SMTP, under the same rules of the network as HTTP requests.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/secret.h"
#include "engine/http/client.h"

namespace tideway::http {

enum class MailSecurity {
    kStartTls,  // required: a server that does not offer it gets nothing
    kTls,       // from the first byte
    kNone,
};

struct MailServer {
    std::string host;
    int port = 587;
    MailSecurity security = MailSecurity::kStartTls;
    std::string user = {};  // empty: without signing in
    Secret password = {};
    NetworkPolicy policy = {};
};

struct Mail {
    std::string from;             // "tideway@contoso.com"
    std::vector<std::string> to;  // at least one
    std::string message;          // headers and body (mail_message.h)
    Duration timeout = limits::kNoticeTimeout;
};

// Thread: the loop that the implementation was made with, for calls and for callbacks.
class MailClient {
  public:
    virtual ~MailClient() = default;

    // `done` is called once, later than this call returns, when the server has taken the mail for
    // every recipient or has not; never after the client is gone. Codes: "MailRefused",
    // "MailSignInRefused", "MailNotEncrypted", and those of HTTP requests that cannot be sent.
    virtual void send(Mail mail, const MailServer& server, std::function<void(Status)> done) = 0;
};

// libcurl on an asio loop. Of the options only the connect timeout is used.
std::unique_ptr<MailClient> make_mail_client(Loop& loop, ClientOptions options = {});

}  // namespace tideway::http
