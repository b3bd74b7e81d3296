// What went wrong, for a person and for a program. An Error is a value; it never carries a secret.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tideway {

// What a caller may do about it. The code says what it is called; the kind decides behaviour.
enum class ErrorKind {
    kInvalidInput,     // the caller's data is wrong; repeating it is pointless
    kNotFound,         // the thing does not exist
    kConflict,         // it exists already, or was changed meanwhile
    kUnauthenticated,  // who are you?
    kForbidden,        // you may not
    kThrottled,        // later
    kTimeout,          // no complete answer in time
    kUnavailable,      // could not be reached
    kCancelled,        // somebody stopped it
    kScript,           // a flow script raised an error
    kLimit,            // a named limit was met (base/limits.h)
    kStorage,          // the store cannot write or read
    kInternal,         // our mistake
};

std::string_view to_string(ErrorKind kind);

struct Error {
    ErrorKind kind = ErrorKind::kInternal;
    std::string code;     // Power Automate's code where it has one, e.g. "WorkflowTriggerNotFound"
    std::string message;  // names the thing and the cause
    std::string remedy;   // what a person can do; may be empty
    std::string details;  // JSON text or empty
    int http_status = 0;  // of the remote service's answer, 0 if none
    std::optional<std::chrono::milliseconds> retry_after;

    // "message remedy", for a log line or a terminal.
    std::string text() const;
};

// The HTTP status with which our own API answers an error of this kind.
int http_status_of(ErrorKind kind);

}  // namespace tideway
