/** The dashboard's words for data, and its formats of numbers and times. */

export const CHANNELS = { sms: "SMS", whatsapp: "WhatsApp", telegram: "Telegram", call: "Voice call", email: "Email" };

export const STATUS = {
  pending: "Pending",
  approved: "Verified",
  canceled: "Canceled",
  expired: "Expired",
  max_attempts_reached: "Too many incorrect codes",
};

export const SENDER_STATUS = {
  in_use: "Active",
  failing: "Failing",
  left_alone: "Skipped",
  paused: "Paused",
};

export const RESULT = {
  accepted: "accepted the message",
  refused: "rejected the message",
  transient: "was temporarily unavailable",
  unknown: "did not respond",
  invalid_recipient: "reported an invalid recipient",
  unreachable: "reported that the recipient is not on this channel",
};

export const GUARD = { ok: "OK", monitored: "Would be blocked", held: "Blocked", released: "Released", exempt: "Exempt" };

export const EVENT_RESULT = { delivered: "Delivered", failed: "Will be retried", given_up: "Given up" };

export const NOBODY = "Enter a phone number, email address or verification ID above.";
export const LOOKING = "Loading…";
export const RUNNING = { minutes: "this minute so far", hours: "this hour so far", days: "today so far" };

const REASONS = {
  approved: "The code was already used",
  canceled: "The verification was canceled",
  expired: "The code expired",
  max_attempts_reached: "Too many incorrect codes were entered",
  superseded: "Replaced by a newer code",
  no_sender_left: "Every sender rejected the message",
  out_of_attempts: "Every attempt failed",
  unreachable: "The recipient is not on this channel",
  unknown: "Unknown reason",
};

