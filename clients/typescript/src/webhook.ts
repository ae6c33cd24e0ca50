import { fromBase64, jsonIn, utf8 } from "./encoding.js";
import { InvalidWebhook } from "./errors.js";

/** docs/events.md lists the types. `data` has more fields, depending on the type. */
export type WebhookEvent = { type: string; timestamp: string; data: EventData };
type EventData = { app: string; channel: string; to: string; [field: string]: unknown };

/** Checks a signature by Standard Webhooks 1.0.0, and returns the event. `body` is what arrived,
 * `headers` has names in lower case, and `secrets` is the app's webhook_secret, or several of them.
 * Throws InvalidWebhook if Sixpost did not send the request, or not just now. */
export async function verifyWebhook(
  body: string | Uint8Array,
  headers: Headers | Record<string, string | string[] | undefined>,
  secrets: string | string[],
  { toleranceSeconds = 300 } = {},
): Promise<WebhookEvent> {
  const given = headers instanceof Headers ? Object.fromEntries(headers) : headers;
  const header = (name: string) => String(given[`webhook-${name}`]);
  const timestamp = header("timestamp");
  const age = /^\d+$/.test(timestamp) ? Math.abs(Date.now() / 1000 - Number(timestamp)) : Infinity;
  if (age > toleranceSeconds) throw new InvalidWebhook("The webhook is too old.");
  const bytes = typeof body === "string" ? utf8(body) : body;
  const signed = Uint8Array.from([...utf8(`${header("id")}.${timestamp}.`), ...bytes]);
  for (const secret of [secrets].flat().flatMap((several) => several.split(" "))) {
    if (await isSigned(signed, header("signature"), secret)) return jsonIn(bytes);
  }
  throw new InvalidWebhook("The webhook has a wrong signature.");
}

async function isSigned(signed: BufferSource, signatures: string, secret: string) {
  const raw = fromBase64(secret.replace("whsec_", ""));
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", raw, hmac, false, ["verify"]);
  for (const [, signature] of signatures.matchAll(/(?<=^| )v1,(\S+)/g)) {
    if (await crypto.subtle.verify("HMAC", key, fromBase64(signature), signed)) return true;
  }
  return false;
}
