/** Reads look-alike characters as shared/typed.py does. */

const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
// Some dashes count as something else: minus signs, a bullet, and the long vowel mark of Japanese keyboards.
const DASH = /[\p{Pd}\u2212\u2043\u02d7\u30fc]/gu;

/** The text with the digits, spaces and dashes of any script, and small or full-width letters and signs,
 * as ASCII, and without what cannot be seen. */
export function plain(text) {
  return text
    .replace(INVISIBLE, "")
    .replace(/(?=[^0-9])\p{Nd}/gu, valueOf)
    .replace(/\p{Zs}/gu, " ")
    .replace(DASH, "-")
    .replace(/[\ufe50-\ufe6f\uff01-\uff5e]/g, (letter) => letter.normalize("NFKC"));
}

/** Each script has its ten digits in one run, and runs that meet hold whole tens. */
function valueOf(digit) {
  let first = digit.codePointAt(0);
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
  return (digit.codePointAt(0) - first) % 10;
}
