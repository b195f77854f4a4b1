/** The history of a conversation as a tree: pictures, and between them the words of each change. */
import { html, useRef, useState } from "../vendor/preact.js";
import { Screen } from "../parts/screen.js";
import { t } from "../words.js";
import { Thumb } from "./thumb.js";

/** @param {{desk: any, session: any}} props */
export function Tree({ desk, session }) {
  const { view } = session.state;
  const current = view.images.find((one) => one.current) ?? view.images.at(-1);
  const [active, setActive] = useState(current?.image_id);
  const list = useRef(null);
  const ids = new Set(view.images.map((one) => one.image_id));
  const parentOf = (one) => (ids.has(one.parent_image_id) ? one.parent_image_id : null);
  const below = (id) => view.images.filter((one) => parentOf(one) === id);
  const order = [];
  const collect = (id) => below(id).forEach((one) => { order.push(one.image_id); collect(one.image_id); });
  collect(null);

  const move = (event) => {
    const place = order.indexOf(active);
    const image = view.images.find((one) => one.image_id === active);
    const next = {
      ArrowDown: order[place + 1], ArrowUp: order[place - 1], Home: order[0], End: order.at(-1),
      ArrowRight: below(active)[0]?.image_id, ArrowLeft: image && parentOf(image),
    }[event.key];
    if (!next) return;
    event.preventDefault();
    setActive(next);
    list.current.querySelector(`[data-id="${next}"]`).focus();
  };
  const node = (one, level) => {
    const children = below(one.image_id);
    const number = view.images.indexOf(one) + 1;
    const words = one.variation || one.changed || (level === 1 ? t("from the prompt") : t("drawn anew"));
    return html`<li role="none" key=${one.image_id}><a role="treeitem" aria-level=${level} aria-owns=${children.length ? `below-${one.image_id}` : null} aria-current=${one === current}
        data-id=${one.image_id} tabindex=${one.image_id === active ? 0 : -1} href=${`#i=${one.image_id}`} onFocus=${() => setActive(one.image_id)}>
        <span class="edge words">${words}</span><${Thumb} desk=${desk} id=${one.image_id} alt="" />
        <span class="soft">${t("Version {number}", { number })}${one.rating ? ` · ${one.rating}/5` : ""}${one === current ? ` · ${t("current")}` : ""}</span></a>
      ${children.length > 0 && html`<ul role="group" id=${`below-${one.image_id}`}>${children.map((child) => node(child, level + 1))}</ul>`}</li>`;
  };
  return html`<${Screen} title=${t("History")} aside=${html`<a class="more" href=${`#c=${view.conversation_id}`}>${view.title || t("Untitled")}</a>`}>
    <p class="soft">${t("Open a version to look at it, and to change it: that begins a branch of its own.")}</p>
    <div class="scroll"><ul class="tree" role="tree" aria-label=${t("Versions")} ref=${list} onKeyDown=${move}>${below(null).map((one) => node(one, 1))}</ul></div><//>`;
}
