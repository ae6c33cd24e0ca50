/** The country picker of the phone field, and hints at numbers that look wrong. Only the service decides. */
import { $, h, write } from "../lib/dom.js";
import { plain } from "./code.js";
import { texts } from "./words.js";

const FOLDER = "../vendor/intl-tel-input";
const PAUSE_MS = 800; // A hint waits for a pause in typing.

const page = document.body.dataset;
const input = $("phone");
const doubt = $("phone-doubt");
let intlTelInput = null;
let picker = null;

/** The number for the service: in the chosen country, if it was typed without a country code. */
export function typedNumber() {
  clean();
  const all = readings(input.value.trim());
  if (!all.length || !isLoaded()) return all[0] ?? "";
  return intlTelInput.utils.formatNumber(all.find(exists) ?? all[0], chosen());
}

/** Ways to read a typed number: with 00 as the international prefix, or as written in the chosen country,
 * which may have another prefix (011, 0011). */
function readings(typed) {
  if (!typed || typed.startsWith("+")) return typed ? [typed] : [];
  const country = picker.getSelectedCountry();
  const digits = typed.replace(/\D/g, "");
  const abroad = digits.startsWith("00") ? [`+${digits.slice(2)}`] : [];
  const national = country ? [`+${country.dialCode} ${typed}`] : [];
  return [...abroad, ...national, typed];
}

function exists(number) {
  return intlTelInput.utils.isValidNumberPrecise(number, chosen());
}

function chosen() {
  return picker.getSelectedCountry()?.iso2;
}

export async function addPicker() {
  const [library, { default: uiTranslations }] = await Promise.all([
    import(`${FOLDER}/intlTelInput.mjs`),
    import(`${FOLDER}/locale/${document.documentElement.lang}.js`),
    styles(),
  ]);
  intlTelInput = library.default;
  const onlyCountries = known(page.countries.toLowerCase().split(" "));
  const [first] = known([homeCountry(), ...onlyCountries]).filter(
    (country) => !onlyCountries.length || onlyCountries.includes(country),
  );
  // The field gets a parent, so restore the cursor of a person who is typing.
  const { selectionStart, selectionEnd } = input;
  const isFocused = document.activeElement === input;
  // Before the library reads what is typed.
  input.addEventListener("input", clean, { capture: true });
  clean();
  picker = intlTelInput(input, {
    allowedNumberTypes: null,
    containerClass: "picker",
    countryNameLocale: document.documentElement.lang,
    initialCountry: first ?? "",
    loadUtils: () => import(`${FOLDER}/utils.js`),
    onlyCountries: onlyCountries.length ? onlyCountries : null,
    placeholderNumberPolicy: "OFF",
    separateDialCode: true,
    strictMode: false,
    uiTranslations,
  });
  if (isFocused) {
    input.focus();
    input.setSelectionRange(selectionStart, selectionEnd);
  }
  // The library leaves its dialog without a name.
  input.addEventListener("open:countryselector", () => {
    const dialog = document.querySelector(".iti__country-selector");
    dialog.setAttribute("aria-label", uiTranslations.countryListAriaLabel);
  });
  input.addEventListener("input", typed);
  input.addEventListener("countrychange", typed);
  picker.promise.then(typed, () => {}); // Without utils.js there are no hints.
}

/** Removes invisible characters from a number, and gives digits, dashes and + their plain form. */
function clean(event) {
  if (event?.isComposing) return; // The input method is not done yet.
  const number = plain(input.value).replace(/^\s*tel:(\/\/)?/i, "");
  if (number !== input.value) input.value = number;
}

/** Before the page's own styles, which set its colors. */
function styles() {
  const link = h("link", { rel: "stylesheet", href: new URL(`${FOLDER}/intlTelInput.min.css`, import.meta.url) });
  document.head.querySelector("link[rel=stylesheet]").after(link);
  return new Promise((resolve, reject) => Object.assign(link, { onload: resolve, onerror: reject }));
}

function known(countries) {
  const all = new Set(intlTelInput.getAllCountries().map(({ iso2 }) => iso2));
  return countries.filter((country) => all.has(country));
}

/** The likely country: the owner's setting, or else the home of the browser's language. */
function homeCountry() {
  return (page.region || new Intl.Locale(navigator.language).maximize().region || "").toLowerCase();
}

/** Whether utils.js is loaded, which tells valid numbers from others. */
function isLoaded() {
  return Boolean(intlTelInput?.utils);
}

let pause;

function typed() {
  clearTimeout(pause);
  write(doubt, "");
  input.classList.toggle("is-valid", looksRight());
  pause = setTimeout(judge, PAUSE_MS);
}

function looksRight() {
  return Boolean(isLoaded() && input.value.trim() && picker.isValidNumberPrecise());
}

function judge() {
  if (!input.value.trim() || !isLoaded() || looksRight()) return;
  const { phone_too_short: TOO_SHORT, phone_too_long: TOO_LONG, phone_unlikely } = texts.address;
  const number = readings(input.value.trim()).find(exists);
  if (number && !input.value.startsWith("+")) picker.setNumber(intlTelInput.utils.formatNumber(number, chosen()));
  else if (number && !chosen()) write(doubt, texts.problem.country_not_allowed);
  else write(doubt, { TOO_SHORT, TOO_LONG }[picker.getValidationError()] ?? phone_unlikely);
}
