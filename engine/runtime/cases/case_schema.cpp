#include "engine/base/assert.h"
#include "engine/runtime/cases/case.h"

namespace tideway::runtime {
namespace {

constexpr const char* kSchema = R"json({
 "title": "A case of a pack",
 "type": "object",
 "required": ["flow", "expect"],
 "additionalProperties": false,
 "properties": {
  "$schema": {"type": "string"},
  "title": {"type": "string", "description": "What the case shows, as a sentence."},
  "flow": {"type": "string", "description": "Name of the flow, without .lua."},
  "at": {"type": "string", "format": "date-time", "description": "The time when the event comes."},
  "time_limit": {"type": "string", "description": "How long the case may take on its own clock: PT24H."},
  "event": {"description": "What run(event) gets."},
  "variables": {"type": "object", "description": "Environment variables that differ from their defaults."},
  "effects": {"enum": ["live", "muted"],
   "description": "Muted: a step that would change something gets a stand-in instead of an answer."},
  "answers": {"type": "array", "items": {"$ref": "#/definitions/answer"},
   "description": "What the connectors answer; of those that fit a call, the first that is not used up."},
  "callbacks": {"type": "array", "items": {"$ref": "#/definitions/callback"},
   "description": "Who calls the addresses that wait_for_callback makes, in their order."},
  "expect": {"$ref": "#/definitions/top"}
 },
 "definitions": {
  "call": {"type": "string", "pattern": "^[a-z0-9_]+\\.[a-z0-9_]+$",
   "description": "connection reference and operation: dynamics365.get_row"},
  "answer": {
   "type": "object", "required": ["call"], "additionalProperties": false,
   "properties": {
    "call": {"$ref": "#/definitions/call"},
    "input": {"description": "What the call's input has to contain."},
    "output": {"description": "What the operation returns."},
    "refuse": {"type": "object", "required": ["status"], "additionalProperties": false,
     "description": "The service's refusal.",
     "properties": {
      "status": {"type": "integer", "minimum": 400, "maximum": 599},
      "code": {"type": "string"}, "message": {"type": "string"},
      "headers": {"type": "object", "additionalProperties": {"type": "string"}}, "body": {}}},
    "lost": {"enum": ["before", "after"],
     "description": "The connection breaks before the request left, or after it without an answer."},
    "probe": {"type": "object", "required": ["found"], "additionalProperties": false,
     "description": "What looking for an effect in doubt finds.",
     "properties": {"found": {"type": "boolean"}, "output": {}}},
    "times": {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "any"}],
     "description": "How many calls it answers (1), or any number, also none."}}},
  "callback": {
   "type": "object", "required": ["step"], "additionalProperties": false,
   "properties": {
    "step": {"type": "string", "description": "The end of the path of the step that waits."},
    "after": {"type": "string", "description": "How long after the address was made: PT2H."},
    "headers": {"type": "object", "additionalProperties": {"type": "string"}},
    "queries": {"type": "object", "additionalProperties": {"type": "string"}},
    "body": {},
    "answer": {"type": "string", "description": "Of a person whom the step asks: one of its choices."},
    "person": {"type": "string", "description": "Who answers."}}},
  "status": {"enum": ["Succeeded", "Failed", "Cancelled", "TimedOut", "Skipped", "Waiting", "Running", "Paused"]},
  "error": {"type": "object", "additionalProperties": false, "minProperties": 1,
   "properties": {"code": {"type": "string"},
    "message": {"type": "string", "description": "A part of the message."},
    "step": {"type": "string", "description": "The end of the failing step's path."}}},
  "step": {"anyOf": [{"$ref": "#/definitions/status"}, {
   "type": "object", "additionalProperties": false,
   "properties": {
    "status": {"$ref": "#/definitions/status"},
    "value": {"description": "Of a condition."},
    "attempts": {"type": "integer", "minimum": 1},
    "input": {}, "output": {}, "error": {"$ref": "#/definitions/error"}}}]},
  "tracked": {"type": "object", "additionalProperties": {
   "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}},
  "run": {"type": "object", "additionalProperties": false, "properties": {
   "status": {"$ref": "#/definitions/status"}, "outcome": {"type": "string"}, "reason": {"type": "string"},
   "error": {"$ref": "#/definitions/error"}, "response": {}, "output": {},
   "tracked": {"$ref": "#/definitions/tracked"},
   "steps": {"type": "object", "additionalProperties": {"$ref": "#/definitions/step"}},
   "children": {"type": "object", "additionalProperties": {"$ref": "#/definitions/run"}}}},
  "effect": {"type": "object", "required": ["call"], "additionalProperties": false,
   "properties": {"call": {"$ref": "#/definitions/call"}, "input": {}}},
  "top": {"type": "object", "additionalProperties": false, "properties": {
   "event": {"enum": ["Accepted", "ConditionUnmet"]},
   "status": {"$ref": "#/definitions/status"}, "outcome": {"type": "string"}, "reason": {"type": "string"},
   "error": {"$ref": "#/definitions/error"}, "response": {}, "output": {},
   "tracked": {"$ref": "#/definitions/tracked"},
   "steps": {"type": "object", "additionalProperties": {"$ref": "#/definitions/step"}},
   "children": {"type": "object", "additionalProperties": {"$ref": "#/definitions/run"}},
   "effects": {"type": "array", "items": {"$ref": "#/definitions/effect"},
    "description": "Everything that was changed outside, in order."}}}
 }
})json";

}  // namespace

const Json& case_schema() {
    static const Json schema = [] {
        auto parsed = parse_json(kSchema, "the schema of cases");
        TIDEWAY_ASSERT(parsed);
        return std::move(*parsed);
    }();
    return schema;
}

}  // namespace tideway::runtime
