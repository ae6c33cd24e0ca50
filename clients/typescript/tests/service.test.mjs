// Against a running Sixpost, which tests/e2e/clients/test_typescript.py starts.
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";

import * as api from "sixpost";

const { OTP_URL, OTP_KEY, OTP_ISSUER, OTP_CONTROL } = process.env;
const sixpost = new api.Sixpost({ url: OTP_URL, key: OTP_KEY, timeoutSeconds: 20 });
// Node.js and Deno meet the same service.
let numbers = "Deno" in globalThis ? 2000 : 1000;
const newNumber = () => `+1415557${numbers++}`;
const codeFor = async (to) => (await fetch(`${OTP_CONTROL}/code/${encodeURIComponent(to)}`)).text();
const wrong = (code) => code.slice(0, -1) + ((Number(code.at(-1)) + 1) % 10);

test("a code that was sent is right, once", async () => {
  const phone = newNumber();
  const { verification_id, status, to } = await sixpost.start({ phone });
  assert.equal(status, "pending");
  assert.ok(!to.includes(phone));
  const { sends } = await sixpost.waitUntilSent(verification_id);
  assert.equal(sends[0].status, "sent");
  const otp = await codeFor(phone);
  const approved = await sixpost.check({ verification_id, otp });
  assert.deepEqual([approved.verified, approved.status, approved.verification_id], [true, "approved", verification_id]);
  assert.equal((await sixpost.get(verification_id)).status, "approved");
  await assert.rejects(sixpost.check({ verification_id, otp }), api.VerificationNotFound);
});

test("an email address is verified by the address", async () => {
  const email = `ada${numbers++}@example.com`;
  await sixpost.start({ email, locale: "de" });
  const { channel } = await sixpost.check({ email, otp: await codeFor(email) });
  assert.equal(channel, "email");
});

test("wrong codes are counted down, until even the right one is refused", async () => {
  const phone = newNumber();
  const { verification_id, checks_left } = await sixpost.start({ phone });
  const otp = await codeFor(phone);
  for (let left = checks_left - 1; left >= 0; left--) {
    await assert.rejects(sixpost.check({ verification_id, otp: wrong(otp) }), (error) => {
      assert.ok(error instanceof api.IncorrectCode);
      assert.equal(error.checks_left, left);
      return true;
    });
  }
  await assert.rejects(sixpost.check({ verification_id, otp }), (error) => {
    assert.ok(error instanceof api.TooManyChecks);
    assert.ok(error.retryAfter > 0);
    return true;
  });
});

test("a code for one number is none for another", async () => {
  const [phone, other] = [newNumber(), newNumber()];
  await sixpost.start({ phone });
  await sixpost.start({ phone: other });
  const otp = await codeFor(phone);
  const codes = [otp, await codeFor(other)];
  if (codes[0] !== codes[1]) await assert.rejects(sixpost.check({ phone: other, otp }), api.IncorrectCode);
});

test("a canceled code is none", async () => {
  const phone = newNumber();
  const { verification_id } = await sixpost.start({ phone });
  const otp = await codeFor(phone);
  await sixpost.cancel(verification_id);
  await assert.rejects(sixpost.cancel(verification_id), api.VerificationNotFound);
  await assert.rejects(sixpost.check({ phone, otp }), api.VerificationNotFound);
});

test("an expired code is none", async () => {
  const phone = newNumber();
  await sixpost.start({ phone });
  const otp = await codeFor(phone);
  await fetch(`${OTP_CONTROL}/later/301`);
  await assert.rejects(sixpost.check({ phone, otp }), api.VerificationNotFound);
});

test("the same idempotency key sends once", async () => {
  const phone = newNumber();
  const [first, second] = [
    await sixpost.start({ phone }, { idempotencyKey: `order-${phone}` }),
    await sixpost.start({ phone }, { idempotencyKey: `order-${phone}` }),
  ];
  assert.deepEqual(second, first);
  await sixpost.waitUntilSent(first.verification_id);
  assert.equal((await sixpost.get(first.verification_id)).sends.length, 1);
});

test("what is refused says why", async () => {
  const phone = newNumber();
  await sixpost.start({ phone });
  await assert.rejects(sixpost.start({ phone }), (error) => {
    assert.ok(error instanceof api.RateLimited);
    assert.equal(error.scope, "resend");
    assert.ok(error.retryAfter > 0);
    return true;
  });
  await assert.rejects(sixpost.start({ phone: "12" }), (error) => {
    assert.ok(error instanceof api.InvalidRequest);
    assert.equal(error.errors[0].field, "phone");
    return true;
  });
  const stranger = new api.Sixpost({ url: OTP_URL, key: "0123456789" });
  await assert.rejects(stranger.start({ phone }), api.Unauthorized);
});

test("a receipt is verified with the keys of the service", async () => {
  const phone = newNumber();
  const context = { payee: "ACME Ltd", amount: "49.00", lines: [1.5, 1e21, "é"] };
  const { verification_id } = await sixpost.start({ phone, context, context_text: "49.00 to ACME Ltd" });
  const { receipt } = await sixpost.check({ verification_id, otp: await codeFor(phone) });
  const expected = { issuer: OTP_ISSUER, audience: "shop", verification_id, context, jwks: await sixpost.jwks() };
  const claims = await api.verifyReceipt(receipt, expected);
  assert.deepEqual([claims.jti, claims.channel], [verification_id, "sms"]);
  const more = { ...context, amount: "4900.00" };
  await assert.rejects(api.verifyReceipt(receipt, { ...expected, context: more }), api.InvalidReceipt);
});

test("an event of the service is verified", async () => {
  const { body, headers, secret } = await (await fetch(`${OTP_CONTROL}/event`)).json();
  const event = await api.verifyWebhook(body, headers, secret);
  assert.match(event.type, /^(verification|send)\./);
  assert.equal(event.data.app, "shop");
  await assert.rejects(api.verifyWebhook(`${body} `, headers, secret), api.InvalidWebhook);
});
