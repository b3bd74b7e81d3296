// The errors of identity providers as sentences with remedies: Azure AD's numbers, Salesforce's
// words.
#include <array>
#include <charconv>
#include <string>

#include "engine/connector/identity/oauth.h"

namespace tideway::connector {
namespace {

struct Advice {
    int code;
    std::string_view message;
    std::string_view remedy;
};

constexpr std::string_view kSignInAgain = "Sign the connection in again.";

constexpr std::array<Advice, 23> kAdvice{{
    {50126,
     "The user name or the password is wrong.",
     "Sign the connection in again with the right password."},
    {50055,
     "The password of the account has expired.",
     "Set a new password for the account, then sign the connection in again."},
    {50076,
     "The account must pass multi-factor authentication.",
     "Sign the connection in again in a browser or with a device code."},
    {50079,
     "The account must first be registered for multi-factor authentication.",
     "Register it at https://aka.ms/mfasetup, then sign the connection in again."},
    {50158,
     "The account must pass another security check of its tenant.",
     "Sign the connection in again in a browser or with a device code."},
    {700082, "The refresh token has expired: it was not used for 90 days.", kSignInAgain},
    {70008, "The refresh token or the authorization code has expired.", kSignInAgain},
    {70043,
     "The refresh token has expired: the tenant limits how long a sign-in lasts.",
     kSignInAgain},
    {50173, "The sign-in was revoked, for example because the password was changed.", kSignInAgain},
    {54005, "The authorization code was used already.", "Start the sign-in again."},
    {7000215,
     "The client secret is wrong.",
     "Enter the secret's value (not its id) from the app registration."},
    {7000222,
     "The client secret has expired.",
     "Make a new client secret in the app registration and enter it."},
    {65001,
     "Nobody has consented to what this app asks for.",
     "Let an administrator of the tenant grant admin consent to the app registration."},
    {50034,
     "The account does not exist in this tenant.",
     "Check the user name and the 'tenant' setting."},
    {50053,
     "The account is locked after too many wrong sign-ins.",
     "Unlock it or wait, then sign in again."},
    {50057,
     "The account is disabled.",
     "Let an administrator enable it, or sign in with another one."},
    {90002,
     "The tenant does not exist.",
     "Check the 'tenant' setting: a tenant id or a domain such as contoso.onmicrosoft.com."},
    {700016,
     "The app is not known in this tenant.",
     "Check the 'client_id' and 'tenant' settings; the app must be registered or consented to "
     "there."},
    {50011,
     "The redirect address is not registered for the app.",
     "Add the redirect address exactly as shown to the app registration."},
    {500011,
     "The service that a token was asked for is not known in this tenant.",
     "Check the service's address in the settings, and that the tenant uses the service."},
    {650057,
     "The app registration does not name the service that a token was asked for.",
     "Add the service's permission to the app registration and grant consent."},
    {53003,
     "A conditional access policy of the tenant blocks this sign-in.",
     "Ask the tenant's administrator for an exception."},
    {7000218,
     "The app needs a client secret, or must be allowed as a public client.",
     "Enter the client secret, or switch on 'Allow public client flows' in the app registration."},
}};

struct SaidAdvice {
    std::string_view said;  // a part of the description
    std::string_view message;
    std::string_view remedy;
};

constexpr std::array<SaidAdvice, 9> kSaidAdvice{{
    {"user hasn't approved this consumer",
     "The account has not approved the app.",
     "In the app's policies choose \"Admin approved users are pre-authorized\" and give the "
     "account's profile or permission set to it."},
    {"audience is invalid",
     "The signed statement names another sign-in address than the account's.",
     "Set 'jwt_audience': https://login.salesforce.com, or https://test.salesforce.com for a "
     "sandbox."},
    {"invalid assertion",
     "The signed statement was refused: its key, its time or its user is wrong.",
     "Check that the app holds the certificate of 'private_key', that 'username' is the account's, "
     "and that this computer's clock is right."},
    {"inactive user", "The account is not active.", "Let an administrator activate it."},
    {"no client credentials user enabled",
     "The app has no account that it may run as.",
     "In the app's policies, under Client Credentials Flow, choose the account in Run As."},
    {"expired access/refresh token", "The sign-in was revoked or has expired.", kSignInAgain},
    {"client identifier invalid", "The app's id was refused.", "Check the 'client_id' setting."},
    {"invalid client credentials",
     "The app's secret was refused.",
     "Enter the app's consumer secret."},
    {"request not supported on this domain",
     "This way of signing in is not possible at this address.",
     "Set the service's address to the organization's own: https://<name>.my.salesforce.com."},
}};

const SaidAdvice* advice_on(std::string_view description) {
    for (const SaidAdvice& advice : kSaidAdvice) {
        if (description.find(advice.said) != std::string_view::npos) {
            return &advice;
        }
    }
    return nullptr;
}

// The number after "AADSTS", 0 if there is none.
int aadsts_code(std::string_view description) {
    const auto at = description.find("AADSTS");
    if (at == std::string_view::npos) {
        return 0;
    }
    const std::string_view digits = description.substr(at + 6);
    int code = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), code);
    return code;
}

// Without the trace ids that follow on the next lines.
std::string first_line(std::string_view text) {
    const std::string_view line =
        text.substr(0, std::min<std::size_t>(text.find_first_of("\r\n"), 400));
    const auto trace = line.find(" Trace ID:");
    return std::string(line.substr(0, trace));
}

std::string_view oauth_message(std::string_view error) {
    if (error == "invalid_grant") {
        return "The sign-in is not valid any more.";
    }
    if (error == "invalid_client" || error == "unauthorized_client") {
        return "The app's id or secret was refused.";
    }
    if (error == "interaction_required" || error == "consent_required" ||
        error == "login_required") {
        return "The account must sign in again in person.";
    }
    if (error == "access_denied" || error == "authorization_declined") {
        return "The sign-in was declined.";
    }
    if (error == "expired_token" || error == "code_expired") {
        return "The sign-in was not finished in time.";
    }
    return "The identity provider refused the sign-in.";
}

}  // namespace

Error identity_error(std::string_view error, std::string_view description) {
    Error out;
    const bool later = error == "temporarily_unavailable" || error == "server_error";
    out.kind = later ? ErrorKind::kUnavailable : ErrorKind::kUnauthenticated;
    const int code = aadsts_code(description);
    for (const Advice& advice : kAdvice) {
        if (advice.code == code) {
            out.code = "AADSTS" + std::to_string(code);
            out.message = std::string(advice.message) + " (" + out.code + ")";
            out.remedy = advice.remedy;
            return out;
        }
    }
    out.code = code != 0 ? "AADSTS" + std::to_string(code)
               : later   ? "IdentityProviderUnavailable"
                         : "TokenRefused";
    const std::string said = first_line(description);
    if (const SaidAdvice* advice = advice_on(description)) {
        out.message = std::string(advice->message) + " (" + said + ")";
        out.remedy = advice->remedy;
        return out;
    }
    out.message =
        later ? "The identity provider cannot answer now." : std::string(oauth_message(error));
    out.message += " (" + (said.empty() ? std::string(error) : said) + ")";
    out.remedy = later ? "It is tried again by itself." : std::string(kSignInAgain);
    return out;
}

}  // namespace tideway::connector
