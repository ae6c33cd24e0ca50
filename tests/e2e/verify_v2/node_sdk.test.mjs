// The vendor's Node SDK, with another base URL: the whole lifecycle, and every error.
// test_node_sdk.py starts the service and runs this.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import twilio from "twilio";

const { OTP_URL, OTP_FOLDER, OTP_ACCOUNT_SID, OTP_TOKENS } = process.env;
const GIVEN_SID = process.env.OTP_GIVEN_SID;
const tokens = JSON.parse(OTP_TOKENS);
const UNKNOWN = "0".repeat(32);

function clientOf(app, user = OTP_ACCOUNT_SID, token = tokens[app]) {
  const client = twilio(user, token, { accountSid: OTP_ACCOUNT_SID });
  client.verify.baseUrl = OTP_URL;
  return client;
}

const { services } = clientOf("shop").verify.v2;

async function newService(friendlyName, more = {}) {
  return services((await services.create({ friendlyName, ...more })).sid);
}

const shop = await newService("Node Shop");

let numbers = 0;
const newNumber = () => `+1415559${String(++numbers).padStart(4, "0")}`;

const CONSOLE_LINE = /^console-sender host=\S+ channel=(\w+) to=(\S+) code=(\d+) /gm;

// The codes that the console sender printed for somebody, as soon as there are so many.
async function codesFor(to, count = 1) {
  for (let tries = 0; tries < 250; tries++) {
    const logs = readdirSync(OTP_FOLDER).filter((name) => name.startsWith("worker-"));
    const text = logs.map((name) => readFileSync(join(OTP_FOLDER, name), "utf8")).join("");
    const codes = [...text.matchAll(CONSOLE_LINE)].filter((line) => line[2] === to).map((line) => line[3]);
    if (codes.length >= count) return codes;
    await wait(20);
  }
  throw new Error(`no ${count} codes came for ${to}`);
}

const codeFor = async (to) => (await codesFor(to)).at(-1);

const wrong = (code) => code.slice(0, -1) + String((Number(code.at(-1)) + 1) % 10);

// The SDK throws what its users catch, never its kind for problem+json.
async function refused(call, status, code, naming = "") {
  let error;
  await assert.rejects(call, (thrown) => {
    error = thrown;
    return true;
  });
  assert.ok(error instanceof twilio.RestException, `${error.constructor.name}: ${error.message}`);
  assert.deepEqual([error.status, error.code], [status, code], error.message);
  assert.ok(error.message.includes(naming), error.message);
  assert.ok(error.moreInfo.startsWith("http"));
  return error;
}

function isNow(date) {
  assert.ok(date instanceof Date);
  assert.ok(Math.abs(date - Date.now()) < 60_000, String(date));
}

test("a service is created, fetched, updated and deleted", async () => {
  const made = await services.create({ friendlyName: "Your Shop", codeLength: 4 });
  assert.match(made.sid, /^VA[0-9a-f]{32}$/);
  assert.equal(made.accountSid, OTP_ACCOUNT_SID);
  isNow(made.dateCreated);
  const changed = await services(made.sid).update({ friendlyName: "Our Shop", customCodeEnabled: true });
  assert.equal(changed.sid, made.sid);
  const fetched = await services(made.sid).fetch();
  assert.deepEqual(
    [fetched.friendlyName, fetched.codeLength, fetched.customCodeEnabled],
    ["Our Shop", 4, true],
  );
  assert.equal(await services(made.sid).remove(), true);
  await refused(services(made.sid).fetch(), 404, 20404, `/Services/${made.sid} was not found`);
});

test("services are listed across pages", async () => {
  const { services } = clientOf("nodelists").verify.v2;
  const sids = [];
  for (const name of "abcde") {
    sids.push((await services.create({ friendlyName: `Node Page ${name}` })).sid);
  }
  const listed = (await services.list({ pageSize: 2 })).map((one) => one.sid);
  assert.deepEqual(listed, sids);
  const second = await (await services.page({ pageSize: 2 })).nextPage();
  const first = await second.previousPage();
  assert.deepEqual(first.instances.map((one) => one.sid), sids.slice(0, 2));
});

