// The Salesforce sandbox through jsforce, a public client of the real service: what it sends must be
// understood, and what it expects must come back.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createPrivateKey, createSign } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, beforeEach, test } from "node:test";
import jsforce from "jsforce";
import { StreamingExtension } from "jsforce/lib/api/streaming.js";

const version = "58.0";
let server;
let setup;
let salesforce;
let crm;

before(async () => {
  const program = process.env.TIDEWAY_SANDBOX_SERVER;
  assert.ok(program, "TIDEWAY_SANDBOX_SERVER names the sandbox_server program");
  server = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: server.stdout }), "line");
  setup = JSON.parse(line);
  salesforce = setup.salesforce;
});

after(async () => {
  server?.stdin.end();
  if (server && server.exitCode === null) await once(server, "exit");
});

beforeEach(async () => {
  await control("reset", {});
  crm = connection();
  await crm.authorize({ grant_type: "client_credentials" });
});

async function control(what, body) {
  const response = await fetch(`${salesforce.base_url}/sandbox/${what}`, {
    method: body === undefined ? "GET" : "POST",
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

const connection = (more = {}) =>
  new jsforce.Connection({
    loginUrl: salesforce.base_url,
    oauth2: { clientId: setup.client_id, clientSecret: setup.client_secret, loginUrl: salesforce.base_url },
    version,
    ...more,
  });

const opportunity = (more = {}) => ({
  Name: "Northwind",
  StageName: "Prospecting",
  CloseDate: "2026-03-31",
  ...more,
});

const base64url = (text) => Buffer.from(text).toString("base64url");

function assertion(claims) {
  const text = `${base64url('{"alg":"RS256"}')}.${base64url(JSON.stringify(claims))}`;
  const key = createPrivateKey(salesforce.private_key);
  return `${text}.${createSign("RSA-SHA256").update(text).sign(key, "base64url")}`;
}

test("the app signs in as its user", async () => {
  const identity = await crm.identity().catch(() => null);
  const who = await crm.request(`${salesforce.base_url}/services/oauth2/userinfo`);
  assert.equal(who.preferred_username, "tideway@contoso.example");
  assert.match(crm.userInfo.id, /^005/);
  assert.equal(crm.instanceUrl, salesforce.base_url);
  assert.equal(identity, null); // the identity page is not served
});

test("a user signs in with a password", async () => {
  const seller = connection();
  await seller.login(salesforce.username, salesforce.password);
  const made = await seller.sobject("Account").create({ Name: "By a seller" });
  const row = await seller.sobject("Account").retrieve(made.id);
  assert.equal(row.CreatedById, seller.userInfo.id);
  await assert.rejects(connection().login(salesforce.username, "guess"), { name: "invalid_grant" });
});

test("a signed statement signs in for a user", async () => {
  const seller = connection();
  const claims = {
    iss: setup.client_id,
    sub: salesforce.username,
    aud: "https://login.salesforce.com",
    exp: Math.floor(Date.now() / 1000) + 120,
  };
  const grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
  await seller.authorize({ grant_type: grant, assertion: assertion(claims) });
  assert.ok(seller.accessToken);
  await assert.rejects(
    connection().authorize({ grant_type: grant, assertion: assertion({ ...claims, sub: "nobody" }) }),
    /approved/,
  );
});

test("an ended session is renewed and the request repeated", async () => {
  const renewed = connection({
    accessToken: "ended",
    instanceUrl: salesforce.base_url,
    refreshFn: (conn, done) => done(null, crm.accessToken),
  });
  const found = await renewed.query("SELECT Id FROM Account");
  assert.equal(found.totalSize, 2);
});

test("a record is created, read, changed and deleted", async () => {
  const made = await crm.sobject("Opportunity").create(opportunity({ Description: "Käse & Brötchen ✓\n2" }));
  assert.equal(made.success, true);
  const changed = await crm.sobject("Opportunity").update({ Id: made.id, Amount: 12.5 });
  assert.deepEqual([changed.id, changed.success], [made.id, true]);
  const row = await crm.sobject("Opportunity").retrieve(made.id);
  assert.equal(row.Description, "Käse & Brötchen ✓\n2");
  assert.equal(row.Amount, 12.5);
  await crm.sobject("Opportunity").destroy(made.id);
  await assert.rejects(crm.sobject("Opportunity").retrieve(made.id), { errorCode: "ENTITY_IS_DELETED" });
});

test("several records are written and read in one request", async () => {
  const made = await crm.sobject("Account").create([{ Name: "A" }, { Name: "B" }, { Phone: "1" }]);
  assert.deepEqual(made.map((each) => each.success), [true, true, false]);
  assert.equal(made[2].errors[0].statusCode, "REQUIRED_FIELD_MISSING");
  const ids = [made[0].id, made[1].id];
  const changed = await crm.sobject("Account").update(ids.map((Id) => ({ Id, Phone: "7" })));
  assert.ok(changed.every((each) => each.success));
  const rows = await crm.sobject("Account").retrieve(ids);
  assert.deepEqual(rows.map((row) => [row.Name, row.Phone]), [["A", "7"], ["B", "7"]]);
  const gone = await crm.sobject("Account").destroy(ids);
  assert.ok(gone.every((each) => each.success));
});

test("an external id makes one record however often it is upserted", async () => {
  const upsert = (more) =>
    crm.sobject("Opportunity").upsert(opportunity({ Referral_Identifier__c: "r-1", ...more }), "Referral_Identifier__c");
  assert.equal((await upsert({})).created, true);
  const again = await upsert({ Amount: 5 });
  assert.equal(again.created, false);
  const found = await crm.sobject("Opportunity").find({ Referral_Identifier__c: "r-1" }, ["Id", "Amount"]);
  assert.deepEqual(found.map((row) => row.Amount), [5]);
  const many = await crm
    .sobject("Account")
    .upsert([{ Name: "X", Customer_Number__c: "1" }, { Name: "Y", Customer_Number__c: "2" }], "Customer_Number__c");
  assert.ok(many.every((each) => each.success && each.created));
});

test("an ambiguous external id is refused", async () => {
  await crm.sobject("Account").create([{ Name: "A", Legacy_Number__c: "7" }, { Name: "B", Legacy_Number__c: "7" }]);
  await assert.rejects(crm.sobject("Account").upsert({ Legacy_Number__c: "7", Phone: "1" }, "Legacy_Number__c"), {
    errorCode: "MULTIPLE_CHOICES",
  });
});

test("a long result comes in pages", async () => {
  for (let batch = 0; batch < 11; batch += 1) {
    const records = Array.from({ length: batch === 10 ? 1 : 200 }, (_, i) => ({ Name: `Customer ${batch} ${i}` }));
    await crm.sobject("Account").create(records);
  }
  const soql = "SELECT Id, Name FROM Account WHERE Name LIKE 'Customer %' ORDER BY Name";
  const first = await crm.query(soql);
  assert.equal(first.totalSize, 2001);
  assert.equal(first.done, false);
  const rest = await crm.queryMore(first.nextRecordsUrl);
  assert.deepEqual([first.records.length, rest.records.length, rest.done], [2000, 1, true]);
  const all = await crm.query(soql, { autoFetch: true, maxFetch: 5000 });
  assert.equal(all.records.length, 2001);
});

test("text with quotes, dates and parents can be asked for", async () => {
  await crm.sobject("Opportunity").create(opportunity({ Name: "O'Hara & sons" }));
  const found = await crm
    .sobject("Opportunity")
    .find({ Name: "O'Hara & sons", CloseDate: { $gte: jsforce.SfDate.toDateLiteral("2026-01-01") } }, "Id, Name, Owner.Name");
  assert.equal(found.length, 1);
  assert.equal(found[0].Owner.Name, "Tideway Integration");
  const count = await crm.sobject("Opportunity").count({ StageName: "Prospecting" });
  assert.equal(count, 1);
});

test("a mistake in a query or record names its code", async () => {
  await assert.rejects(crm.query("SELECT Nope__c FROM Account"), { errorCode: "INVALID_FIELD" });
  await assert.rejects(crm.query("SELECT Id FROM Account WHERE"), { errorCode: "MALFORMED_QUERY" });
  await assert.rejects(crm.sobject("Opportunity").create({ Name: "x" }), { errorCode: "REQUIRED_FIELD_MISSING" });
});

test("objects and their fields are described", async () => {
  const all = await crm.describeGlobal();
  assert.ok(all.sobjects.some((each) => each.name === "Opportunity" && each.createable));
  const described = await crm.sobject("Opportunity").describe();
  const referral = described.fields.find((field) => field.name === "Referral_Identifier__c");
  assert.deepEqual([referral.externalId, referral.length], [true, 100]);
});

test("the feeds tell what was saved and deleted", async () => {
  const made = await crm.sobject("Lead").create([{ LastName: "A", Company: "X" }, { LastName: "B", Company: "X" }]);
  await crm.sobject("Lead").destroy(made[1].id);
  const start = new Date(Date.now() - 3600_000);
  const end = new Date(Date.now() + 120_000);
  const updated = await crm.sobject("Lead").updated(start, end);
  assert.deepEqual(updated.ids, [made[0].id]);
  assert.ok(new Date(updated.latestDateCovered) <= new Date());
  const deleted = await crm.sobject("Lead").deleted(start, end);
  assert.deepEqual(deleted.deletedRecords.map((each) => each.id), [made[1].id]);
});

test("usage is told with every answer, and a used up day is refused", async () => {
  await control("limits", { max: 15, used: 10 });
  const limits = await crm.limits();
  assert.deepEqual(limits.DailyApiRequests, { Max: 15, Remaining: 4 });
  assert.deepEqual(crm.limitInfo.apiUsage, { used: 11, limit: 15 });
  await control("limits", { used: 15 });
  await assert.rejects(crm.query("SELECT Id FROM Account"), { errorCode: "REQUEST_LIMIT_EXCEEDED" });
});

test("requests that belong together are sent in one", async () => {
  const answer = await crm.requestPost(`/services/data/v${version}/composite`, {
    allOrNone: true,
    compositeRequest: [
      { method: "POST", url: `/services/data/v${version}/sobjects/Account`, referenceId: "customer", body: { Name: "C" } },
      {
        method: "POST",
        url: `/services/data/v${version}/sobjects/Contact`,
        referenceId: "person",
        body: { LastName: "Li", AccountId: "@{customer.id}" },
      },
    ],
  });
  assert.deepEqual(answer.compositeResponse.map((each) => each.httpStatusCode), [201, 201]);
});

// The next events of a channel, from `replay` on; `act` runs once the channel is subscribed to.
async function events(channel, replay, count, act = async () => {}) {
  const client = crm.streaming.createClient([new StreamingExtension.Replay(channel, replay)]);
  const seen = [];
  let done;
  const finished = new Promise((resolve) => (done = resolve));
  await client.subscribe(channel, (event) => {
    seen.push(event);
    if (seen.length === count) done();
  });
  await act();
  await finished;
  await client.disconnect();
  return seen;
}

test("changes are streamed as they happen, and replayed from an event on", async () => {
  const channel = "/data/OpportunityChangeEvent";
  let id;
  const live = await events(channel, -1, 2, async () => {
    const marked = connection({ accessToken: crm.accessToken, instanceUrl: salesforce.base_url, callOptions: { client: "Tideway" } });
    id = (await marked.sobject("Opportunity").create(opportunity())).id;
    await crm.sobject("Account").create({ Name: "Another object" });
    await crm.sobject("Opportunity").update({ Id: id, Amount: 7 });
  });
  const headers = live.map((event) => event.payload.ChangeEventHeader);
  assert.deepEqual(headers.map((header) => header.changeType), ["CREATE", "UPDATE"]);
  assert.deepEqual(headers[0].recordIds, [id]);
  assert.match(headers[0].changeOrigin, /;client=Tideway$/);
  assert.doesNotMatch(headers[1].changeOrigin, /client=Tideway/);
  assert.deepEqual(headers[1].changedFields, ["Amount", "LastModifiedDate"]);
  assert.equal(live[1].payload.Amount, 7);
  const replayed = await events(channel, live[0].event.replayId, 1);
  assert.equal(replayed[0].event.replayId, live[1].event.replayId);
  const all = await events(channel, -2, 2);
  assert.equal(all.length, 2);
});
