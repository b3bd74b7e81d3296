// What the Dataverse sandbox answers when it refuses: HTTP status, the service's hexadecimal code
// and a sentence. Thread: any (a value).
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "engine/http/message.h"

namespace tideway::connectors::dataverse::sandbox {

namespace codes {
constexpr const char* kRowNotFound = "0x80040217";
constexpr const char* kResourceNotFound = "0x80060888";
constexpr const char* kInvalidUri = "0x80060888";
constexpr const char* kInvalidProperty = "0x80048d19";
constexpr const char* kInvalidArgument = "0x80040203";
constexpr const char* kOutOfRange = "0x80044330";
constexpr const char* kTooLong = "0x80044331";
constexpr const char* kInvalidOption = "0x8004431a";
constexpr const char* kInvalidStatusForState = "0x80048408";
constexpr const char* kAlreadyClosed = "0x80040203";
constexpr const char* kDuplicateKey = "0x80040237";
constexpr const char* kDuplicateFound = "0x80040333";
constexpr const char* kVersionMismatch = "0x80060882";
constexpr const char* kMissingPrivilege = "0x80040220";
constexpr const char* kUserDisabled = "0x80040225";
constexpr const char* kNotAMember = "0x80072560";
constexpr const char* kExpiredToken = "0x80044352";
constexpr const char* kTrackingOff = "0x80060888";
constexpr const char* kUnauthenticated = "0x80048306";
constexpr const char* kUnsupported = "0x80060888";
constexpr const char* kDuplicateTable = "0x80047012";
constexpr const char* kDuplicateColumn = "0x80047013";
constexpr const char* kInvalidName = "0x8004f021";
}  // namespace codes

struct ServiceError {
    int status = 400;
    std::string code;
    std::string message;
    http::Headers headers;  // Retry-After and the like
};

template <typename T>
using Outcome = tl::expected<T, ServiceError>;

inline tl::unexpected<ServiceError> refuse(int status, std::string code, std::string message) {
    return tl::unexpected<ServiceError>(ServiceError{
        status, std::move(code), std::move(message), {}});
}

inline tl::unexpected<ServiceError> bad_payload(std::string message) {
    return refuse(
        400,
        codes::kInvalidProperty,
        "Error identified in Payload provided by the user: " + std::move(message)
    );
}

inline tl::unexpected<ServiceError> bad_uri(std::string message) {
    return refuse(400, codes::kInvalidUri, std::move(message));
}

inline tl::unexpected<ServiceError> no_such_row(std::string_view table, std::string_view id) {
    return refuse(
        404,
        codes::kRowNotFound,
        std::string(table) + " With Id = " + std::string(id) + " Does Not Exist"
    );
}

}  // namespace tideway::connectors::dataverse::sandbox

// Returns the ServiceError of `expr` from the enclosing function, if it has one.
#define TIDEWAY_DV_TRY(expr)                                                                \
    do {                                                                                    \
        auto dv_status = (expr);                                                            \
        if (!dv_status) {                                                                   \
            return tl::unexpected<::tideway::connectors::dataverse::sandbox::ServiceError>( \
                std::move(dv_status.error())                                                \
            );                                                                              \
        }                                                                                   \
    } while (false)
