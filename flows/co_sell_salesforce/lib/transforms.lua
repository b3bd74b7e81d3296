--- The transforms of this pack: those of co_sell. What an organization needs besides is added here.

local transforms = require "co_sell.transforms"

return transforms
