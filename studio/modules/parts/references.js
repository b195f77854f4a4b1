/** Pictures that go along with an answer: chosen, dropped or pasted. A chat passes small copies on. */
import { html, useEffect, useState } from "../vendor/preact.js";
import { t } from "../words.js";

/** Of a copy in pixels; where even the worst of the first is too long, as of noise, the second is taken. */
const EDGES = [2048, 1024];
/** Letters of base64 that a call may carry. */
const MOST = 900_000;
const QUALITIES = [0.9, 0.8, 0.65, 0.5];

/** @param {{session: any, isOpen: boolean}} props */
export function References({ session, isOpen }) {
  const { references, isHeld } = session.state;
  const [problem, setProblem] = useState("");
  const load = async (files) => {
    let count = 0;
    setProblem("");
    for (const file of files) {
      const small = await shrunk(file).catch(() => "");
      if (!small) setProblem(t("{name} is no picture that can be read here. A PNG, JPEG or WebP file can.", file));
      else if (await session.refer(file, small).catch((error) => setProblem(error.message || t("The server could not be reached.")))) count++;
    }
    return count === files.length;
  };
  const add = (files) => {
    const coming = load(files).finally(() => session.coming.delete(coming));
    session.coming.add(coming);
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
    ${isOpen && html`<label onDragOver=${(event) => event.preventDefault()} onDrop=${drop}>${t("A picture that shows what you mean")}
      <span class="soft">${session.door.upload ? t("Choose one, drop it here, or paste it.") : t("Choose one, drop it here, or paste it. It is made smaller before it is sent.")}</span>
      <input type="file" accept="image/*" multiple onChange=${(event) => { add([...event.target.files]); event.target.value = ""; }} /></label>`}
    ${references.length > 0 && html`<ul class="strip" aria-label=${t("Pictures that go along")}>${references.map((one) => html`<li><img class="sample" src=${one.data} alt=${one.name} />
      <button class="plain" onClick=${() => session.set({ references: references.filter((other) => other !== one) })}>${t("Take away")}<span class="hidden"> ${one.name}</span></button></li>`)}</ul>`}
    ${isHeld && html`<p role="status">${t("This goes on once the picture has arrived.")}</p>`}
    ${problem && html`<p role="alert">${problem}</p>`}`;
}

/** A picture upright, without what a camera notes down, small enough. @param {File} file */
async function shrunk(file) {
  const bitmap = await createImageBitmap(file);
  const canvas = document.createElement("canvas");
  try {
    for (const edge of EDGES) {
      const factor = Math.min(1, edge / Math.max(bitmap.width, bitmap.height));
      canvas.width = Math.max(1, Math.round(bitmap.width * factor));
      canvas.height = Math.max(1, Math.round(bitmap.height * factor));
      canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      // Safari writes no WebP, but a PNG in its place.
      for (const type of ["image/webp", "image/jpeg"]) {
        for (const quality of QUALITIES) {
          const address = canvas.toDataURL(type, quality);
          if (address.length <= MOST) return address;
        }
      }
    }
    return "";
  } finally {
    bitmap.close(); // else a large photo stays in memory until it is collected
  }
}
