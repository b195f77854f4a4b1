/** Two pictures of the gallery over each other, of one conversation or of two. */
import { html } from "../vendor/preact.js";
import { Compare } from "../parts/compare.js";
import { label, t } from "../words.js";
import { captionOf } from "./gallery.js";

const NUMBERS = { left: 1, right: 2 };

/** @param {{desk: any, ids: string[]}} props */
export function Pair({ desk, ids }) {
  const known = desk.state.gallery?.pictures ?? [];
  const [first, second = first] = ids;
  const images = [first, second].map((id) => ({ prompt: "", ...known.find((one) => one.id === id), image_id: id, parent_image_id: first }));
  const session = {
    state: { view: { images } },
    picture: async (id, edge) => desk.door.addressOf(id, edge),
    read: ({ what, ...args }) => desk.view(what, args),
    set: () => { location.hash = "#gallery"; },
  };
  const captions = images.map((one, place) => one.created_at && html`<p class="soft words">${label(t("Picture {number}", { number: place + 1 }))} ${captionOf(one).filter(Boolean).join(" · ")}</p>`);
  return html`<${Compare} session=${session} image=${images[1]} title=${t("Picture {left} beside picture {right}", NUMBERS)}
    seam=${t("Picture {left} up to here, picture {right} behind it", NUMBERS)} /><div>${captions}</div>`;
}
