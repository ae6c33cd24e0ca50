import { Sixpost } from "./client.js";
import { fromBase64, jsonIn, utf8 } from "./encoding.js";
import { InvalidReceipt } from "./errors.js";

export type Jwks = { keys: { kid?: string; [member: string]: unknown }[] };
/** docs/verification-receipts.md explains the claims. */
export type Receipt = Record<"iss" | "aud" | "jti" | "channel" | "to_hash", string> &
  Record<"iat" | "exp", number> & { context?: string };
type Expected = { issuer: string; audience: string; verification_id: string } & Optional;
type Optional = { context?: unknown; jwks?: Jwks };

/** How long keys are kept, also for an unknown ID: made-up ones must not cause many requests. */
const [KEPT_MS, LEAST_KEPT_MS] = [300_000, 30_000];
const kept = new Map<string, { at: number; jwks: Promise<Jwks> }>();

/** Returns the claims. Throws InvalidReceipt if the receipt is for anything else. `issuer` is
 * OTP_PUBLIC_URL, and `audience` the app. `verification_id` is in the person's session: remove it
 * there, because a receipt counts once. `context` is what the code was requested with. */
export async function verifyReceipt(receipt: string, expected: Expected): Promise<Receipt> {
  const [, head, body, signature] = /^([\w-]+)\.([\w-]+)\.([\w-]{86})$/.exec(receipt) ?? [];
  const header = jsonIn(fromBase64(head));
  if (header?.alg !== "ES256" || header.crit) throw new InvalidReceipt("The receipt is not ES256.");
  const { issuer, audience, verification_id, context, jwks } = expected;
  const jwk = jwks ? keyIn(jwks, header.kid) : await keyOf(issuer, header.kid);
  if (!jwk) throw new InvalidReceipt("The receipt is signed with an unknown key.");
  const es256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("jwk", jwk, es256, false, ["verify"]);
  const ok = await crypto.subtle.verify(es256, key, fromBase64(signature), utf8(`${head}.${body}`));
  if (!ok) throw new InvalidReceipt("The receipt has a wrong signature.");
  const claims = jsonIn(fromBase64(body));
  if (!(claims.exp > Date.now() / 1000)) throw new InvalidReceipt("The receipt has expired.");
  const hash = context == null ? undefined : await contextHash(context);
  const right = { iss: issuer, aud: audience, jti: verification_id, context: hash };
  const wrong = Object.entries(right).find(([name, value]) => claims[name] !== value);
  if (wrong) throw new InvalidReceipt(`The receipt has another ${wrong[0]}.`);
  return claims;
}

async function keyOf(issuer: string, kid: unknown): Promise<object | undefined> {
  for (const longest of [KEPT_MS, LEAST_KEPT_MS]) {
    let known = kept.get(issuer);
    if (!known || Date.now() - known.at > longest) {
      known = { at: Date.now(), jwks: new Sixpost({ url: issuer }).jwks() };
      known.jwks.catch(() => kept.delete(issuer));
      kept.set(issuer, known);
    }
    const key = keyIn(await known.jwks, kid);
    if (key) return key;
  }
}

const keyIn = ({ keys }: Jwks, kid: unknown) => keys.find((key) => key.kid === kid);

/** base64url of SHA-256 of the canonical form of a JSON (RFC 8785). */
async function contextHash(context: unknown): Promise<string> {
  const form = utf8(canonical(JSON.parse(JSON.stringify(context))));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", form));
  const base64 = btoa(String.fromCharCode(...digest));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replace("=", "");
}

function canonical(json: unknown): string {
  if (Array.isArray(json)) return `[${json.map(canonical)}]`;
  if (typeof json !== "object" || json === null) return JSON.stringify(json);
  const members = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`)}}`;
}
