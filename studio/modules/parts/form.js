/**
 * Fields that are sent by a button marked `data-send` or by Enter in a line of text. A frame without
 * `allow-forms` sends no form, and does not even say that somebody tried.
 */
import { html, useRef } from "../vendor/preact.js";

/** @param {{send: (fields: FormData, form: HTMLFormElement) => void, children?: any} & Record<string, any>} props */
export function Form({ send, children, ...rest }) {
  const form = useRef(null);
  const click = (event) => {
    if (event.target.closest("button[data-send]")) send(new FormData(form.current), form.current);
  };
  const key = (event) => {
    const isLine = event.target.matches("input:not([type=radio], [type=range], [type=file])");
    if (event.key !== "Enter" || !isLine || event.isComposing) return;
    event.preventDefault();
    form.current.querySelector("button[data-send]")?.click();
  };
  return html`<form ref=${form} ...${rest} onClick=${click} onKeyDown=${key} onSubmit=${(event) => event.preventDefault()}>${children}</form>`;
}
