/** Paint what may change: by brush, by area, or by four numbers without any pointer. */
import { html, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { draw, maskOf, share } from "../strokes.js";
import { t } from "../words.js";
import { Form } from "./form.js";
import { PictureBox, roomOf } from "./picture_box.js";
import { Screen, Switch } from "./screen.js";

/** Pixels of the canvas that is painted on; the mask itself has the picture's own size. */
const EDGE = 1024;

/** @param {{session: any, image: any}} props */
export function Paint({ session, image }) {
  const [strokes, setStrokes] = useState(session.maskOf(image)?.strokes ?? []);
  const [undone, setUndone] = useState([]);
  const [size, setSize] = useState(8);
  const [erases, setErases] = useState(false);
  const canvas = useRef(null);
  const add = (stroke) => {
    setStrokes([...strokes, stroke]);
    setUndone([]);
  };
  const begin = (event) => {
    event.target.setPointerCapture(event.pointerId);
    add({ kind: erases ? "erase" : "paint", width: size / 100, points: [placeOf(event)] });
  };
  // Several moves may come before the page is drawn anew, so that what is known is asked for.
  const move = (event) => event.target.hasPointerCapture(event.pointerId) && event.buttons && setStrokes((all) => {
    const last = all.at(-1);
    return [...all.slice(0, -1), { ...last, points: [...last.points, placeOf(event)] }];
  });
  const undo = () => {
    setUndone([...undone, strokes.at(-1)]);
    setStrokes(strokes.slice(0, -1));
  };
  const redo = () => {
    setStrokes([...strokes, undone.at(-1)]);
    setUndone(undone.slice(0, -1));
  };
  const use = () => session.mask(image, maskOf(strokes, image.width, image.height), strokes, share(canvas.current));
  const tool = (words, act, isOn = true) => html`<button aria-disabled=${isOn ? null : "true"} onClick=${() => isOn && act()}>${words}</button>`;
  const area = (words, ...box) => tool(words, () => add({ kind: "area", box }));
  const field = (name, label, value) => html`<label>${label}, %<input type="number" name=${name} min="0" max="100" defaultValue=${value} /></label>`;
  const rectangle = ({ left, top, width, height }) => add({ kind: "area", box: [left, top, width, height].map((one) => Number(one) / 100) });

  return html`<${Screen} title=${t("Paint over what may change")}>
    <div class="paint" style=${roomOf(image)}><${PictureBox} session=${session} image=${image} edge=${1024} alt=${image.prompt} />
      <${Layer} canvas=${canvas} image=${image} strokes=${strokes} role="img"
        aria-label=${t("The painted part; the fields below choose one without a pointer")} onPointerDown=${begin} onPointerMove=${move} /></div>
    <div class="row"><${Switch} on=${!erases} act=${() => setErases(false)}>${t("Brush")}<//><${Switch} on=${erases} act=${() => setErases(true)}>${t("Eraser")}<//>
      ${tool(t("Undo"), undo, strokes.length)}${tool(t("Redo"), redo, undone.length)}${tool(t("Clear"), () => add({ kind: "clear" }), strokes.length)}${tool(t("Invert"), () => add({ kind: "invert" }))}</div>
    <label>${t("Size of the brush")}<input type="range" min="1" max="25" value=${size} onInput=${(event) => setSize(Number(event.target.value))} /></label>
    <fieldset><legend>${t("Whole areas")}</legend><div class="chips">${area(t("Left"), 0, 0, 0.5, 1)}${area(t("Right"), 0.5, 0, 0.5, 1)}${area(t("Top"), 0, 0, 1, 0.5)}${area(t("Bottom"), 0, 0.5, 1, 0.5)}${area(t("Middle"), 0.25, 0.25, 0.5, 0.5)}</div></fieldset>
    <details><summary>${t("A rectangle by numbers")}</summary><${Form} class="numbers" send=${rectangle}>
      ${field("left", t("Left"), 25)}${field("top", t("Top"), 25)}${field("width", t("Width"), 50)}${field("height", t("Height"), 50)}<button data-send>${t("Add it")}</button><//></details>
    <div class="row"><button class="act" disabled=${!strokes.length} onClick=${use}>${t("Use this part")}</button>
      <button onClick=${() => session.set({ panel: "" })}>${t("Stop painting")}</button></div><//>`;
}

/** What is painted, to lie over the picture. @param {any} props */
export function Layer({ canvas, image, strokes, ...rest }) {
  const own = useRef(null);
  const layer = canvas ?? own;
  const factor = EDGE / Math.max(image.width, image.height);
  useLayoutEffect(() => draw(layer.current, strokes), [strokes]);
  return html`<canvas ref=${layer} width=${Math.round(image.width * factor)} height=${Math.round(image.height * factor)} ...${rest}></canvas>`;
}

/** Where a pointer is, as shares of the picture. @param {PointerEvent & {target: any}} event */
function placeOf(event) {
  const box = event.target.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}
