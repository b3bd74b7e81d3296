// A real SMTP server for a test, on a free loopback port: EHLO, STARTTLS, AUTH PLAIN and LOGIN,
// MAIL, RCPT, DATA. It keeps what it takes.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "engine/base/digest.h"
#include "engine/base/threading.h"
#include "tests/support/poll.h"
#include "tests/support/raw_socket.h"

namespace tideway::testing {

struct ReceivedMail {
    std::string from;
    std::vector<std::string> to;
    std::string message;  // as it came, without the dot at its end
    bool was_encrypted = false;
    std::string user;
    std::string password;

    // A header's value with folded lines joined, or "".
    std::string header(const std::string& name) const {
        const auto begin = ("\r\n" + message).find("\r\n" + name + ": ");
        if (begin == std::string::npos) {
            return {};
        }
        std::string value = message.substr(begin + name.size() + 2);
        auto end = value.find("\r\n");
        while (end != std::string::npos && end + 2 < value.size() && value[end + 2] == ' ') {
            value.erase(end, 2);
            end = value.find("\r\n", end);
        }
        return value.substr(0, end);
    }

    std::string body() const {
        std::string text = message.substr(message.find("\r\n\r\n") + 4);
        std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
        return from_base64(text).value_or("no base64");
    }
};

struct SmtpOptions {
    std::string certificate_file{};  // with key_file: STARTTLS is offered
    std::string key_file{};
    bool is_tls_only = false;  // from the first byte
    std::string password{};    // of any user; empty: nobody signs in
    std::string refusal{};     // of every recipient: "550 5.1.1 nobody here"
};

// Thread: the test's.
class SmtpServer {
  public:
    explicit SmtpServer(SmtpOptions options = {})
        : options_(std::move(options)) {
        if (!options_.certificate_file.empty()) {
            tls_.reset(SSL_CTX_new(TLS_server_method()));
            EXPECT_EQ(
                SSL_CTX_use_certificate_chain_file(tls_.get(), options_.certificate_file.c_str()), 1
            );
            EXPECT_EQ(
                SSL_CTX_use_PrivateKey_file(
                    tls_.get(), options_.key_file.c_str(), SSL_FILETYPE_PEM
                ),
                1
            );
        }
        server_ = std::make_unique<RawServer>([this](RawSocket& socket) { talk(socket); });
    }

    int port() const { return server_->port(); }

    std::vector<ReceivedMail> mails() const {
        const Lock lock(mutex_);
        return mails_;
    }

    // Waits until so many mails have come; 20 s at most.
    std::vector<ReceivedMail> wait_for(std::size_t count) const {
        EXPECT_TRUE(tests::becomes([this, count] { return mails().size() >= count; }));
        return mails();
    }

    void refuse(std::string refusal) {
        const Lock lock(mutex_);
        options_.refusal = std::move(refusal);
    }

    int connections() const { return connections_; }

  private:
    struct FreeContext {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };

    struct FreeSession {
        void operator()(SSL* session) const { SSL_free(session); }
    };

    // One connection, plain or encrypted.
    class Line {
      public:
        explicit Line(RawSocket& socket)
            : socket_(socket) {}

        bool encrypt(SSL_CTX* context) {
            session_.reset(SSL_new(context));
            SSL_set_fd(session_.get(), socket_.socket().native_handle());
            return SSL_accept(session_.get()) == 1;
        }

        bool is_encrypted() const { return session_ != nullptr; }

        void say(const std::string& text) {
            const std::string bytes = text + "\r\n";
            if (session_) {
                SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size()));
            } else {
                socket_.write(bytes);
            }
        }

        // Up to `end`, included; "" at the end of the stream.
        std::string hear(const std::string& end = "\r\n") {
            while (session_ && heard_.find(end) == std::string::npos) {
                char buffer[4096];
                const int bytes = SSL_read(session_.get(), buffer, sizeof buffer);
                if (bytes <= 0) {
                    return {};
                }
                heard_.append(buffer, static_cast<std::size_t>(bytes));
            }
            if (!session_) {
                return socket_.read_until(end);
            }
            const auto length = heard_.find(end) + end.size();
            std::string out = heard_.substr(0, length);
            heard_.erase(0, length);
            return out;
        }

      private:
        RawSocket& socket_;
        std::unique_ptr<SSL, FreeSession> session_;
        std::string heard_;
    };

    std::string refusal() const {
        const Lock lock(mutex_);
        return options_.refusal;
    }

    void talk(RawSocket& socket) {
        ++connections_;
        Line line(socket);
        if (options_.is_tls_only && !line.encrypt(tls_.get())) {
            return;
        }
        ReceivedMail mail;
        line.say("220 contoso test server");
        for (std::string said = line.hear(); !said.empty(); said = line.hear()) {
            if (!answer(line, said.substr(0, said.size() - 2), mail)) {
                return;
            }
        }
    }

    // False: the conversation is over.
    bool answer(Line& line, const std::string& said, ReceivedMail& mail) {
        const std::string verb = said.substr(0, said.find(' '));
        if (verb == "EHLO") {
            const bool offers_tls = tls_ && !line.is_encrypted();
            line.say("250-contoso");
            if (offers_tls) {
                line.say("250-STARTTLS");
            }
            line.say(options_.password.empty() ? "250 8BITMIME" : "250 AUTH PLAIN LOGIN");
        } else if (verb == "STARTTLS") {
            line.say("220 go ahead");
            return line.encrypt(tls_.get());
        } else if (verb == "AUTH") {
            return sign_in(line, said, mail);
        } else if (verb == "MAIL") {
            mail.from = address(said);
            line.say("250 ok");
        } else if (verb == "RCPT") {
            mail.to.push_back(address(said));
            line.say(refusal().empty() ? "250 ok" : refusal());
        } else if (verb == "DATA") {
            take(line, mail);
        } else if (verb == "QUIT") {
            line.say("221 bye");
            return false;
        } else {
            line.say("250 ok");
        }
        return true;
    }

    bool sign_in(Line& line, const std::string& said, ReceivedMail& mail) {
        std::string secret = said.starts_with("AUTH PLAIN ") ? said.substr(11) : std::string();
        if (secret.empty()) {
            line.say("334 ");
            secret = line.hear();
            secret.resize(secret.size() - 2);
        }
        const std::string plain = from_base64(secret).value_or("");
        const auto user = plain.find('\0') + 1;
        const auto end = plain.find('\0', user);
        mail.user = plain.substr(user, end - user);
        mail.password = plain.substr(end + 1);
        const bool is_right = mail.password == options_.password;
        line.say(is_right ? "235 welcome" : "535 5.7.8 the credentials are wrong");
        return true;
    }

    void take(Line& line, ReceivedMail& mail) {
        line.say("354 end with a dot");
        const std::string data = line.hear("\r\n.\r\n");
        mail.message = data.substr(0, data.size() - 3);
        mail.was_encrypted = line.is_encrypted();
        {
            const Lock lock(mutex_);
            mails_.push_back(mail);
        }
        line.say("250 taken");
    }

    static std::string address(const std::string& said) {
        const auto begin = said.find('<') + 1;
        return said.substr(begin, said.find('>') - begin);
    }

    SmtpOptions options_;
    std::unique_ptr<SSL_CTX, FreeContext> tls_;
    mutable Mutex mutex_;
    std::vector<ReceivedMail> mails_;
    std::atomic<int> connections_{0};
    std::unique_ptr<RawServer> server_;  // last: its thread uses what is above
};

}  // namespace tideway::testing
