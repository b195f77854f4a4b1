/** A small picture that the browser loads when it comes into sight. */
import { html, useState } from "../vendor/preact.js";
import { t } from "../words.js";

/** @param {{desk: any, id: string, alt: string}} props */
export function Thumb({ desk, id, alt }) {
  const [isLost, setLost] = useState(false);
  if (isLost) return html`<span class="empty" role="img" aria-label=${alt || t("The picture")}>${t("The file is gone")}</span>`;
  return html`<span class="picture"><img src=${desk.door.addressOf(id, 240)} alt=${alt} loading="lazy" onError=${() => setLost(true)} /></span>`;
}

/** Read something for a screen: what came, and what went wrong. @param {any} setState @param {() => Promise<any>} reading */
export function readInto(setState, reading) {
  let isWanted = true;
  reading().then(
    (data) => isWanted && setState({ data }),
    (error) => isWanted && setState({ problem: error.message || t("The server could not be reached.") }),
  );
  return () => { isWanted = false; };
}
