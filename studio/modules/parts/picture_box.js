/** One picture, loaded by its id, or words in its place; another picture has a box of its own, by its `key`. */
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { t } from "../words.js";

/** @param {{session: any, image: any, edge: number, alt: string}} props */
export function PictureBox({ session, image, edge, alt }) {
  const [address, setAddress] = useState("");
  const [problem, setProblem] = useState("");
  const id = image.image_id;
  // The room that it will take, so that nothing jumps when it comes.
  const room = image.width ? { aspectRatio: `${image.width} / ${image.height}` } : {};
  useEffect(() => {
    session.picture(id, edge).then(
      (found) => (found ? setAddress(found) : setProblem(t("This app passes no pictures on."))),
      (error) => setProblem(error.message),
    );
  }, []);
  if (problem) return html`<p class="empty" style=${room} role="img" aria-label=${alt}>${problem}</p>`;
  if (!address) return html`<p class="empty pulse" style=${room} aria-hidden="true"></p>`;
  // An address says nothing of what is wrong; the server does.
  const explain = () => session.read({ what: "picture", id, edge }).catch((error) => setProblem(error.message));
  return html`<${Shown} address=${address} alt=${alt} room=${room} explain=${explain} />`;
}

/** An image; a canvas where the host's policy lets no image in. @param {{address: string, alt: string, room?: any, explain?: () => void}} props */
export function Shown({ address, alt, room, explain }) {
  const [isBlocked, setBlocked] = useState(false);
  const canvas = useRef(null);
  useEffect(() => {
    if (isBlocked && canvas.current) paint(canvas.current, address);
  }, [isBlocked, address]);
  return html`<div class="picture">${isBlocked
    ? html`<canvas ref=${canvas} role="img" aria-label=${alt}></canvas>`
    : html`<img src=${address} alt=${alt} style=${room} onError=${() => (address.startsWith("data:") ? setBlocked(true) : explain?.())} />`}</div>`;
}

/** @param {HTMLCanvasElement} canvas @param {string} address */
async function paint(canvas, address) {
  const [head, text] = address.split(",");
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const type = head.slice("data:".length, head.indexOf(";"));
  const bitmap = await createImageBitmap(new Blob([bytes], { type }));
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
}

/** A width at which a tall picture leaves room for what is below. @param {any} image */
export function roomOf({ width, height }) {
  return { width: `min(100%, ${Math.round(30 * Math.min(2, width / Math.max(1, height)))}rem)` };
}
