import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mock, test } from "node:test";

import { InvalidWebhook, SixpostError, verifyWebhook } from "sixpost";

const SECRET = `whsec_${Buffer.from("0".repeat(24)).toString("base64")}`;
const OTHER = `whsec_${Buffer.from("1".repeat(32)).toString("base64")}`;
const BODY = '{"type": "send.accepted", "timestamp": "2026-11-29T10:15:30.123Z", "data": {"to": "é"}}';
// What is signed here may be checked seconds later.
mock.timers.enable({ apis: ["Date"], now: Date.now() });
const now = () => Math.floor(Date.now() / 1000);

function signed({ body = BODY, secret = SECRET, at = now(), id = "msg_1", version = "v1" } = {}) {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": String(at),
    "webhook-signature": `${version},${signature}`,
    host: "shop.example",
  };
}

for (const [what, body, headers] of [
  ["text and the headers of Node", BODY, signed()],
  ["bytes and the headers of fetch", Buffer.from(BODY), new Headers(signed())],
  ["an event of five minutes ago", BODY, signed({ at: now() - 299 })],
]) {
  test(`${what} are verified`, async () => {
    const event = await verifyWebhook(body, headers, SECRET);
    assert.deepEqual([event.type, event.data.to], ["send.accepted", "é"]);
  });
}

test("while a secret is rotated, either one is enough", async () => {
  for (const secrets of [[OTHER, SECRET], [SECRET, OTHER], `${OTHER} ${SECRET}`]) {
    await verifyWebhook(BODY, signed(), secrets);
  }
  const both = signed();
  both["webhook-signature"] = `${signed({ secret: OTHER })["webhook-signature"]} ${both["webhook-signature"]}`;
  await verifyWebhook(BODY, both, SECRET);
});

const without = (name) => Object.fromEntries(Object.entries(signed()).filter(([one]) => one !== name));

for (const [what, headers] of Object.entries({
  "another body": signed({ body: BODY.replace("é", "e") }),
  "another secret": signed({ secret: OTHER }),
  "another id": { ...signed(), "webhook-id": "msg_2" },
  "another time": { ...signed(), "webhook-timestamp": String(now() - 1) },
  "a time too long ago": signed({ at: now() - 302 }),
  "a time too far ahead": signed({ at: now() + 302 }),
  "a time that is none": signed({ at: "soon" }),
  "another version of signatures": signed({ version: "v1a" }),
  "no signature": without("webhook-signature"),
  "no time": without("webhook-timestamp"),
  "no id": without("webhook-id"),
  "an empty signature": { ...signed(), "webhook-signature": "v1," },
  "a signature that is not base64": { ...signed(), "webhook-signature": "v1,%%% v1 ,, é" },
})) {
  test(`a webhook with ${what} is refused`, async () => {
    await assert.rejects(verifyWebhook(BODY, headers, SECRET), (error) => {
      assert.ok(error instanceof InvalidWebhook && error instanceof SixpostError);
      assert.ok(!error.message.includes(SECRET));
      return true;
    });
  });
}

test("a secret that is missing stops the check", async () => {
  for (const secret of [undefined, "", "whsec_"]) await assert.rejects(verifyWebhook(BODY, signed(), secret));
});
