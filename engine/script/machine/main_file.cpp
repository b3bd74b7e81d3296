#include "engine/script/machine/main_file.h"

namespace tideway::script {

Error error_of(const model::StepError& error) {
    Error out;
    out.kind = error.code.starts_with("Script") && error.code.ends_with("Exceeded")
                   ? ErrorKind::kLimit
                   : ErrorKind::kScript;
    out.code = error.code;
    out.message = error.message;
    out.remedy = error.remedy;
    out.details = error.details;
    return out;
}

}  // namespace tideway::script
