// The real Auth.js and a running Sixpost, which tests/e2e/clients/test_typescript.py starts.
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Auth, skipCSRFCheck } from "@auth/core";
import { Sixpost } from "sixpost";
import { sendCode, SixpostPhone } from "sixpost-authjs";

const { OTP_URL, OTP_KEY, OTP_CONTROL } = process.env;
const codeFor = async (to) => (await fetch(`${OTP_CONTROL}/code/${encodeURIComponent(to)}`)).text();
const wrong = (code) => code.slice(0, -1) + ((Number(code.at(-1)) + 1) % 10);
let numbers = 4000;
const newNumber = () => `+1415557${numbers++}`;

/** An app with Auth.js, as a browser sees it. */
function newApp({ url = OTP_URL, key = OTP_KEY, user = (phone) => ({ id: `user of ${phone}` }) } = {}) {
  const sixpost = new Sixpost({ url, key });
  return appOf({ providers: [SixpostPhone(sixpost, user)] }, sendCode(sixpost));
}

function appOf(config, send) {
  const logs = [];
  const logger = { error: (error) => logs.push(`${error} ${error.cause}`), warn() {}, debug() {} };
  const whole = { ...config, secret: "a secret of this test, and of no other", trustHost: true, basePath: "/auth", logger };
  const call = (path, init) => Auth(new Request(`https://app.example/auth/${path}`, init), whole);
  return {
    logs,
    send: (phone, headers = {}) =>
      send(
        new Request("https://app.example/code", {
          method: "POST",
          headers: { "Content-Type": "application/json", ...headers },
          body: JSON.stringify({ phone }),
        }),
      ),
    /** Signs in as the form of Auth.js does. Answers the URL that follows, and the session. */
    async signIn(phone, code) {
      const csrf = await call("csrf");
      const { csrfToken } = await csrf.json();
      const cookies = csrf.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
      const signedIn = await call("callback/sixpost", {
        method: "POST",
        headers: { "Content-Type": "application/x-www-form-urlencoded", Cookie: cookies.join("; ") },
        body: new URLSearchParams({ csrfToken, phone, code }),
      });
      const url = new URL(signedIn.headers.get("location"));
      cookies.push(...signedIn.headers.getSetCookie().map((cookie) => cookie.split(";")[0]));
      const session = await (await call("session", { headers: { Cookie: cookies.join("; ") } })).json();
      return { error: url.searchParams.get("error"), code: url.searchParams.get("code"), session };
    },
  };
}

async function requested(app, phone = newNumber()) {
  const sent = await app.send(phone);
  assert.equal(sent.status, 202);
  return { phone, code: await codeFor(phone) };
}

async function refused(app, phone, typed, code) {
  const answer = await app.signIn(phone, typed);
  assert.deepEqual([answer.error, answer.code, answer.session], ["CredentialsSignin", code, null]);
}

test("the configuration of the README signs a new number up, and in again as the same user", async () => {
  Object.assign(process.env, { SIXPOST_URL: OTP_URL, SIXPOST_KEY: OTP_KEY });
  const { config, POST } = await import("../example/auth.mjs");
  const app = appOf(config, POST);
  const { phone, code } = await requested(app);
  const first = await app.signIn(phone, code);
  assert.equal(first.error, null);
  assert.equal(first.session.user.name, phone);
  const next = await requested(app, phone);
  const again = await app.signIn(phone, next.code);
  assert.equal(again.session.user.name, phone);
});

test("the answer to a request for a code has what a page shows, and no code or whole number", async () => {
  const app = newApp();
  const phone = newNumber();
  const answer = await (await app.send(phone)).json();
  assert.deepEqual(Object.keys(answer), ["to", "channel", "expires_in", "resend_in", "message"]);
  assert.ok(!JSON.stringify(answer).includes(phone.slice(1)));
});

test("a code works once", async () => {
  const app = newApp();
  const { phone, code } = await requested(app);
  assert.equal((await app.signIn(phone, code)).error, null);
  await refused(app, phone, code, "verification_not_found");
});

