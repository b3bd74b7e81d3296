// The Dataverse sandbox through dynamics-web-api, a public client of the real service: what it sends
// must be understood, and what it expects must come back.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { after, before, beforeEach, test } from "node:test";
import { DynamicsWebApi } from "dynamics-web-api";

let server;
let dataverse;
let crm;
let setup;

before(async () => {
  const program = process.env.TIDEWAY_SANDBOX_SERVER;
  assert.ok(program, "TIDEWAY_SANDBOX_SERVER names the sandbox_server program");
  server = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: server.stdout }), "line");
  setup = JSON.parse(line);
  dataverse = setup.dataverse;
  crm = new DynamicsWebApi({
    serverUrl: dataverse.base_url,
    dataApi: { version: "9.2" },
    onTokenRefresh: async () => ({ accessToken: dataverse.token }),
  });
});

after(async () => {
  server?.stdin.end();
  if (server && server.exitCode === null) await once(server, "exit");
});

beforeEach(() => control("reset", {}));

async function control(what, body) {
  const response = await fetch(`${dataverse.base_url}/sandbox/${what}`, {
    method: body === undefined ? "GET" : "POST",
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

const opportunity = (data) => crm.create({ collection: "opportunities", data });

const retrieve = (key, more = {}) => crm.retrieve({ collection: "opportunities", key, ...more });

test("a created row reads back with its umlauts", async () => {
  const id = await opportunity({ name: "Käse & Brötchen ✓", isrevenuesystemcalculated: false, estimatedvalue: 12.5 });
  assert.match(id, /^[0-9a-f-]{36}$/);
  const row = await retrieve(id, { select: ["name", "estimatedvalue"] });
  assert.equal(row.name, "Käse & Brötchen ✓");
  assert.equal(row.estimatedvalue, 12.5);
  assert.equal(row.description, undefined);
});

test("a create can return the row", async () => {
  const row = await crm.create({
    collection: "opportunities",
    data: { name: "Fabrikam" },
    returnRepresentation: true,
    select: ["name", "opportunityid"],
  });
  assert.equal(row.name, "Fabrikam");
  assert.match(row.oDataContext ?? row["@odata.context"], /opportunities\(name,opportunityid\)\/\$entity$/);
});

test("a token of the identity service opens the door", async () => {
  const answer = await fetch(`${setup.identity}/${setup.tenant}/oauth2/v2.0/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: setup.client_id,
      client_secret: setup.client_secret,
      scope: `${dataverse.base_url}/.default`,
    }),
  });
  const { access_token: accessToken } = await answer.json();
  const own = new DynamicsWebApi({
    serverUrl: dataverse.base_url,
    dataApi: { version: "9.2" },
    onTokenRefresh: async () => ({ accessToken }),
  });
  const who = await own.callFunction("WhoAmI");
  assert.match(who.UserId, /^[0-9a-f-]{36}$/);
});

test("queries filter, order, count and page", async () => {
  for (const name of ["Alpha", "Beta", "Gamma", "Delta", "O'Hara"]) await opportunity({ name });
  const page = await crm.retrieveMultiple({
    collection: "opportunities",
    select: ["name"],
    filter: "contains(name,'a') and statecode eq 0",
    orderBy: ["name desc"],
    count: true,
    maxPageSize: 2,
  });
  assert.deepEqual(page.value.map((row) => row.name), ["O'Hara", "Gamma"]);
  assert.equal(page.oDataCount, 5);
  assert.ok(page.oDataNextLink);
  const all = await crm.retrieveAll({ collection: "opportunities", select: ["name"], orderBy: ["name"], maxPageSize: 2 });
  assert.deepEqual(all.value.map((row) => row.name), ["Alpha", "Beta", "Delta", "Gamma", "O'Hara"]);
  const one = await crm.retrieveMultiple({ collection: "opportunities", filter: "name eq 'O''Hara'", top: 5 });
  assert.equal(one.value.length, 1);
  assert.equal(await crm.count({ collection: "opportunities" }), 5);
  assert.equal(await crm.count({ collection: "opportunities", filter: "name eq 'Beta'" }), 1);
});

test("a filter too long for an address travels in a batch", async () => {
  await opportunity({ name: "Alpha" });
  const filter = Array.from({ length: 200 }, (_, i) => `name eq 'n${i}'`).join(" or ") + " or name eq 'Alpha'";
  const page = await crm.retrieveMultiple({ collection: "opportunities", select: ["name"], filter });
  assert.deepEqual(page.value.map((row) => row.name), ["Alpha"]);
});

test("lookups bind and expand, annotations come on request", async () => {
  const accounts = await crm.retrieveMultiple({ collection: "accounts", filter: "name eq 'Northwind Traders'" });
  const account = accounts.value[0].accountid;
  const id = await opportunity({ name: "Deal", "parentaccountid@odata.bind": `/accounts(${account})` });
  const row = await retrieve(id, {
    expand: [{ property: "parentaccountid", select: ["name", "address1_country"] }],
    includeAnnotations: "*",
  });
  assert.equal(row.parentaccountid.address1_country, "GB");
  assert.equal(row._parentaccountid_value, account);
  assert.equal(row["_parentaccountid_value@OData.Community.Display.V1.FormattedValue"], "Northwind Traders");
  assert.equal(row.statecode_Formatted ?? row["statecode@OData.Community.Display.V1.FormattedValue"], "Open");
});

test("an update changes the etag, and a stale etag is refused", async () => {
  const key = await opportunity({ name: "One" });
  const before_ = (await retrieve(key))["@odata.etag"];
  const update = (name, ifmatch) => crm.update({ collection: "opportunities", key, data: { name }, ifmatch });
  assert.equal(await update("Two", before_), true);
  const now = await retrieve(key);
  assert.notEqual(now["@odata.etag"], before_);
  assert.equal(now.name, "Two");
  assert.equal(await update("Three", before_), false, "412 is false");
  assert.equal((await retrieve(key)).name, "Two");
  const returned = await crm.update({
    collection: "opportunities", key, data: { name: "Four" }, returnRepresentation: true, select: ["name"],
  });
  assert.equal(returned.name, "Four");
  const unknown = "11111111-1111-4111-8111-111111111111";
  await assert.rejects(crm.update({ collection: "opportunities", key: unknown, data: { name: "x" } }), { status: 404 });
});

test("single columns are set and cleared", async () => {
  const key = await opportunity({ name: "One" });
  await crm.updateSingleProperty({ collection: "opportunities", key, fieldValuePair: { description: "Call" } });
  assert.equal((await retrieve(key)).description, "Call");
  await crm.deleteRecord({ collection: "opportunities", key, property: "description" });
  assert.equal((await retrieve(key)).description, null);
});

test("upsert creates, updates, and can be told to do only one", async () => {
  const key = "22222222-2222-4222-8222-222222222222";
  const upsert = (name, more) => crm.upsert({ collection: "opportunities", key, data: { name }, ...more });
  await upsert("Made");
  await upsert("Changed");
  assert.equal((await retrieve(key)).name, "Changed");
  assert.equal(await upsert("No", { ifnonematch: "*" }), null, "412 on an existing row");
  assert.equal((await retrieve(key)).name, "Changed");
  const other = "33333333-3333-4333-8333-333333333333";
  assert.equal(
    await crm.upsert({ collection: "opportunities", key: other, data: { name: "x" }, ifmatch: "*" }),
    null, "404 on a missing row",
  );
});

test("an alternate key addresses a row, and a missing one is 404", async () => {
  await crm.upsert({ collection: "opportunities", key: "msft_referralidentifier='r-1'", data: { name: "Referral" } });
  assert.equal((await retrieve("msft_referralidentifier='r-1'")).name, "Referral");
  await assert.rejects(retrieve("msft_referralidentifier='r-2'"), { status: 404 });
});

test("a second row with the same key is refused with 412", async () => {
  const opportunityid = "44444444-4444-4444-8444-444444444444";
  await opportunity({ name: "One", opportunityid });
  await assert.rejects(opportunity({ name: "Two", opportunityid }), { status: 412, code: "0x80040237" });
  await opportunity({ name: "One", msft_referralidentifier: "r-1" });
  await assert.rejects(opportunity({ name: "Two", msft_referralidentifier: "r-1" }), { status: 412 });
});

test("an unknown column is refused by name", async () => {
  await assert.rejects(opportunity({ name: "One", nosuchcolumn: 1 }), (error) => {
    assert.equal(error.status, 400);
    assert.equal(error.code, "0x80048d19");
    assert.match(error.message, /nosuchcolumn/);
    return true;
  });
});

test("an unchanged row is not sent again", async () => {
  const key = await opportunity({ name: "One" });
  const etag = (await retrieve(key))["@odata.etag"];
  assert.equal(await retrieve(key, { ifnonematch: etag }), undefined, "304 has no row");
  await crm.update({ collection: "opportunities", key, data: { name: "Two" } });
  assert.equal((await retrieve(key, { ifnonematch: etag })).name, "Two");
});

test("change tracking delivers updates and deletions", async () => {
  const kept = await opportunity({ name: "Kept" });
  const changed = await opportunity({ name: "Before" });
  const deleted = await opportunity({ name: "Gone" });
  const first = await crm.retrieveMultiple({ collection: "opportunities", select: ["name"], trackChanges: true });
  assert.equal(first.value.length, 3);
  await crm.update({ collection: "opportunities", key: changed, data: { name: "After" } });
  await crm.deleteRecord({ collection: "opportunities", key: deleted });
  const delta = await crm.retrieveMultiple({ collection: "opportunities", select: ["name"] }, first.oDataDeltaLink);
  assert.deepEqual(delta.value.filter((row) => row.name).map((row) => [row.opportunityid, row.name]), [[changed, "After"]]);
  assert.deepEqual(delta.value.filter((row) => row.reason).map((row) => [row.id, row.reason]), [[deleted, "deleted"]]);
  assert.ok(!delta.value.some((row) => row.opportunityid === kept));
  const idle = await crm.retrieveMultiple({ collection: "opportunities" }, delta.oDataDeltaLink);
  assert.deepEqual(idle.value, []);
  await control("expire_tokens", {});
  await assert.rejects(crm.retrieveMultiple({ collection: "opportunities" }, delta.oDataDeltaLink), { code: "0x80044352" });
});

test("a batch saves its changeset as a whole", async () => {
  crm.startBatch();
  crm.create({ collection: "accounts", data: { name: "Contoso Bikes" }, contentId: "1" });
  crm.create({ collection: "opportunities", data: { name: "Bike deal", "parentaccountid@odata.bind": "$1" } });
  const [account, deal] = await crm.executeBatch();
  const row = await retrieve(deal);
  assert.equal(row._parentaccountid_value, account);
});

test("a changeset that fails leaves nothing behind", async () => {
  const key = await opportunity({ name: "Before" });
  crm.startBatch();
  crm.create({ collection: "accounts", data: { name: "Lost" } });
  crm.update({ collection: "opportunities", key, data: { name: "After" } });
  crm.create({ collection: "accounts", data: { nosuchcolumn: 1 } });
  await assert.rejects(crm.executeBatch(), (errors) => {
    assert.deepEqual(errors.map((error) => [error.status, error.error.code]), [[400, "0x80048d19"]]);
    return true;
  });
  assert.equal((await retrieve(key)).name, "Before");
  const lost = await crm.retrieveMultiple({ collection: "accounts", filter: "name eq 'Lost'" });
  assert.deepEqual(lost.value, []);
});

test("a batch of reads and writes outside changesets answers in order", async () => {
  const key = await opportunity({ name: "One" });
  crm.startBatch();
  crm.retrieve({ collection: "opportunities", key, select: ["name"] });
  crm.update({ collection: "opportunities", key, data: { name: "Two" }, inChangeSet: false });
  crm.retrieveMultiple({ collection: "opportunities", select: ["name"] });
  const [before_, updated, list] = await crm.executeBatch();
  assert.equal(before_.name, "One");
  assert.ok(updated);
  assert.deepEqual(list.value.map((row) => row.name), ["Two"]);
});

test("winning moves the state and writes a closing activity", async () => {
  const key = await opportunity({ name: "Deal" });
  await crm.callAction({
    actionName: "WinOpportunity",
    action: {
      OpportunityClose: { subject: "Won it", "opportunityid@odata.bind": `opportunities(${key})` },
      Status: 3,
    },
  });
  const row = await retrieve(key, { select: ["statecode", "statuscode"] });
  assert.deepEqual([row.statecode, row.statuscode], [1, 3]);
  const closes = await crm.retrieveMultiple({ collection: "opportunitycloses", filter: `_opportunityid_value eq ${key}` });
  assert.equal(closes.value[0].subject, "Won it");
  await assert.rejects(
    crm.update({ collection: "opportunities", key, data: { name: "New name" } }), { status: 400 },
  );
});

test("a bound action qualifies a lead", async () => {
  const key = await crm.create({ collection: "leads", data: { subject: "Bikes", lastname: "Counts" } });
  const made = await crm.callAction({
    collection: "leads",
    key,
    actionName: "Microsoft.Dynamics.CRM.QualifyLead",
    action: { CreateAccount: true, CreateContact: true, CreateOpportunity: true, Status: 3 },
  });
  assert.equal(made.value.length, 3);
});

test("rows are associated and disassociated", async () => {
  const primaryKey = await crm.create({ collection: "accounts", data: { name: "Contoso" } });
  const relatedKey = await opportunity({ name: "Deal" });
  const link = {
    collection: "accounts", primaryKey, relationshipName: "opportunity_parent_account",
    relatedCollection: "opportunities", relatedKey,
  };
  await crm.associate(link);
  assert.equal((await retrieve(relatedKey))._parentaccountid_value, primaryKey);
  await crm.disassociate(link);
  assert.equal((await retrieve(relatedKey))._parentaccountid_value, null);
  const single = {
    collection: "opportunities", primaryKey: relatedKey, navigationProperty: "parentaccountid",
    relatedCollection: "accounts", relatedKey: primaryKey,
  };
  await crm.associateSingleValued(single);
  assert.equal((await retrieve(relatedKey))._parentaccountid_value, primaryKey);
  await crm.disassociateSingleValued(single);
  assert.equal((await retrieve(relatedKey))._parentaccountid_value, null);
});

test("entity names are resolved through the definitions", async () => {
  const named = new DynamicsWebApi({
    serverUrl: dataverse.base_url,
    dataApi: { version: "9.2" },
    useEntityNames: true,
    onTokenRefresh: async () => ({ accessToken: dataverse.token }),
  });
  const id = await named.create({ collection: "opportunity", data: { name: "By name" } });
  assert.equal((await retrieve(id)).name, "By name");
});

test("metadata is read", async () => {
  const attribute = await crm.retrieveAttribute({
    entityKey: "LogicalName='opportunity'",
    attributeKey: "LogicalName='statuscode'",
    castType: "Microsoft.Dynamics.CRM.StatusAttributeMetadata",
    expand: [{ property: "OptionSet" }],
  });
  assert.deepEqual(attribute.OptionSet.Options.map((option) => option.Value), [1, 2, 3, 4, 5]);
  assert.match(await crm.retrieveCsdlMetadata(), /<EntitySet Name="opportunities"/);
});

test("service protection says when to come back", async () => {
  await control("limits", { requests: 1 });
  await retrieve("msft_referralidentifier='none'").catch(() => {});
  await assert.rejects(opportunity({ name: "One" }), (error) => {
    assert.equal(error.status, 429);
    assert.equal(error.code, "0x80072322");
    assert.ok(Number(error.headers["retry-after"]) > 0);
    return true;
  });
});

test("a seller's save reaches a registered callback", async () => {
  const hook = createServer();
  hook.listen(0, "127.0.0.1");
  await once(hook, "listening");
  const arrived = new Promise((resolve) => {
    hook.on("request", async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      response.end();
      resolve(JSON.parse(body));
    });
  });
  await crm.create({
    collection: "callbackregistrations",
    data: {
      name: "flow", url: `http://127.0.0.1:${hook.address().port}/hook`, entityname: "opportunity", message: 4,
      scope: 4, version: 1, runas: 3, filterexpression: "msft_syncwithpartnercenter eq true",
    },
  });
  await fetch(`${dataverse.base_url}/sandbox/as/amy.alberts@contoso.com/opportunities`, {
    method: "POST",
    body: JSON.stringify({ name: "Amy's deal", msft_syncwithpartnercenter: true }),
  });
  const row = await arrived;
  assert.equal(row.name, "Amy's deal");
  assert.equal(row.SdkMessage, "Create");
  hook.closeAllConnections();
  hook.close();
});
