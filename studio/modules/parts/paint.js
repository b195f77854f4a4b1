/** Paint what may change: by brush, by area, or by four numbers without any pointer. */
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { draw, maskOf, share } from "../strokes.js";
import { Form } from "./form.js";
import { PictureBox } from "./picture_box.js";

const AREAS = {
  left: [0, 0, 0.5, 1], right: [0.5, 0, 0.5, 1], top: [0, 0, 1, 0.5], bottom: [0, 0.5, 1, 0.5], middle: [0.25, 0.25, 0.5, 0.5],
};
/** Pixels of the canvas that is painted on; the mask itself has the picture's own size. */
const EDGE = 1024;

/** @param {{session: any, state: any, image: any}} props */
export function Paint({ session, state, image }) {
  const kept = state.mask?.imageId === image.image_id ? state.mask.strokes : [];
  const [strokes, setStrokes] = useState(kept);
  const [undone, setUndone] = useState([]);
  const [brush, setBrush] = useState({ size: 8, erases: false });
  const canvas = useRef(null);
  const factor = EDGE / Math.max(image.width, image.height);
  const size = [Math.round(image.width * factor), Math.round(image.height * factor)];
  useEffect(() => draw(canvas.current, strokes), [strokes]);

  const add = (stroke) => {
    setStrokes((known) => [...known, stroke]);
    setUndone([]);
  };
  const extend = (point) => setStrokes((known) => {
    const last = known.at(-1);
    return [...known.slice(0, -1), { ...last, points: [...last.points, point] }];
  });
  const begin = (event) => {
    event.target.setPointerCapture(event.pointerId);
    add({ kind: brush.erases ? "erase" : "paint", width: brush.size / 100, points: [placeOf(event)] });
  };
  const move = (event) => event.target.hasPointerCapture(event.pointerId) && event.buttons && extend(placeOf(event));
  const undo = () => {
    setUndone([...undone, strokes.at(-1)]);
    setStrokes(strokes.slice(0, -1));
  };
  const redo = () => {
    setStrokes([...strokes, undone.at(-1)]);
    setUndone(undone.slice(0, -1));
  };
  const use = () => session.mask(image, maskOf(strokes, image.width, image.height), strokes, share(canvas.current));
  const tool = (words, act, disabled = false) => html`<button type="button" disabled=${disabled} onClick=${act}>${words}</button>`;

  return html`<section aria-labelledby="paint-heading">
    <h2 id="paint-heading">Paint over what may change</h2>
    <div class="paint"><${PictureBox} session=${session} image=${image} edge=${1024} alt=${image.prompt} />
      <canvas ref=${canvas} width=${size[0]} height=${size[1]} role="img" aria-label="The painted part; the fields below choose one without a pointer"
        onPointerDown=${begin} onPointerMove=${move}></canvas></div>
    <div class="tools">
      <div class="row"><button type="button" aria-pressed=${brush.erases ? "false" : "true"} onClick=${() => setBrush({ ...brush, erases: false })}>Brush</button>
        <button type="button" aria-pressed=${brush.erases ? "true" : "false"} onClick=${() => setBrush({ ...brush, erases: true })}>Eraser</button>
        ${tool("Undo", undo, !strokes.length)}${tool("Redo", redo, !undone.length)}${tool("Clear", () => add({ kind: "clear" }), !strokes.length)}${tool("Invert", () => add({ kind: "invert" }))}</div>
      <label>Size of the brush<input type="range" min="1" max="25" value=${brush.size} onInput=${(event) => setBrush({ ...brush, size: Number(event.target.value) })} /></label>
      <div class="row" role="group" aria-label="Whole areas">${Object.keys(AREAS).map((name) => tool(name[0].toUpperCase() + name.slice(1), () => add({ kind: "area", box: AREAS[name] })))}</div>
      <${Rectangle} add=${add} />
      <div class="row"><button type="button" class="act" disabled=${!strokes.length} onClick=${use}>Use this part</button>
        <button type="button" onClick=${() => session.set({ panel: "" })}>Stop painting</button></div>
    </div>
  </section>`;
}

/** A rectangle in per cent, typed or by arrow keys. @param {{add: (stroke: any) => void}} props */
function Rectangle({ add }) {
  const send = (given) => {
    const box = ["left", "top", "width", "height"].map((name) => Number(given.get(name)) / 100);
    add({ kind: "area", box });
  };
  const field = (name, value) => html`<label>${name[0].toUpperCase() + name.slice(1)}, %<input type="number" name=${name} min="0" max="100" step="1" defaultValue=${value} /></label>`;
  return html`<details><summary>A rectangle by numbers</summary><${Form} send=${send}><div class="numbers">${field("left", 25)}${field("top", 25)}${field("width", 50)}${field("height", 50)}<button type="button" data-send>Add it</button></div><//></details>`;
}

/** Where a pointer is, as shares of the picture. @param {PointerEvent & {target: any}} event */
function placeOf(event) {
  const box = event.target.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}
