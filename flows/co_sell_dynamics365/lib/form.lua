--- Forms and views of Dynamics 365 are XML.

local M = {}

local CONTROL = {
  text = "{4273EDBD-AC1D-40D3-9FB2-095C621B552D}",
  url = "{71716B6C-711E-476C-8AB8-5D11542BFB47}",
  memo = "{E0DECE4B-6FC8-4A8F-A065-082708572369}",
  boolean = "{67FAC785-CD58-4F9F-ABB3-4B7DDC6ED5ED}",
  choice = "{3EF39988-22BB-4F0B-BBBE-64B5A3748AEE}",
}

local function labels(label)
  return '<labels><label description="' .. label .. '" languagecode="1033"/></labels>'
end

local function id()
  return ' id="{' .. uuid() .. '}"'
end

local function cell(each)
  return "<row><cell" .. id() .. ">" .. labels(each.label) .. '<control id="' .. each.name .. '" classid="'
    .. CONTROL[each.kind] .. '" datafieldname="' .. each.name .. '" disabled="' .. tostring(each.is_shown == true)
    .. '"/></cell></row>'
end

--- The form with a section of these columns behind those of its first column; nil when it has the section.
function M.with_section(xml, title, columns)
  if string.find(xml, 'description="' .. title .. '"', 1, true) then
    return nil
  end
  local at = string.find(xml, "</sections>", 1, true)
  if at == nil then
    fail("FormNotUnderstood", "A main form of the table has no sections.",
      "Open the form in make.powerapps.com, add a section to its first tab, save, and run this again.")
  end
  local cells = list.map(columns, cell)
  return string.sub(xml, 1, at - 1)
    .. '<section name="partner_center" showlabel="true" showbar="false" columns="1"' .. id() .. ">" .. labels(title)
    .. "<rows>" .. text.join(cells, "") .. "</rows></section>" .. string.sub(xml, at)
end

local function attributes(columns)
  local out = list.map(columns, function(name)
    return '<attribute name="' .. name .. '"/>'
  end)
  return text.join(out, "")
end

--- The row of a view of the opportunities that are synchronized.
function M.view(name, column)
  local shown = { "name", column.referral_id, column.help, column.audit }
  local cells = list.map(shown, function(each)
    return '<cell name="' .. each .. '" width="150"/>'
  end)
  return {
    name = name, returnedtypecode = "opportunity", querytype = 0,
    fetchxml = '<fetch version="1.0" mapping="logical"><entity name="opportunity">'
      .. attributes(list.concat({ "opportunityid" }, shown)) .. '<order attribute="name"/><filter type="and">'
      .. '<condition attribute="' .. column.sync .. '" operator="eq" value="1"/></filter></entity></fetch>',
    layoutxml = '<grid name="resultset" object="3" jump="name" select="1" preview="1" icon="1">'
      .. '<row name="result" id="opportunityid">' .. text.join(cells, "") .. "</row></grid>",
  }
end

return M