for (const channel of ["sms", "call", "whatsapp", "email"]) {
  test(`a verification by ${channel} is approved by its code`, async () => {
    const number = newNumber();
    const to = channel === "email" ? `node${number.slice(1)}@example.com` : number;
    const sent = await shop.verifications.create({ to, channel });
    assert.match(sent.sid, /^VE[0-9a-f]{32}$/);
    assert.deepEqual([sent.to, sent.channel, sent.status, sent.valid], [to, channel, "pending", false]);
    assert.match(sent.sendCodeAttempts[0].attempt_sid, /^VL[0-9a-f]{32}$/);
    isNow(sent.dateCreated);
    for (const name of [sent.sid, to]) {
      assert.equal((await shop.verifications(name).fetch()).sid, sent.sid);
    }
    const checked = await shop.verificationChecks.create({ to, code: await codeFor(to) });
    assert.deepEqual([checked.status, checked.valid, checked.sid], ["approved", true, sent.sid]);
    isNow(checked.dateUpdated);
    await refused(shop.verifications(sent.sid).fetch(), 404, 20404);
  });
}

test("a resend keeps the SID and the code", async () => {
  const to = newNumber();
  const first = await shop.verifications.create({ to, channel: "sms" });
  const again = await shop.verifications.create({ to, channel: "call" });
  assert.deepEqual([again.sid, again.channel], [first.sid, "call"]);
  assert.equal(again.sendCodeAttempts.length, 2);
  const [one, other] = await codesFor(to, 2);
  assert.equal(one, other);
  const check = { verificationSid: first.sid, code: one };
  assert.equal((await shop.verificationChecks.create(check)).status, "approved");
  const error = await refused(shop.verificationChecks.create(check), 404, 20404, "/VerificationCheck was not found");
  assert.equal(error.details.reason, "approved");
});

test("a canceled verification stays to be seen and takes no code", async () => {
  const to = newNumber();
  const sent = await shop.verifications.create({ to, channel: "sms" });
  const code = await codeFor(to);
  assert.equal((await shop.verifications(to).update({ status: "canceled" })).status, "canceled");
  assert.equal((await shop.verifications(sent.sid).fetch()).status, "canceled");
  const error = await refused(
    shop.verificationChecks.create({ verificationSid: sent.sid, code }), 404, 20404,
  );
  assert.equal(error.details.reason, "canceled");
});

test("a verification can be approved without its code", async () => {
  const to = newNumber();
  const sent = await shop.verifications.create({ to, channel: "sms" });
  const approved = await shop.verifications(sent.sid).update({ status: "approved" });
  assert.deepEqual([approved.status, approved.valid], ["approved", true]);
  await refused(shop.verifications(to).fetch(), 404, 20404);
});

test("five wrong codes are pending and no further one counts", async () => {
  const to = newNumber();
  const sent = await shop.verifications.create({ to, channel: "sms" });
  const code = await codeFor(to);
  for (let i = 0; i < 5; i++) {
    const checked = await shop.verificationChecks.create({ to, code: wrong(code) });
    assert.deepEqual([checked.status, checked.valid], ["pending", false]);
  }
  await refused(shop.verificationChecks.create({ to, code }), 429, 60202, "Max check attempts reached");
  assert.equal((await shop.verifications(sent.sid).fetch()).status, "max_attempts_reached");
  await refused(shop.verifications.create({ to, channel: "sms" }), 429, 60203);
});

test("the sixth send is refused", async () => {
  const to = newNumber();
  for (let i = 0; i < 5; i++) await shop.verifications.create({ to, channel: "sms" });
  await refused(shop.verifications.create({ to, channel: "sms" }), 429, 60203, "Max send attempts reached");
});

test("codes are as the service says", async () => {
  const own = await newService("Own Codes", { customCodeEnabled: true });
  const to = newNumber();
  await own.verifications.create({ to, channel: "sms", customCode: "83920174" });
  assert.equal(await codeFor(to), "83920174");
  assert.ok((await own.verificationChecks.create({ to, code: "83920174" })).valid);

  const long = await newService("Long Codes", { codeLength: 10 });
  const other = newNumber();
  const names = { customFriendlyName: "Cafe", locale: "de" };
  await long.verifications.create({ to: other, channel: "sms", ...names });
  assert.equal((await codeFor(other)).length, 10);
});

