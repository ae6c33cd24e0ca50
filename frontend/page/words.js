/** The page's sentences, from frontend/texts/LANGUAGE.toml. */

export const texts = JSON.parse(document.body.dataset.texts);

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
  return seconds < 60 ? fill(texts.seconds, { count: seconds }) : clock(milliseconds);
}

/** 0:25, 4:59 or 1:00:00. */
export function clock(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (!parts[0]) parts.shift();
  return parts.map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":");
}

/** What the page says about a Problem: the service's sentence, or that there is none. */
export function refusal({ code, message }) {
  return ["unreachable", "unexpected"].includes(code) ? texts.problem[code] : message;
}