/** Providers' error codes, and Python's names of connection errors. */
const ERRORS = {
  twilio_20003: "Twilio: the account SID or auth token is incorrect",
  twilio_20429: "Twilio: too many requests",
  twilio_21211: "Twilio: the phone number does not exist",
  twilio_21214: "Twilio: the number is unreachable",
  twilio_21217: "Twilio: the number appears to be invalid",
  twilio_21408: "Twilio: sending to this country is not enabled for the account",
  twilio_21604: "Twilio: the recipient is missing",
  twilio_21606: "Twilio: the From number cannot send this message",
  twilio_21608: "Twilio: trial accounts can only send to verified numbers",
  twilio_21610: "Twilio: the recipient has opted out (STOP)",
  twilio_21611: "Twilio: the queue for the From number is full",
  twilio_21612: "Twilio: the sender cannot reach this number",
  twilio_21614: "Twilio: not a mobile number",
  twilio_30002: "Twilio: the account is suspended",
  twilio_30003: "Carrier: the phone is off or out of range",
  twilio_30004: "Carrier: the message was blocked",
  twilio_30005: "Carrier: the number is unknown or not in service",
  twilio_30006: "Carrier: the number is a landline or unreachable",
  twilio_30007: "Carrier: filtered as spam",
  twilio_30008: "Carrier: unknown error",
  twilio_63003: "WhatsApp: the recipient does not exist",
  twilio_63014: "WhatsApp: the recipient blocked this sender",
  twilio_63016: "WhatsApp: the 24-hour window is closed, so a template is required",
  twilio_63018: "WhatsApp: too many messages",
  twilio_63024: "WhatsApp: invalid recipient",
  whatsapp_131026: "WhatsApp: the recipient is not on WhatsApp, or has an old version",
  whatsapp_131030: "WhatsApp: the test number may not write to this recipient",
  whatsapp_131042: "WhatsApp: the account has a payment problem",
  whatsapp_131048: "WhatsApp: too many messages were reported as spam",
  whatsapp_131056: "WhatsApp: too many messages to this recipient",
  whatsapp_132001: "WhatsApp: the template does not exist in this language",
  whatsapp_132015: "WhatsApp: the template is paused",
  whatsapp_190: "WhatsApp: the access token is invalid or has expired",
  telegram_phone_number_not_found: "Telegram: the recipient is not on Telegram",
  telegram_phone_number_not_available: "Telegram: the recipient is not available on Telegram",
  telegram_access_token_invalid: "Telegram: the access token is invalid",
  telegram_balance_not_enough: "Telegram: the account is out of funds",
  telegram_code_length: "Telegram: only codes of 4 to 8 digits are accepted",
  telegram_expired: "Telegram: the message was not delivered in time",
  telegram_revoked: "Telegram: the message was deleted after the verification was canceled",
  smsgate_generic_failure: "Android phone: the SMS could not be sent, often because the SIM card has no credit",
  smsgate_limit_exceeded: "Android phone: Android or the carrier limits the number of SMS",
  smsgate_ril_modem_err: "Android phone: the modem or the signal failed",
  smsgate_no_default_sms_app: "Android phone: no default SMS app or SIM card is set",
  smsgate_no_sim: "Android phone: there is no SIM card",
  smsgate_canceled: "Android phone: the SMS was canceled in the app",
  smsgate_failed: "Android phone: the SMS could not be sent",
  telnyx_10009: "Telnyx: the API key is incorrect",
  telnyx_40001: "Carrier: the number is a landline or not routable",
  telnyx_40002: "Carrier: filtered as spam for now",
  telnyx_40003: "Carrier: the From number is blocked for good",
  telnyx_40005: "Carrier: the message expired",
  telnyx_40006: "Carrier: unavailable",
  telnyx_40008: "Carrier: not delivered",
  telnyx_40300: "Telnyx: the recipient has opted out (STOP)",
  telnyx_40305: "Telnyx: the From number cannot send this message",
  telnyx_40310: "Telnyx: the phone number is not valid",
  infobip_REJECTED_NOT_ENOUGH_CREDITS: "Infobip: the account has no credit left",
  infobip_REJECTED_SOURCE: "Infobip: the From name is not registered",
  infobip_REJECTED_DESTINATION: "Infobip: the phone number is not valid",
  infobip_REJECTED_PREFIX_MISSING: "Infobip: the phone number is not valid",
  infobip_EXPIRED_EXPIRED: "Carrier: the message expired",
  infobip_E401: "Infobip: the API key is incorrect",
  aws_InvalidSignatureException: "AWS: the secret key is incorrect",
  aws_UnrecognizedClientException: "AWS: the access key is incorrect",
  aws_AccessDeniedException: "AWS: the key may not send SMS",
  aws_DESTINATION_PHONE_NUMBER_OPTED_OUT: "AWS: the recipient has opted out (STOP)",
  aws_DESTINATION_PHONE_NUMBER_NOT_VERIFIED: "AWS: the sandbox can only send to verified numbers",
  aws_MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT: "AWS: the monthly spend limit is reached",
  aws_PRICE_OVER_THRESHOLD: "AWS: the message costs more than max_price",
  aws_UNREACHABLE: "Carrier: the phone is off or out of range",
  aws_TTL_EXPIRED: "AWS: the message expired",
  vonage_low_balance: "Vonage: the account has no credit left",
  vonage_unauthorized: "Vonage: the key or the secret is incorrect",
  vonage_1040: "Vonage: the phone number is not valid",
  vonage_1050: "Vonage: the number is barred",
  vonage_1120: "Vonage: the From name is not allowed in this country",
  vonage_1170: "Vonage: the phone number is not valid",
  smtp_421: "The mail server closed the connection (421)",
  smtp_450: "The mailbox is busy or the message was greylisted (450)",
  smtp_451: "The mail server had an error (451)",
  smtp_452: "The mail server is out of storage (452)",
  smtp_530: "The mail server requires a login or TLS (530)",
  smtp_535: "The mail server rejected the username or password (535)",
  smtp_550: "The mailbox does not exist or rejected the email (550)",
  smtp_552: "The mailbox is full (552)",
  smtp_553: "The mailbox name is not allowed (553)",
  smtp_554: "The mail server rejected the email (554)",
  smtp_no_reply: "The mail server closed the connection without a reply",
  apprise_recipient: "The service does not accept this address",
  apprise_no_connection: "The service is unreachable",
  apprise_no_answer: "The service did not respond",
  ConnectionRefusedError: "The provider refused the connection",
  ConnectionResetError: "The provider reset the connection",
  RemoteDisconnected: "The provider closed the connection without a response",
  TimeoutError: "The provider took too long to respond",
  gaierror: "The provider’s hostname could not be resolved",
  SSLCertVerificationError: "The provider’s TLS certificate could not be verified",
  SSLError: "The TLS connection failed",
};

