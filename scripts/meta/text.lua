---@meta
-- text: plain work on UTF-8 text; nothing here knows patterns. Positions and lengths count code points,
-- from 1. Read by editors only; never run.

--- Errors of all functions: an argument that is not a text.
text = {}

--- Without blanks, line ends and no-break spaces at both ends.
---@param value string
---@return string value
function text.trim(value) end

--- Whether the text begins so; case counts.
---@param value string
---@param beginning string
---@return boolean result
function text.starts_with(value, beginning) end

--- Whether the text ends so; case counts.
---@param value string
---@param ending string
---@return boolean result
function text.ends_with(value, ending) end

--- Whether the part stands in the text; case counts.
---@param value string
---@param part string
---@return boolean result
function text.contains(value, part) end

--- Where the part stands first.
---@param value string
---@param part string
---@return integer|nil position nil when it does not.
function text.index_of(value, part) end

--- The pieces between delimiters; one piece when the delimiter is empty.
---@param value string
---@param delimiter string
---@return string[] pieces
function text.split(value, delimiter) end

--- Texts and numbers with the delimiter between them.
---@param items (string|number)[]
---@param delimiter? string Empty if left out.
---@return string value
---
--- Errors: an item that is neither text nor number.
function text.join(items, delimiter) end

--- Every occurrence of the part replaced.
---@param value string
---@param part string
---@param replacement string
---@return string value
---
--- Errors: an empty part.
function text.replace(value, part, replacement) end

--- A to Z as a to z; other letters stay.
---@param value string
---@return string value
function text.lower(value) end

--- a to z as A to Z; other letters stay.
---@param value string
---@return string value
function text.upper(value) end

--- Whether two texts differ in nothing but A to Z and a to z; nil and null equal each other only.
---@param a string|nil
---@param b string|nil
---@return boolean equal
function text.equal_ignoring_case(a, b) end

--- How many code points.
---@param value string
---@return integer count
function text.length(value) end

--- From the first to the last position, both included; negative positions count from the end.
---@param value string
---@param first integer
---@param last? integer -1 if left out.
---@return string value
function text.substring(value, first, last) end

--- At most so many code points, the ending included when something was cut.
---@param value string
---@param length integer
---@param ending? string "..."
---@return string value
---
--- Errors: a length below that of the ending.
function text.truncate(value, length, ending) end

--- At most so many bytes, without cutting a code point.
---@param value string
---@param bytes integer
---@return string value
function text.truncate_bytes(value, bytes) end

--- All line ends as "\n".
---@param value string
---@return string value
function text.normalise_line_ends(value) end

--- Whether there is nothing but blanks; true for nil and null.
---@param value string|nil
---@return boolean result
function text.is_blank(value) end

--- Without this beginning, if it has it.
---@param value string
---@param beginning string
---@return string value
function text.strip_prefix(value, beginning) end

--- Without this ending, if it has it.
---@param value string
---@param ending string
---@return string value
function text.strip_suffix(value, ending) end

--- The lines, whatever their ends; a line end at the very end makes no further line.
---@param value string
---@return string[] lines
function text.lines(value) end

--- Filled up on the left.
---@param value string
---@param length integer
---@param filler? string One character; a blank if left out.
---@return string value
function text.pad_left(value, length, filler) end

--- Filled up on the right.
---@param value string
---@param length integer
---@param filler? string One character; a blank if left out.
---@return string value
function text.pad_right(value, length, filler) end

--- The bytes of the text as base64.
---@param value string
---@return string base64
function text.to_base64(value) end

--- The bytes behind base64, of either alphabet.
---@param base64 string
---@return string value
---
--- Errors: a text that is not base64.
function text.from_base64(base64) end