test("a wrong code signs nobody in, and the right one still does", async () => {
  const app = newApp();
  const { phone, code } = await requested(app);
  await refused(app, phone, wrong(code), "incorrect_code");
  for (const typed of ["not digits", ""]) await refused(app, phone, typed, "invalid_request");
  assert.equal((await app.signIn(phone, code)).error, null);
});

test("an expired code signs nobody in", async () => {
  const app = newApp();
  const { phone, code } = await requested(app);
  await fetch(`${OTP_CONTROL}/later/301`);
  await refused(app, phone, code, "verification_not_found");
});

test("after too many wrong codes the right one signs nobody in", async () => {
  const app = newApp();
  const { phone, code } = await requested(app);
  for (let i = 0; i < 5; i++) await refused(app, phone, wrong(code), "incorrect_code");
  await refused(app, phone, code, "too_many_checks");
});

test("a code for one number signs nobody in with another", async () => {
  const app = newApp();
  const mine = await requested(app);
  const theirs = await requested(app);
  assert.notEqual(mine.code, theirs.code, "by chance, once in a million runs");
  await refused(app, theirs.phone, mine.code, "incorrect_code");
  await refused(app, newNumber(), mine.code, "verification_not_found");
});

test("all spellings of a number are one user", async () => {
  const seen = [];
  const app = newApp({ user: (phone) => (seen.push(phone), { id: phone }) });
  const phone = newNumber();
  const spelled = `${phone.slice(0, 2)} (${phone.slice(2, 5)}) ${phone.slice(5, 8)}-${phone.slice(8)}`;
  assert.equal((await app.send(spelled)).status, 202);
  assert.equal((await app.signIn(spelled, await codeFor(phone))).error, null);
  assert.deepEqual(seen, [phone]);
});

test("a number that Sixpost reads as another one is refused", async () => {
  const app = newApp();
  for (const spelled of ["+4407400123458", newNumber().slice(1), "+12", "", null, { phone: "+1" }]) {
    assert.equal((await app.send(spelled)).status, 400);
  }
  const { code } = await requested(app, "+447400123459");
  await refused(app, "+4407400123459", code, "invalid_request");
});

test("a number that the app refuses does not sign in", async () => {
  const app = newApp({ user: () => null });
  const { phone, code } = await requested(app);
  await refused(app, phone, code, "credentials");
});

test("a form of another site requests no code", async () => {
  const app = newApp();
  const phone = newNumber();
  for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
    assert.equal((await app.send(phone, { "Content-Type": type })).status, 400);
  }
  assert.equal((await app.send(phone)).status, 202);
});

test("a second request comes too soon, and says when it can be repeated", async () => {
  const app = newApp();
  const { phone } = await requested(app);
  const answer = await app.send(phone);
  assert.equal(answer.status, 429);
  assert.equal((await answer.json()).code, "rate_limited");
  assert.ok(Number(answer.headers.get("retry-after")) > 0);
});

for (const [what, options, logged] of [
  ["a wrong key", { key: "0123456789abcdef" }, "Unauthorized"],
  ["no Sixpost", { url: "http://127.0.0.1:9" }, "NoAnswer"],
]) {
  test(`with ${what}, people learn that there are no codes, and the log why`, async () => {
    const app = newApp(options);
    const phone = newNumber();
    const said = mock.method(console, "error", () => {});
    const answer = await app.send(phone);
    const log = said.mock.calls.map((call) => call.arguments.join(" ")).join("\n");
    said.mock.restore();
    assert.deepEqual([answer.status, (await answer.json()).code], [503, "unavailable"]);
    await refused(app, phone, "271828", "unavailable");
    for (const text of [log, app.logs.join("\n")]) {
      assert.ok(text.includes(logged), text);
      for (const secret of [OTP_KEY, phone, "271828"]) assert.ok(!text.includes(secret));
    }
  });
}
