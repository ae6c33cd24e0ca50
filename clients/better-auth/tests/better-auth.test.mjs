// The real better-auth and a running Sixpost, which tests/e2e/clients/test_typescript.py starts.
import assert from "node:assert/strict";
import { test } from "node:test";

import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { phoneNumber } from "better-auth/plugins";
import { Sixpost } from "sixpost";
import { sixpostCodes } from "sixpost-better-auth";

const { OTP_URL, OTP_KEY, OTP_CONTROL } = process.env;
const SECRET = "a secret of this test, and of no other";
const codeFor = async (to) => (await fetch(`${OTP_CONTROL}/code/${encodeURIComponent(to)}`)).text();
const wrong = (code) => code.slice(0, -1) + ((Number(code.at(-1)) + 1) % 10);
let numbers = 3000;
const newNumber = () => `+1415557${numbers++}`;

/** A better-auth whose users, sessions and logs a test can see. */
function newAuth({ url = OTP_URL, key = OTP_KEY, fields } = {}) {
  const db = { user: [], session: [], account: [], verification: [] };
  const logs = [];
  const auth = betterAuth({
    baseURL: "http://app.example",
    secret: SECRET,
    database: memoryAdapter(db),
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    logger: { log: (level, ...words) => logs.push(words.map(String).join(" ")) },
    plugins: [
      phoneNumber({
        ...sixpostCodes(new Sixpost({ url, key }), fields),
        signUpOnVerification: { getTempEmail: (phone) => `${phone.slice(1)}@phone.invalid` },
      }),
    ],
  });
  const post = async (path, body, headers = {}) => {
    const response = await auth.handler(
      new Request(`http://app.example/api/auth/phone-number/${path}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Origin: "http://app.example", ...headers },
        body: JSON.stringify(body),
      }),
    );
    return { ...(await response.json()), status: response.status, headers: response.headers };
  };
  return { db, logs, post };
}

async function requested(app, phone = newNumber()) {
  const sent = await app.post("send-otp", { phoneNumber: phone });
  assert.equal(sent.status, 200, sent.message);
  return { phone, code: await codeFor(phone) };
}

test("the configuration of the README signs a new number up", async () => {
  Object.assign(process.env, { SIXPOST_URL: OTP_URL, SIXPOST_KEY: OTP_KEY });
  Object.assign(process.env, { BETTER_AUTH_SECRET: SECRET, BETTER_AUTH_URL: "http://app.example" });
  const { auth } = await import("../example/auth.mjs");
  const number = newNumber();
  await auth.api.sendPhoneNumberOTP({ body: { phoneNumber: number } });
  const { user } = await auth.api.verifyPhoneNumber({ body: { phoneNumber: number, code: await codeFor(number) } });
  assert.equal(user.phoneNumber, number);
});

test("a new number signs up with the code of Sixpost, and gets a session", async () => {
  const app = newAuth();
  const { phone, code } = await requested(app);
  const verified = await app.post("verify", { phoneNumber: phone, code });
  assert.equal(verified.status, 200);
  assert.equal(verified.user.phoneNumber, phone);
  assert.equal(verified.user.phoneNumberVerified, true);
  assert.match(verified.headers.get("set-cookie"), /session_token=/);
  assert.equal(app.db.session[0].userId, app.db.user[0].id);
});

test("a number signs in again as the same user", async () => {
  const app = newAuth();
  const { phone, code } = await requested(app);
  await app.post("verify", { phoneNumber: phone, code });
  const next = await requested(app, phone);
  const again = await app.post("verify", { phoneNumber: phone, code: next.code });
  assert.equal(again.user.id, app.db.user[0].id);
  assert.equal(app.db.user.length, 1);
});

test("a code works once", async () => {
  const app = newAuth();
  const { phone, code } = await requested(app);
  await app.post("verify", { phoneNumber: phone, code });
  const { status, code: error } = await app.post("verify", { phoneNumber: phone, code });
  assert.deepEqual([status, error], [400, "OTP_EXPIRED"]);
});

test("the code that better-auth keeps is not accepted", async () => {
  const app = newAuth();
  const { phone, code } = await requested(app);
  const [own] = app.db.verification[0].value.split(":");
  if (own !== code) assert.equal((await app.post("verify", { phoneNumber: phone, code: own })).status, 400);
  assert.equal(app.db.user.length, 0);
});

test("a wrong code signs nobody in, and the right one still does", async () => {
  const app = newAuth();
  const { phone, code } = await requested(app);
  for (const typed of [wrong(code), "not digits", ""]) {
    const { status, code: error } = await app.post("verify", { phoneNumber: phone, code: typed });
    assert.deepEqual([status, error], [400, "INVALID_OTP"]);
  }
  assert.deepEqual([app.db.user, app.db.session], [[], []]);
  assert.equal((await app.post("verify", { phoneNumber: phone, code })).status, 200);
});

test("an expired code signs nobody in", async () => {
  const app = newAuth();
  const { phone, code } = await requested(app);
  await fetch(`${OTP_CONTROL}/later/301`);
  const { status, code: error } = await app.post("verify", { phoneNumber: phone, code });
  assert.deepEqual([status, error, app.db.user], [400, "OTP_EXPIRED", []]);
});

test("after too many wrong codes the right one signs nobody in", async () => {
  const app = newAuth();
  const { phone, code } = await requested(app);
  for (let i = 0; i < 5; i++) await app.post("verify", { phoneNumber: phone, code: wrong(code) });
  const { status, code: error, headers } = await app.post("verify", { phoneNumber: phone, code });
  assert.deepEqual([status, error, app.db.user], [403, "TOO_MANY_ATTEMPTS", []]);
  assert.ok(Number(headers.get("retry-after")) > 0);
});

test("a code for one number signs nobody in with another", async () => {
  const app = newAuth();
  const mine = await requested(app);
  const theirs = await requested(app);
  assert.notEqual(mine.code, theirs.code, "by chance, once in a million runs");
  const { status, code: error } = await app.post("verify", { phoneNumber: theirs.phone, code: mine.code });
  assert.deepEqual([status, error], [400, "INVALID_OTP"]);
  const none = await app.post("verify", { phoneNumber: newNumber(), code: mine.code });
  assert.deepEqual([none.status, none.code, app.db.user], [400, "OTP_EXPIRED", []]);
});

test("a number has one spelling, so that it is one user", async () => {
  const app = newAuth();
  const { phone, code } = await requested(app);
  for (const spelled of [phone.slice(1), `${phone.slice(0, 5)} ${phone.slice(5)}`, ` ${phone}`, "+12", ""]) {
    for (const [path, body] of [["send-otp", {}], ["verify", { code }]]) {
      const { status, code: error } = await app.post(path, { phoneNumber: spelled, ...body });
      assert.deepEqual([status, error], [400, "INVALID_PHONE_NUMBER"], `${path} ${spelled}`);
    }
  }
  // A trunk prefix: Sixpost reads +44 7…
  const refused = await app.post("send-otp", { phoneNumber: "+4407400123456" });
  assert.deepEqual([refused.status, refused.code], [400, "INVALID_PHONE_NUMBER"]);
  assert.deepEqual(app.db.user, []);
});

test("a code requested in one spelling does not verify another", async () => {
  const app = newAuth();
  const { code } = await requested(app, "+447400123457");
  const { status } = await app.post("verify", { phoneNumber: "+4407400123457", code });
  assert.deepEqual([status, app.db.user], [400, []]);
});

test("a second request comes too soon, and says when it can be repeated", async () => {
  const app = newAuth();
  const { phone } = await requested(app);
  const { status, code, headers } = await app.post("send-otp", { phoneNumber: phone });
  assert.deepEqual([status, code], [429, "RATE_LIMITED"]);
  assert.ok(Number(headers.get("retry-after")) > 0);
});

test("a password is reset by the code of Sixpost", async () => {
  const app = newAuth();
  const first = await requested(app);
  await app.post("verify", { phoneNumber: first.phone, code: first.code });
  assert.equal((await app.post("request-password-reset", { phoneNumber: first.phone })).status, 200);
  const otp = await codeFor(first.phone);
  const newPassword = "correct horse battery staple";
  const refused = await app.post("reset-password", { phoneNumber: first.phone, otp: wrong(otp), newPassword });
  assert.equal(refused.status, 400);
  const reset = await app.post("reset-password", { phoneNumber: first.phone, otp, newPassword });
  assert.equal(reset.status, 200, reset.message);
});

test("the message is in the language of the browser, unless the app chooses one", async () => {
  const said = [];
  const remembers = (fields) => sixpostCodes({ start: async (otp) => (said.push(otp), { to: otp.phone }) }, fields);
  const ctx = (accepted) => ({ headers: new Headers({ "accept-language": accepted }) });
  const phoneNumber = newNumber();
  for (const accepted of ["pt-BR,pt;q=0.9,en;q=0.8", "de", "*", "'; DROP TABLE", "en-US.evil"]) {
    await remembers({}).sendOTP({ phoneNumber, code: "000000" }, ctx(accepted));
  }
  await remembers({ locale: "fr", channel: "call" }).sendOTP({ phoneNumber, code: "000000" }, ctx("de"));
  assert.deepEqual(said.map(({ locale }) => locale), ["pt-BR", "de", undefined, undefined, undefined, "fr"]);
  assert.equal(said.at(-1).channel, "call");
});

for (const [what, options, logged] of [
  ["a wrong key", { key: "0123456789abcdef" }, "unauthorized"],
  ["no Sixpost", { url: "http://127.0.0.1:9" }, "no_answer"],
]) {
  test(`with ${what}, people learn that there are no codes, and the log why`, async () => {
    const app = newAuth(options);
    const phoneNumber = newNumber();
    for (const [path, body] of [["send-otp", {}], ["verify", { code: "271828" }]]) {
      const answer = await app.post(path, { phoneNumber, ...body });
      assert.deepEqual([answer.status, answer.code], [503, "CODES_UNAVAILABLE"]);
      assert.ok(!JSON.stringify(answer).toLowerCase().includes("key"));
    }
    const log = app.logs.join("\n");
    assert.ok(log.includes(logged), log);
    for (const secret of [OTP_KEY, phoneNumber, "271828"]) assert.ok(!log.includes(secret));
  });
}
