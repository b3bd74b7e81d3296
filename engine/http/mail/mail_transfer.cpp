#include "engine/http/mail/mail_transfer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/http/transport_failure.h"

namespace tideway::http {
namespace {

constexpr std::size_t kLineBytesMax = 512;  // of what the server says, for people

std::string url_of(const Target& target) {
    const bool is_v6 = target.host.find(':') != std::string::npos;
    return target.scheme + "://" + (is_v6 ? "[" + target.host + "]" : target.host) + ":" +
           std::to_string(target.port);
}

// What went wrong before SMTP was spoken.
bool is_about_the_network(CURLcode code) {
    switch (static_cast<int>(code)) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CIPHER:
            return true;
        default:
            return false;
    }
}

}  // namespace

MailTransfer::MailTransfer(
    Mail mail,
    MailServer server,
    Target target,
    const TransferRules& rules,
    std::function<void(Status)> done
)
    : Transfer(std::move(target), rules),
      mail_(std::move(mail)),
      server_(std::move(server)),
      done_(std::move(done)) {}

MailTransfer::~MailTransfer() {
    curl_slist_free_all(recipients_);
}

void MailTransfer::configure_exchange() {
    set_option(easy(), CURLOPT_URL, url_of(target()).c_str());
    set_option(easy(), CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    const bool is_encrypted = server_.security != MailSecurity::kNone;
    set_option(
        easy(), CURLOPT_USE_SSL, static_cast<long>(is_encrypted ? CURLUSESSL_ALL : CURLUSESSL_NONE)
    );
    if (!server_.user.empty()) {
        set_option(easy(), CURLOPT_USERNAME, server_.user.c_str());
        const std::string password(server_.password.reveal());
        set_option(easy(), CURLOPT_PASSWORD, password.c_str());
    }
    set_option(easy(), CURLOPT_MAIL_FROM, mail_.from.c_str());
    for (const std::string& recipient : mail_.to) {
        recipients_ = curl_slist_append(recipients_, recipient.c_str());
    }
    set_option(easy(), CURLOPT_MAIL_RCPT, recipients_);
    set_option(easy(), CURLOPT_UPLOAD, 1L);
    set_option(easy(), CURLOPT_READFUNCTION, &MailTransfer::on_read);
    set_option(easy(), CURLOPT_READDATA, static_cast<void*>(this));
    set_option(easy(), CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(mail_.message.size()));
    // Each line that the server says comes as a header.
    set_option(easy(), CURLOPT_HEADERFUNCTION, &MailTransfer::on_line);
    set_option(easy(), CURLOPT_HEADERDATA, static_cast<void*>(this));
}

int MailTransfer::ready_to_send(const char* address) {
    if (forbids(address)) {
        refuse_address(address);
        return CURL_PREREQFUNC_ABORT;
    }
    has_begun_ = true;
    return CURL_PREREQFUNC_OK;
}

std::size_t MailTransfer::on_read(char* to, std::size_t size, std::size_t count, void* self) {
    return static_cast<MailTransfer*>(self)->read(to, size * count);
}

std::size_t MailTransfer::read(char* to, std::size_t bytes_max) {
    const std::size_t bytes = std::min(bytes_max, mail_.message.size() - sent_);
    std::memcpy(to, mail_.message.data() + sent_, bytes);
    sent_ += bytes;
    return bytes;
}

std::size_t MailTransfer::on_line(char* bytes, std::size_t size, std::size_t count, void* self) {
    const std::size_t length = size * count;
    const std::string_view line(bytes, std::min(length, kLineBytesMax));
    if (line.starts_with('4') || line.starts_with('5')) {
        static_cast<MailTransfer*>(self)->refusal_ =
            line.substr(0, line.find_last_not_of("\r\n") + 1);
    }
    return length;
}

// --- the end ---

void MailTransfer::finish(CURLcode code) {
    outcome_ = code == CURLE_OK ? Status() : Status(fail(failure_of(code)));
}

std::string MailTransfer::server_words() const {
    return refusal_.empty() ? detail() : refusal_;
}

Error MailTransfer::failure_of(CURLcode code) const {
    if (is_about_the_network(code)) {
        return failure(code, has_begun_, detail()).error;
    }
    Error error;
    error.kind = ErrorKind::kUnavailable;
    if (code == CURLE_LOGIN_DENIED) {
        error.kind = ErrorKind::kUnauthenticated;
        error.code = "MailSignInRefused";
        error.message = target().name + " refused the sign-in of '" + server_.user +
                        "': " + server_words() + ".";
        error.remedy = "Check user and password of the channel.";
        return error;
    }
    if (code == CURLE_USE_SSL_FAILED) {
        error.code = "MailNotEncrypted";
        error.message = target().name + " offers no encryption (STARTTLS): nothing was sent.";
        error.remedy =
            "Set security=tls and the port for it (465), or security=none if that is what "
            "you want.";
        return error;
    }
    error.code = "MailRefused";
    error.message = target().name + " did not take the mail: " + server_words() + ".";
    error.remedy = "Check sender and recipients, and that the server relays for this machine.";
    return error;
}

void MailTransfer::expire() {
    outcome_ = Status(fail(no_answer_in_time(target().name, mail_.timeout, has_begun_).error));
}

void MailTransfer::report() {
    const auto done = std::move(done_);
    done(*std::move(outcome_));
}

}  // namespace tideway::http
