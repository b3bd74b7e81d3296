// connection "reference": a read-only table with one function per operation of the connector.
#include "engine/script/language.h"
#include "engine/script/machine/arguments.h"
#include "engine/script/machine/declaring.h"
#include "engine/script/machine/environment.h"
#include "engine/script/machine/execution_impl.h"
#include "engine/script/machine/step_options.h"
#include "engine/script/value/values.h"
#include "engine/script/value_codec.h"

namespace tideway::script {
namespace {

// The key under which a connection's table holds its reference.
const char kReference = 0;

int give_output(lua_State* state, int /*status*/, lua_KContext /*context*/) {
    execution_of(state, "an operation").take_answer(state);
    return 1;
}

void check_arguments(lua_State* state, const std::string& what) {
    if (lua_type(state, 1) == LUA_TTABLE) {
        raise(state, what + ": call it with a dot, not with a colon");
    }
    if (lua_gettop(state) > 3) {
        raise(state, what + " takes a step name, an input and options, got more");
    }
    lua_settop(state, 3);
    for (const int index : {2, 3}) {
        if (!lua_isnil(state, index) && lua_type(state, index) != LUA_TTABLE) {
            raise(
                state,
                what + ": the " + (index == 2 ? "input (second" : "options (third") +
                    " argument) must be a table, got " + std::string(kind_of(state, index))
            );
        }
    }
}

// operation(step name, input, options). Upvalues: its spec, the connection reference.
int call_operation(lua_State* state) {
    const auto& spec =
        *static_cast<const model::OperationSpec*>(lua_touserdata(state, lua_upvalueindex(1)));
    const std::string reference(to_view(state, lua_upvalueindex(2)));
    const std::string what = reference + "." + spec.id;
    ExecutionImpl& run = execution_of(state, what);
    check_arguments(state, what);
    StepRequest request =
        run.request(state, RequestKind::kOperation, name_argument(state, 1, what));
    request.connection = reference;
    request.operation = spec.id;
    EncodeOptions options;
    options.schema = &spec.input_schema;
    options.secret_fields = &spec.secret_fields;
    request.input =
        Payload(lua_isnil(state, 2) ? std::string("{}") : encode_value(state, 2, options));
    request.secured = options_argument(state, 3, what, operation_options());
    request.static_result = static_result_field(state, 3, what, &spec.output_schema);
    if (!lua_isnil(state, 3) && !request.static_result) {
        request.options = Payload(encode_value(state, 3));
    }
    return run.ask(state, request, &guarded_continuation<give_output>);
}

// Upvalue 1: reference -> its table.
int connection(lua_State* state) {
    const std::string reference(text_argument(state, 1, "connection: the reference"));
    lua_settop(state, 1);
    lua_gettable(state, lua_upvalueindex(1));
    note_connection(state, reference);
    return 1;
}

void push_connection(
    lua_State* state, const std::string& reference, const model::ConnectorSpec& spec
) {
    lua_createtable(state, 0, static_cast<int>(spec.operations.size()));
    for (const model::OperationSpec& operation : spec.operations) {
        lua_pushlightuserdata(state, const_cast<void*>(static_cast<const void*>(&operation)));
        push(state, reference);
        lua_pushcclosure(state, &guarded<call_operation>, 2);
        lua_setfield(state, -2, operation.id.c_str());
    }
    const std::string what = "connection '" + reference + "' (" + spec.id + ")";
    refuse_missing_keys(state, what, "operation");
    make_read_only(state, what.c_str());
    push(state, reference);
    lua_rawsetp(state, -2, const_cast<char*>(&kReference));
}

}  // namespace

std::string connection_reference(lua_State* state, int index) {
    if (lua_type(state, index) != LUA_TTABLE) {
        return {};
    }
    const bool is_connection =
        lua_rawgetp(state, index, const_cast<char*>(&kReference)) == LUA_TSTRING;
    std::string out(is_connection ? to_view(state, -1) : "");
    lua_pop(state, 1);
    return out;
}

void set_connection_function(lua_State* state, const Machine& machine) {
    lua_newtable(state);
    for (const auto& [reference, spec] : machine.program().connections) {
        if (spec != nullptr) {
            push_connection(state, reference, *spec);
            lua_setfield(state, -2, reference.c_str());
        }
    }
    refuse_missing_keys(state, "the pack", "connection reference");
    lua_pushcclosure(state, &guarded<connection>, 1);
    lua_setfield(state, -2, "connection");
}

}  // namespace tideway::script
