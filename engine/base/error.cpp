#include "engine/base/error.h"

namespace tideway {

std::string_view to_string(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::kInvalidInput:
            return "invalid_input";
        case ErrorKind::kNotFound:
            return "not_found";
        case ErrorKind::kConflict:
            return "conflict";
        case ErrorKind::kUnauthenticated:
            return "unauthenticated";
        case ErrorKind::kForbidden:
            return "forbidden";
        case ErrorKind::kThrottled:
            return "throttled";
        case ErrorKind::kTimeout:
            return "timeout";
        case ErrorKind::kUnavailable:
            return "unavailable";
        case ErrorKind::kCancelled:
            return "cancelled";
        case ErrorKind::kScript:
            return "script";
        case ErrorKind::kLimit:
            return "limit";
        case ErrorKind::kStorage:
            return "storage";
        case ErrorKind::kInternal:
            return "internal";
    }
    return "internal";
}

std::string Error::text() const {
    if (remedy.empty()) {
        return message;
    }
    return message + " " + remedy;
}

int http_status_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::kInvalidInput:
        case ErrorKind::kScript:
            return 400;
        case ErrorKind::kNotFound:
            return 404;
        case ErrorKind::kConflict:
            return 409;
        case ErrorKind::kUnauthenticated:
            return 401;
        case ErrorKind::kForbidden:
            return 403;
        case ErrorKind::kThrottled:
            return 429;
        case ErrorKind::kTimeout:
            return 504;
        case ErrorKind::kUnavailable:
            return 503;
        case ErrorKind::kCancelled:
            return 409;
        case ErrorKind::kLimit:
            return 413;
        case ErrorKind::kStorage:
            return 507;
        case ErrorKind::kInternal:
            return 500;
    }
    return 500;
}

}  // namespace tideway
