/** What to draw with: only what the model takes, the suggestion chosen until somebody chooses. */
import { html } from "../vendor/preact.js";
import { look } from "../looks.js";

const FIELDS = [["size", "Shape"], ["quality", "Quality"], ["background", "Background"], ["output_format", "File"]];

/** The settings as they stand. @param {any} state */
export function settingsOf(state) {
  return { ...state.view.dialogue.suggested, ...state.settings };
}

/** @param {{session: any, state: any}} props */
export function Settings({ session, state }) {
  const { choices, dialogue } = state.view;
  if (!dialogue.suggested) return null;
  const now = settingsOf(state);
  const shape = Object.keys(choices.sizes).find((word) => choices.sizes[word] === now.size);
  const options = {
    size: Object.entries(choices.sizes).map(([word, size]) => [size, word]),
    quality: choices.qualities.map((one) => [one, one]),
    background: choices.backgrounds.map((one) => [one, one]),
    output_format: formatsFor(choices.formats, now.background).map((one) => [one, one]),
  };
  const choose = (name, value) => {
    const settings = { ...state.settings, [name]: value };
    if (name === "background" && !formatsFor(choices.formats, value).includes(now.output_format)) settings.output_format = "png";
    session.set({ settings });
  };
  return html`<details><summary>Settings: ${shape ? `${shape}, ` : ""}${now.size.replace("x", " × ")}, ${now.quality} quality, ${now.output_format}</summary>
    ${FIELDS.map(([name, label]) => html`<fieldset key=${name} style=${{ marginBottom: ".625rem" }}><legend class="soft">${label}</legend><div class="chips">
      ${options[name].map(([value, word]) => html`<label class="chip"><input type="radio" name=${`set-${name}`} value=${value} checked=${now[name] === value}
        disabled=${Boolean(state.busy)} onChange=${() => choose(name, value)} />${name === "size" && look("", word)}${word}${value === dialogue.suggested[name] && html`<small>suggested</small>`}</label>`)}
    </div></fieldset>`)}</details>`;
}

/** @param {string[]} formats @param {string} background */
function formatsFor(formats, background) {
  return background === "transparent" ? formats.filter((one) => one === "png" || one === "webp") : formats;
}
