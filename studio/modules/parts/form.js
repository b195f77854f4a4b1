/**
 * Fields that are sent by a button marked `data-send`, by Enter in a line of text, or by Ctrl and Enter. It is no `form`:
 * a frame without `allow-forms` sends none, and does not even say that somebody tried.
 */
import { html, useRef } from "../vendor/preact.js";

/** @param {{send: (fields: Record<string, string>, way?: string) => void, children?: any} & Record<string, any>} props */
export function Form({ send, children, ...rest }) {
  const form = useRef(null);
  const click = (event) => {
    const button = event.target.closest("[data-send]");
    // Where the first click has brought the next fields, a second one would send them unread.
    if (!button || event.detail > 1) return;
    const fields = [...form.current.querySelectorAll("input, textarea")].map((one) => [one.name, one.value.trim()]);
    send(Object.fromEntries(fields), button.dataset.send);
  };
  const key = (event) => {
    const isLine = event.target.matches("input:not([type=radio], [type=range], [type=file])");
    if (event.key !== "Enter" || event.isComposing || !(isLine || event.ctrlKey || event.metaKey)) return;
    form.current.querySelector("[data-send]").click();
  };
  return html`<div class="form" ref=${form} ...${rest} onClick=${click} onKeyDown=${key}>${children}</div>`;
}
