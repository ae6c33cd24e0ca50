import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import { test } from "node:test";

import { InvalidReceipt, verifyReceipt } from "sixpost";

const ISSUER = "https://otp.example";
const ID = "VE164dcee65fc8afcb69e043e6de07cabc";
const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwks = { keys: [{ ...stranger.publicKey.export({ format: "jwk" }), kid: "r0" }, publicJwk("r1")] };
const expected = { issuer: ISSUER, audience: "shop", verification_id: ID, jwks };
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

function publicJwk(kid) {
  return { ...pair.publicKey.export({ format: "jwk" }), kid, use: "sig", alg: "ES256" };
}

function receiptOf({ claims = {}, header = {}, key = pair.privateKey } = {}) {
  const body = { iss: ISSUER, aud: "shop", jti: ID, iat: 1, exp: inAnHour(), channel: "sms", to_hash: "x", ...claims };
  const parts = [{ alg: "ES256", kid: "r1", ...header }, body].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const signature = sign("sha256", Buffer.from(parts.join(".")), { key, dsaEncoding: "ieee-p1363" });
  return [...parts, signature.toString("base64url")].join(".");
}

test("a receipt for what is expected gives its claims", async () => {
  const claims = await verifyReceipt(receiptOf(), expected);
  assert.deepEqual([claims.jti, claims.channel], [ID, "sms"]);
});

const hmacOfPublicKey = () => {
  const [head, body] = receiptOf({ header: { alg: "HS256" } }).split(".");
  const key = pair.publicKey.export({ format: "pem", type: "spki" });
  return `${head}.${body}.${createHmac("sha256", key).update(`${head}.${body}`).digest("base64url")}`;
};
const tampered = () => {
  const [head, , signature] = receiptOf().split(".");
  return [head, receiptOf({ claims: { jti: ID, channel: "call" } }).split(".")[1], signature].join(".");
};
const unsigned = () => `${receiptOf({ header: { alg: "none" } }).split(".").slice(0, 2).join(".")}.`;

for (const [what, receipt] of Object.entries({
  "without a signature": unsigned(),
  "with an algorithm of none": receiptOf({ header: { alg: "none" } }),
  "signed with the public key as a secret": hmacOfPublicKey(),
  "with another algorithm": receiptOf({ header: { alg: "ES384" } }),
  "with an extension it calls critical": receiptOf({ header: { crit: ["exp"] } }),
  "with a key of its own": receiptOf({ header: { jwk: publicJwk("r1"), kid: undefined } }),
  "with an unknown key": receiptOf({ header: { kid: "r2" } }),
  "signed by somebody else": receiptOf({ key: stranger.privateKey }),
  "with changed claims": tampered(),
  "that has expired": receiptOf({ claims: { exp: Math.floor(Date.now() / 1000) - 1 } }),
  "that never expires": receiptOf({ claims: { exp: undefined } }),
  "of another issuer": receiptOf({ claims: { iss: "https://otp.example.evil" } }),
  "of another app": receiptOf({ claims: { aud: "bank" } }),
  "of another verification": receiptOf({ claims: { jti: ID.replace("1", "2") } }),
  "for a context": receiptOf({ claims: { context: "x" } }),
  "that is nothing": "",
  "that is no JWS": "a.b.c",
  "that is not base64url": `aaaaa.bbbbb.${"c".repeat(86)}`,
})) {
  test(`a receipt ${what} is refused`, async () => {
    await assert.rejects(verifyReceipt(receipt, expected), InvalidReceipt);
  });
}

// The forms and hashes are those of rfc8785, which the service uses.
for (const [context, hash] of [
  [{ payee: "ACME Ltd", currency: "EUR", amount: "49.00" }, "cON2vTsdtoHPoKCQENIDI4EIuM_BORMvQBkuE7D6xoA"],
  [{ "10": 1, "9": [1.5, 1e21, -0, null, true], "é": "\u2028 \u0007 \"\\", "\ud83d\ude00": 0, "\ufb33": {} }, "L4V5ViKXdzZ6WSGdc6DHiOzqfc0gnqFMdl_mJHPRcfc"],
  ["one payment", "7A58JixHANKhFyy4mqOW0XGQBHM3hnRG-bv4Tdx8ShM"],
]) {
  test(`the context ${JSON.stringify(context)} is known by its hash`, async () => {
    const receipt = receiptOf({ claims: { context: hash } });
    await verifyReceipt(receipt, { ...expected, context });
    await assert.rejects(verifyReceipt(receipt, { ...expected, context: { other: 1 } }), InvalidReceipt);
    await assert.rejects(verifyReceipt(receipt, expected), InvalidReceipt);
  });
}

test("null is no context, as it is to the service", async () => {
  await verifyReceipt(receiptOf(), { ...expected, context: null });
});

test("the keys come from the issuer, once for many receipts, and again for a new key", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const keys = [publicJwk("r1")];
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    if (asked === 1) response.writeHead(500).end();
    else response.end(JSON.stringify(request.url === "/otp/.well-known/jwks.json" ? { keys } : {}));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${server.address().port}/otp`;
  const check = (kid) => {
    const receipt = receiptOf({ claims: { iss: issuer }, header: { kid } });
    return verifyReceipt(receipt, { ...expected, issuer, jwks: undefined });
  };

  // A failure is not kept.
  await assert.rejects(check("r1"), { code: "unexpected_answer" });
  await Promise.all([check("r1"), check("r1"), check("r1")]);
  assert.equal(asked, 2);
  keys.push(publicJwk("r2"));
  await assert.rejects(check("r2"), InvalidReceipt);
  assert.equal(asked, 2);
  t.mock.timers.tick(31_000);
  await check("r2");
  await check("r1");
  assert.equal(asked, 3);
  t.mock.timers.tick(301_000);
  await check("r1");
  assert.equal(asked, 4);
  server.close();
  server.closeAllConnections();
});
