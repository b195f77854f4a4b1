/** When something happened, as the person's clock and language have it. */
import { knownLanguage } from "../words.js";

/** @param {string} stamp */
export function moment(stamp) {
  return new Date(stamp).toLocaleString(knownLanguage() || "en", { dateStyle: "medium", timeStyle: "short" });
}

/** @param {string} date */
export function day(date) {
  return new Date(`${date}T00:00`).toLocaleDateString(knownLanguage() || "en", { dateStyle: "medium" });
}
