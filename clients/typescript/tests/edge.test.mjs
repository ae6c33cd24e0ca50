// The client in the edge runtime of Next.js, where nothing of Node.js is there, and a running Sixpost.
// node --experimental-vm-modules
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import vm from "node:vm";

import { EdgeVM } from "@edge-runtime/vm";

const { OTP_URL, OTP_KEY, OTP_ISSUER, OTP_CONTROL } = process.env;
const { context } = new EdgeVM();
const modules = new Map();

/** A module of the package, in the context of the edge runtime. */
function load(name) {
  const url = new URL(name, new URL("../dist/", import.meta.url));
  if (!modules.has(url.href)) {
    modules.set(url.href, new vm.SourceTextModule(readFileSync(url, "utf-8"), { context, identifier: url.href }));
  }
  return modules.get(url.href);
}

async function imported() {
  const index = load("index.js");
  await index.link((name) => load(name));
  await index.evaluate();
  return index.namespace;
}

test("the client works in an edge runtime", async () => {
  const ofNode = vm.runInContext("[typeof process, typeof Buffer, typeof require].join()", context);
  assert.equal(ofNode, "undefined,undefined,undefined");
  const { IncorrectCode, Sixpost, verifyReceipt, verifyWebhook } = await imported();
  const sixpost = new Sixpost({ url: OTP_URL, key: OTP_KEY, timeoutSeconds: 20 });
  const phone = "+14155575000";
  const bill = { amount: "49.00" };
  const { verification_id } = await sixpost.start({ phone, context: bill });
  await sixpost.waitUntilSent(verification_id);
  const otp = await (await fetch(`${OTP_CONTROL}/code/${encodeURIComponent(phone)}`)).text();
  const wrong = otp.slice(0, -1) + ((Number(otp.at(-1)) + 1) % 10);
  await assert.rejects(sixpost.check({ verification_id, otp: wrong }), (error) => error instanceof IncorrectCode);
  const { receipt } = await sixpost.check({ verification_id, otp });
  const jwks = await sixpost.jwks();
  const expected = { issuer: OTP_ISSUER, audience: "shop", verification_id, context: bill, jwks };
  assert.equal((await verifyReceipt(receipt, expected)).jti, verification_id);
  const { body, headers, secret } = await (await fetch(`${OTP_CONTROL}/event`)).json();
  assert.equal((await verifyWebhook(body, headers, secret)).data.app, "shop");
});