const HTTP = {
  400: "could not process the request",
  401: "rejected the API key or password",
  403: "rejected the API key or password",
  404: "was not found at this address",
  408: "timed out",
  410: "is no longer at this address",
  422: "could not process the request",
  429: "received too many requests",
};
const WHO = {
  twilio_http: "A proxy in front of Twilio",
  webhook: "The gateway",
  whatsapp_http: "WhatsApp",
  telegram_http: "Telegram",
  smsgate: "The Android phone or its server",
  apprise: "The service",
  smtp: "The mail server",
  telnyx_http: "A proxy in front of Telnyx",
  vonage_http: "A proxy in front of Vonage",
  infobip_http: "A proxy in front of Infobip",
  aws_http: "A proxy in front of AWS",
};
const CODED = { twilio: "Twilio", whatsapp: "WhatsApp", telnyx: "Telnyx", vonage: "Vonage" };

/** An error code of a sender, or the reason of a send's end, as a sentence. */
export function error(code) {
  if (!code) return "";
  const known = ERRORS[code] ?? REASONS[code];
  if (known) return known;
  const [, who, number] = /^(.*)_(\d{1,7})$/.exec(code) ?? [];
  if (who in WHO && number < 600) return `${WHO[who]} ${HTTP[number] ?? (number < 500 ? "rejected the request" : "had an error")} (${number})`;
  if (who in CODED) return `${CODED[who]}: error ${number}`;
  return code.replaceAll("_", " ").replace(/([a-z])([A-Z])/g, "$1 $2");
}

const RULES = {
  resend: "Resend requested too soon",
  sends: "Messages per verification",
  to: "Messages per recipient",
  ip: "Messages per network",
  app: "Messages per app",
  country: "Messages per country",
  range: "Messages per number range",
  global: "Total messages",
  budget: "Daily budget",
  rate_limit: "Service rate limit",
  failed_checks: "Incorrect codes per recipient",
  failed_ip: "Incorrect codes per network",
  guard_range: "SMS pumping guard: number range",
  guard_country: "SMS pumping guard: country",
  backlog: "Queue too long",
  country_not_allowed: "Country not allowed",
  number_type: "Number type not allowed",
  blocked_prefix: "Number range blocked",
  channel_not_enabled: "Channel not enabled",
};
export const rule = (name) => RULES[name] ?? name.replaceAll("_", " ");

/** The limit that was reached: 5 in 10 min. */
export function threshold({ rule: name, value, threshold: most, window_ms: window }) {
  if (most === undefined) return "";
  if (name === "backlog") return `${duration(value)} (limit ${duration(most)})`;
  const within = window ? ` in ${span(window)}` : "";
  if (name.startsWith("guard_")) return `${number(value)} verified (minimum ${number(most)})${within}`;
  return `${number(most)}${within}`;
}

const ACTIONS = {
  log_in: "Logged in",
  log_in_failed: "Failed login",
  log_out: "Logged out",
  reveal: "Viewed a full address",
  cancel: "Canceled a verification",
  unblock: "Reset a recipient’s limits",
  pause: "Paused a sender",
  resume: "Resumed a sender",
  release: "Released a number range or country",
  exempt: "Exempted a number range or country",
  end_exemption: "Ended an exemption",
  resend_event: "Sent an event again",
  test_message: "Sent a test message",
  erasure: "Deleted a recipient’s data",
  end_sessions: "Logged out all other sessions",
  key_created: "Created an API key",
  key_rotated: "Rotated an API key",
  key_revoked: "Revoked an API key",
};
export const action = (name) => ACTIONS[name] ?? name.replaceAll("_", " ");

/** Who did it: a role, or a command. */
const ACTORS = { admin: "Operator", viewer: "Viewer" };
export const actor = (name) => ACTORS[name] ?? name;

const numbers = new Intl.NumberFormat("en");
export const number = (value) => numbers.format(value);
export const percent = (value) => (value === null ? "–" : `${Math.round(value * 100)}%`);

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
/** A moment to compare with a log: to the second, with the time zone. */
export const stamp = (seconds) => stamps.format(new Date(seconds * 1000));

const SINCE = { minutes: "In the last 60 minutes", hours: "In the last 48 hours", days: "In the last 30 days" };
/** The window of the figures, and their app if it is one. */
export const since = (window, app) => (app ? `${SINCE[window]}, app ${app}` : SINCE[window]);

export const OTHER_APPS = "Other apps";

const regions = new Intl.DisplayNames("en", { type: "region", fallback: "code" });
export function country(region) {
  if (region === "none" || !region) return "Email or no country";
  if (region === "others") return "Other countries";
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
