/** When something happened, as the person's clock and language have it. */
import { knownLanguage } from "../words.js";

/** @param {string} stamp */
export function moment(stamp) {
  return new Date(stamp).toLocaleString(knownLanguage() || "en", { dateStyle: "medium", timeStyle: "short" });
}
