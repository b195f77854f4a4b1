/** What the view says: English stands in the code, the server has the same in other languages. */

/** @type {any} */
let words = { language: "", colon: ":", view: {}, source: {}, reason: {}, dimensions: {}, trouble: {} };
let isSettled = false;

/** Speak as the server says, where it says anything; `forGood` whatever it says later. @param {any} given @param {boolean} forGood */
export function learn(given, forGood = false) {
  if (!given || isSettled) return;
  isSettled = forGood;
  words = given;
  document.documentElement.lang = given.language;
}

/** The language that the server need not send again, "" where it has sent none. */
export function knownLanguage() {
  return words.language;
}

/** A text of the view with its places filled in; a file's own text has braces of its own. @param {string} english @param {Record<string, any>} values */
export function t(english, values = {}) {
  return (words.view[english] ?? english).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

/** What a fixed name is called. @param {"source" | "reason" | "dimensions"} kind @param {string} name */
export function nameOf(kind, name) {
  return words[kind][name] ?? name.replaceAll("_", " ");
}

/** A name with the colon behind it, before what it names. @param {string} name */
export function label(name) {
  return name + words.colon;
}

/** What is said of a trouble of this kind, and what to do. @param {any} trouble @returns {string[]} */
export function troubleWords({ kind, code, words: own }) {
  if (own) return [kind === "stopped" ? t("This was stopped") : t("This did not work"), own];
  // Two purses: the limit of this server, else the account at OpenAI.
  const isAccount = kind === "budget" && code !== "daily_budget";
  return words.trouble[isAccount ? "credit" : kind] ?? [t("This did not work"), kind ? t("The server could not be reached.") : t("The drawing ended without a picture.")];
}

/** Money in words. @param {number | null | undefined} usd */
export function dollars(usd) {
  if (usd == null) return "";
  const digits = usd && usd < 0.1 ? 3 : 2;
  return usd.toLocaleString(words.language || "en", {
    style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", minimumFractionDigits: digits,
  });
}

/** The end of a button's text. @param {number | null | undefined} usd */
export function about(usd) {
  return usd ? t(", about {price}", { price: dollars(usd) }) : t(", at a price not known here");
}
