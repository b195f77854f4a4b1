/** A small picture that the browser loads when it comes into sight. */
import { html, useState } from "../vendor/preact.js";
import { t } from "../words.js";

/** @param {{desk: any, id: string, alt: string, edge?: number}} props */
export function Thumb({ desk, id, alt, edge = 240 }) {
  const [isThere, setThere] = useState(false);
  const [isLost, setLost] = useState(false);
  if (isLost) return html`<span class="empty" role="img" aria-label=${alt || t("The picture")}>${t("The file is gone")}</span>`;
  // The ground of a transparent picture is seen once the picture is, or it looks like one.
  return html`<span class=${isThere ? "picture" : "picture coming"}><img src=${desk.door.addressOf(id, edge)} alt=${alt} loading="lazy" onLoad=${() => setThere(true)} onError=${() => setLost(true)} /></span>`;
}
