/** The page's sentences, from frontend/texts/LANGUAGE.toml. */

export const texts = JSON.parse(document.body.dataset.texts);

const FAILED = ["undelivered", "failed"];

/** The sentence with its {braces} filled in. Braces without a value stay, for the caller. */
export function fill(text, facts) {
  return text.replace(/\{(\w+)\}/g, (braces, name) => facts[name] ?? braces);
}

/** An address in a sentence of any direction: isolated, and from left to right. */
export function isolated(to) {
  return `\u2066${to}\u2069`;
}

/** 25 s, 4:59 or 1:00:00. */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  if (seconds < 60) return fill(texts.seconds, { count: seconds });
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (!parts[0]) parts.shift();
  return parts.map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":");
}

export function hasFailed(send) {
  return FAILED.includes(send?.status);
}

/** The status of a message, with a hint if there is another channel. */
export function delivery(send, canTryAnother) {
  const { status, reason, channel } = send ?? {};
  const byEmail = status === "sent" && channel === "email";
  const name = status === "dropped" ? reason : byEmail ? "sent_email" : status;
  const what = texts.delivery[name] ?? "";
  return hasFailed(send) && canTryAnother ? fill(texts.delivery.try_another, { what }) : what;
}

/** What the page says about a Problem. */
export function refusal({ code, errors, retryAfterSeconds, checks_left: count }) {
  const name = code === "invalid_request" ? `invalid_${errors?.[0]?.field}` : code;
  const time = duration((retryAfterSeconds || 1) * 1000);
  return fill(texts.problem[name] ?? texts.problem.unexpected, { time, count });
}
