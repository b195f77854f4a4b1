/** Copy text, or select it where the clipboard is closed. */
import { html, useState } from "../vendor/preact.js";
import { t } from "../words.js";

/** @param {{text: string, words: string}} props */
export function Copy({ text, words }) {
  const [state, setState] = useState("");
  const copy = () => navigator.clipboard.writeText(text).then(() => setState("done"), () => setState("open"));
  // A page that is not served securely has no clipboard at all.
  const click = () => (navigator.clipboard ? copy() : setState("open"));
  return html`<button class="plain" onClick=${click}>${state === "done" ? t("Copied") : words}</button>
    ${state === "open" && html`<textarea readonly rows="2" ref=${(one) => one?.select()} aria-label=${t("Select and copy")} onBlur=${() => setState("")} value=${text}></textarea>`}`;
}
