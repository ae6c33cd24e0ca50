/** Every sentence of the dashboard that depends on the data, and how it writes numbers and times. */

export const CHANNELS = { sms: "SMS", whatsapp: "WhatsApp", call: "Voice call", email: "E-mail" };

export const STATUS = {
  pending: "Waiting for the code",
  approved: "Verified",
  canceled: "Canceled",
  expired: "Expired",
  max_attempts_reached: "Too many wrong codes",
};

export const SENDER_STATUS = {
  in_use: "In use",
  failing: "Failing",
  left_alone: "Left alone",
  paused: "Paused",
};

export const RESULT = {
  accepted: "took it",
  refused: "refused it",
  transient: "could not take it now",
  unknown: "gave no answer",
  invalid_recipient: "says that nobody can be reached there",
};

export const GUARD = { ok: "Fine", monitored: "Would be held", held: "Held", released: "Released", exempt: "Exempt" };

export const NOBODY = "Type a phone number, an email address or a verification ID above.";
export const LOOKING = "One moment …";
export const RUNNING = { minutes: "minute not over", hours: "hour not over", days: "day not over" };

const REASONS = {
  approved: "The code was used already",
  canceled: "The verification was canceled",
  expired: "The code's time was over",
  max_attempts_reached: "There were too many wrong codes",
  superseded: "A newer code took its place",
  no_sender_left: "Every sender had refused it",
  out_of_attempts: "Every attempt failed",
  unknown: "Nobody knows why",
};

/** A provider's error codes, and the words of Python for a connection. */
const ERRORS = {
  twilio_20003: "Twilio does not accept the account or its token",
  twilio_20429: "Twilio gets too many requests",
  twilio_21211: "Twilio: there is no such number",
  twilio_21214: "Twilio: the number cannot be reached",
  twilio_21217: "Twilio: the number does not seem to be valid",
  twilio_21408: "Twilio: the account may not send to this country",
  twilio_21604: "Twilio: no recipient was given",
  twilio_21606: "Twilio: the from number cannot send this",
  twilio_21608: "Twilio: a trial account sends to its own numbers only",
  twilio_21610: "Twilio: the recipient has opted out (STOP)",
  twilio_21611: "Twilio: too many messages wait for the from number",
  twilio_21612: "Twilio: no way from this sender to this number",
  twilio_21614: "Twilio: it is not a mobile number",
  twilio_30002: "Twilio: the account is suspended",
  twilio_30003: "Carrier: the phone is off or out of reach",
  twilio_30004: "Carrier: the message was blocked",
  twilio_30005: "Carrier: the number is unknown or not in service",
  twilio_30006: "Carrier: a landline, or out of reach",
  twilio_30007: "Carrier: filtered as spam",
  twilio_30008: "Carrier: an error without a reason",
  twilio_63003: "WhatsApp: there is no such recipient",
  twilio_63014: "WhatsApp: the recipient has blocked it",
  twilio_63016: "WhatsApp: outside the time for free words, a template is needed",
  twilio_63018: "WhatsApp: too many messages",
  twilio_63024: "WhatsApp: the recipient is not valid",
  smtp_421: "The mail server closed the connection (421)",
  smtp_450: "The mailbox is busy, or greylisted (450)",
  smtp_451: "The mail server has trouble of its own (451)",
  smtp_452: "The mail server is full (452)",
  smtp_530: "The mail server wants a log-in or TLS (530)",
  smtp_535: "The mail server does not accept the password (535)",
  smtp_550: "No such mailbox, or the mail was refused (550)",
  smtp_552: "The mailbox is full (552)",
  smtp_553: "The mailbox's name is not allowed (553)",
  smtp_554: "The mail server refused the mail (554)",
  smtp_no_reply: "The mail server broke off",
  apprise_recipient: "The service does not take this address",
  apprise_no_connection: "The service cannot be reached",
  apprise_no_answer: "The service gave no answer",
  ConnectionRefusedError: "Nobody listens at the provider's address",
  ConnectionResetError: "The provider broke off the connection",
  RemoteDisconnected: "The provider closed the connection without an answer",
  TimeoutError: "The provider did not answer in time",
  gaierror: "The provider's host name is not known",
  SSLCertVerificationError: "The server cannot prove that it is the provider",
  SSLError: "The encrypted connection failed",
};

const HTTP = {
  400: "does not understand the request",
  401: "does not accept the key or password",
  403: "does not accept the key or password",
  404: "is not at this address",
  408: "waited too long",
  410: "is not there any more",
  422: "does not understand the request",
  429: "gets too many requests",
};
const WHO = { twilio_http: "What stands before Twilio", webhook: "The gateway", apprise: "The service", smtp: "The mail server", twilio: "Twilio" };

