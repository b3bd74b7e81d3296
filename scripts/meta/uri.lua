---@meta
-- uri: addresses as text. Read by editors only; never run.

--- Errors of all functions: an argument that is not a text.
uri = {}

--- Everything but letters, digits and -._~ as %XX.
---@param value string
---@return string value
function uri.encode_component(value) end

--- %XX as the byte it stands for; "+" stays.
---@param value string
---@return string value
---
--- Errors: "%" without two hexadecimal digits.
function uri.decode_component(value) end

--- The parts of an address. The port is the scheme's own when it is not written.
---@param address string
---@return { scheme?: string, host?: string, user?: string, port?: integer, path: string, query?: string, fragment?: string } parts
---
--- Errors: a port that is none.
function uri.parse(address) end

--- A query, parameters sorted by name and encoded: { top = 5, id = { 1, 2 } } gives "id=1&id=2&top=5".
---@param parameters table<string, string|number|boolean|table>
---@return string query
---
--- Errors: a value of another kind.
function uri.query(parameters) end

--- The address with the segments behind it, one slash between them; nothing is encoded.
---@param address string
---@param ... string|number
---@return string address
function uri.join(address, ...) end

--- The host in lower case.
---@param address string
---@return string host
---
--- Errors: an address without host.
function uri.host(address) end
