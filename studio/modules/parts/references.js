/** Pictures that go along with an answer: chosen, dropped or pasted, and shrunk before they travel. */
import { html, useEffect, useState } from "../vendor/preact.js";

const LONGEST_EDGE = 2048;
/** Letters of base64 that a call may carry. */
const MOST = 900_000;
const QUALITIES = [0.9, 0.8, 0.65, 0.5];

/** @param {{session: any, state: any, isOpen: boolean}} props */
export function References({ session, state, isOpen }) {
  const [problem, setProblem] = useState("");
  const add = async (files) => {
    setProblem("");
    for (const file of files) {
      try {
        await session.refer(file.name, await shrunk(file));
      } catch {
        setProblem(`${file.name} is no picture that can be read here. A PNG, JPEG or WebP file can.`);
      }
    }
  };
  useEffect(() => {
    const paste = (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length) add(files);
    };
    addEventListener("paste", paste);
    return () => removeEventListener("paste", paste);
  }, []);
  const drop = (event) => {
    event.preventDefault();
    add([...event.dataTransfer.files]);
  };
  return html`
    ${isOpen && html`<div onDragOver=${(event) => event.preventDefault()} onDrop=${drop}>
      <label for="reference">A picture that shows what you mean</label>
      <p class="soft" id="reference-how">Choose one, drop it here, or paste it. It is made smaller before it is sent.</p>
      <input id="reference" type="file" accept="image/*" multiple aria-describedby="reference-how" onChange=${(event) => add([...event.target.files])} /></div>`}
    ${state.references.length > 0 && html`<ul class="strip" aria-label="Pictures that go along">${state.references.map((one) => html`<li>
      <img src=${one.data} alt=${one.name} style=${{ height: "4rem", width: "auto", borderRadius: ".375rem" }} /></li>`)}</ul>`}
    ${problem && html`<p role="alert">${problem}</p>`}`;
}

/** A picture upright, without what a camera notes down, small enough. @param {File} file */
async function shrunk(file) {
  const bitmap = await createImageBitmap(file);
  const factor = Math.min(1, LONGEST_EDGE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * factor));
  canvas.height = Math.max(1, Math.round(bitmap.height * factor));
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const addresses = QUALITIES.map((quality) => () => canvas.toDataURL("image/webp", quality));
  for (const make of addresses) {
    const address = make();
    if (address.length <= MOST) return address;
  }
  throw new Error("too large");
}