/** An error code of a sender, or the reason of a send's end, as a sentence. */
export function error(code) {
  if (!code) return "";
  const known = ERRORS[code] ?? REASONS[code];
  if (known) return known;
  const [, who, number] = /^(.*)_(\d{3,5})$/.exec(code) ?? [];
  if (who in WHO && number < 600) return `${WHO[who]} ${HTTP[number] ?? (number < 500 ? "refused it" : "has trouble of its own")} (${number})`;
  if (who in WHO) return `${WHO[who]}: error ${number}`;
  return code.replaceAll("_", " ").replace(/([a-z])([A-Z])/g, "$1 $2");
}

const RULES = {
  resend: "Asked again too soon",
  sends: "Messages of one verification",
  to: "Messages to one recipient",
  ip: "Messages from one network",
  app: "Messages of one app",
  country: "Messages to one country",
  range: "Messages to one range of numbers",
  global: "Messages in all",
  budget: "Budget of the day",
  rate_limit: "Rate limit of a Service",
  failed_checks: "Wrong codes of one recipient",
  failed_ip: "Wrong codes from one network",
  guard_range: "Pumping guard: range of numbers",
  guard_country: "Pumping guard: country",
  backlog: "The queue was too long",
  country_not_allowed: "Country is not allowed",
  number_type: "Kind of number is not allowed",
  blocked_prefix: "Range of numbers is blocked",
  channel_not_enabled: "Channel is off",
};
export const rule = (name) => RULES[name] ?? name.replaceAll("_", " ");

/** What of a rule was reached: 5 of 5 in 10 min. */
export function threshold({ rule: name, value, threshold: most, window_ms: window }) {
  if (most === undefined) return "";
  if (name === "backlog") return `${duration(value)}, ${duration(most)} at most`;
  const within = window ? ` in ${span(window)}` : "";
  if (name.startsWith("guard_")) return `${number(value)} verified, ${number(most)} at least${within}`;
  return `${number(most)}${within}`;
}

const ACTIONS = {
  log_in: "Logged in",
  log_in_failed: "Wrong password",
  log_out: "Logged out",
  reveal: "Revealed an address",
  cancel: "Canceled a verification",
  unblock: "Unblocked a recipient",
  pause: "Paused a sender",
  resume: "Resumed a sender",
  release: "Released a range or country",
  exempt: "Exempted a range or country",
  end_exemption: "Ended an exemption",
  test_message: "Sent a test message",
  erasure: "Erased a recipient",
  key_created: "Created an API key",
  key_rotated: "Rotated an API key",
  key_revoked: "Revoked an API key",
};
export const action = (name) => ACTIONS[name] ?? name.replaceAll("_", " ");

const numbers = new Intl.NumberFormat("en");
export const number = (value) => numbers.format(value);
export const percent = (value) => (value === null ? "–" : `${Math.round(value * 100)} %`);

/** 85 ms, 1.2 s, 25 s, 4 min. */
export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return "–";
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return span(milliseconds);
}

/** A longer time in its largest unit: 15 min, 2 h, 3 days. */
export function span(milliseconds) {
  const minutes = milliseconds / 60_000;
  if (minutes < 2) return `${Math.round(milliseconds / 1000)} s`;
  if (minutes < 120) return `${Math.round(minutes)} min`;
  if (minutes < 48 * 60) return `${Math.round(minutes / 60)} h`;
  return `${Math.round(minutes / 1440)} days`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const precise = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

const MOMENTS = {
  minutes: (date) => clock.format(date),
  hours: (date) => `${day.format(date)}, ${clock.format(date)}`,
  days: (date) => day.format(date),
};
/** The start of a bucket. */
export const moment = (window) => (seconds) => MOMENTS[window](new Date(seconds * 1000));

export const time = (seconds) => clock.format(new Date(seconds * 1000));
export const exactTime = (seconds) => precise.format(new Date(seconds * 1000));

const stamps = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
});
/** A moment that can be compared with a log: to the second, with the time zone. */
export const stamp = (seconds) => stamps.format(new Date(seconds * 1000));

const SINCE = { minutes: "In the last 60 minutes", hours: "In the last 48 hours", days: "In the last 30 days" };
/** The window of the figures, and the app that they are of where it is one. */
export const since = (window, app) => (app ? `${SINCE[window]}, app ${app}` : SINCE[window]);

export const OTHER_APPS = "Other apps";

const regions = new Intl.DisplayNames("en", { type: "region", fallback: "code" });
export function country(region) {
  if (region === "none" || !region) return "E-mail, or no country";
  if (region === "others") return "All others";
  return /^[A-Z]{2}$/.test(region) ? regions.of(region) : region;
}

/** The range of numbers or country that a guard is for. */
export const guarded = (kind, subject) => (kind === "country" ? country(subject) : `${subject}····`);

/** sms:twilio-2 as twilio-2 (SMS). */
export function sender(channelAndName) {
  const [channel, ...name] = channelAndName.split(":");
  return `${name.join(":")} (${CHANNELS[channel] ?? channel})`;
}

export const counted = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;