for (const [more, status, code, naming] of [
  [{ to: "12" }, 400, 60200, "Invalid parameter `To`: 12"],
  [{ to: "" }, 400, 60200, "To"],
  [{ channel: "pigeon" }, 400, 60200, "Invalid parameter: Channel"],
  [{ channel: "sna" }, 400, 60200, "Channel"],
  [{ templateSid: `HJ${UNKNOWN}` }, 400, 60228, "Template was not found"],
  [{ to: process.env.OTP_FRENCH }, 403, 60605, "Verification delivery attempt blocked"],
  [{ to: process.env.OTP_BLOCKED }, 403, 60410, "Verification delivery attempt blocked"],
]) {
  test(`a start with ${JSON.stringify(more)} is refused`, async () => {
    const call = shop.verifications.create({ to: newNumber(), channel: "sms", ...more });
    await refused(call, status, code, naming);
  });
}

test("a check that cannot be is refused", async () => {
  const to = newNumber();
  await shop.verifications.create({ to, channel: "sms" });
  for (const code of ["", "12", "abcdef"]) {
    await refused(shop.verificationChecks.create({ to, code }), 400, 60200, "Code");
  }
  await refused(shop.verificationChecks.create({ to: "12", code: "123456" }), 400, 60200, "`To`");
  await refused(
    shop.verificationChecks.create({ code: "123456" }), 400, 60221, "No target verification specified",
  );
  const error = await refused(
    shop.verificationChecks.create({ to: newNumber(), code: "123456" }), 404, 20404,
  );
  assert.equal(error.details.reason, "unknown");
});

test("what a service or a verification cannot be is refused", async () => {
  await refused(services.create({ friendlyName: "a".repeat(33) }), 400, 60200, "FriendlyName");
  await refused(services.create({ friendlyName: "Shop", codeLength: 3 }), 400, 60200, "CodeLength");
  const sent = await shop.verifications.create({ to: newNumber(), channel: "sms" });
  await refused(shop.verifications(sent.sid).update({ status: "perhaps" }), 400, 60200, "Status");
  await refused(services(`VA${UNKNOWN}`).fetch(), 404, 20404);
});

test("a landline gets no SMS where the service skips them", async () => {
  const careful = await newService("No Landlines", { skipSmsToLandlines: true });
  const call = careful.verifications.create({ to: process.env.OTP_LANDLINE, channel: "sms" });
  await refused(call, 403, 60205, "SMS is not supported by landline phone number");
});

test("the account's policy counts for its services", async () => {
  const { services } = clientOf("nodekiosk").verify.v2;
  const kiosk = services((await services.create({ friendlyName: "Node Kiosk" })).sid);
  await refused(kiosk.verifications.create({ to: newNumber(), channel: "call" }), 400, 60223);
  for (let i = 0; i < 3; i++) await kiosk.verifications.create({ to: newNumber(), channel: "sms" });
  await refused(kiosk.verifications.create({ to: newNumber(), channel: "sms" }), 429, 20429);
});

test("a rate limit counts what the caller names, and attempts say what came of it", async () => {
  const { verificationAttempts, verificationAttemptsSummary } = clientOf("shop").verify.v2;
  const meter = await newService("Node Meter");
  const limit = await meter.rateLimits.create({ uniqueName: "end_user_ip" });
  await meter.rateLimits(limit.sid).buckets.create({ max: 1, interval: 60 });
  const more = { channel: "sms", rateLimits: { end_user_ip: "198.51.100.9" } };
  const sent = await meter.verifications.create({ to: newNumber(), ...more });
  await refused(meter.verifications.create({ to: newNumber(), ...more }), 429, 20429);

  const mine = { verifyServiceSid: sent.serviceSid };
  const attempts = await verificationAttempts.list(mine);
  assert.deepEqual(attempts.map((one) => one.verificationSid), [sent.sid]);
  assert.equal((await verificationAttemptsSummary().fetch(mine)).totalUnconverted, 1);
});

test("credentials are an account's or a key's", async () => {
  const to = newNumber();
  const { services } = clientOf("shop", `SK${UNKNOWN}`).verify.v2;
  await services(GIVEN_SID).verifications.create({ to, channel: "sms" });
  assert.ok((await services(GIVEN_SID).verificationChecks.create({ to, code: await codeFor(to) })).valid);
  for (const user of [OTP_ACCOUNT_SID, `SK${UNKNOWN}`]) {
    const stranger = clientOf("shop", user, "wrong");
    await refused(stranger.verify.v2.services.list(), 401, 20003, "Authenticate");
  }
});

test("a method that a resource has not is refused", async () => {
  const { v2 } = clientOf("shop").verify;
  await refused(v2.update({ uri: `/Services/${GIVEN_SID}`, method: "put" }), 405, 20004, "Method not allowed");
});
