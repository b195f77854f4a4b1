/** Two pictures of the gallery over each other. */
import { html } from "../vendor/preact.js";
import { Compare } from "../parts/compare.js";

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
  return html`<${Compare} session=${session} image=${images[1]} />`;
}
