/** What to draw with: only what the model takes, the suggestion chosen until somebody chooses. */
import { html } from "../vendor/preact.js";
import { priceOf } from "../prices.js";
import { dollars, label, t } from "../words.js";
import { Chip } from "./screen.js";

/** The settings as they stand. @param {any} state */
export function settingsOf(state) {
  return { ...state.view.choices.settings, ...state.settings };
}

/** @param {{session: any}} props */
export function Settings({ session }) {
  const { state } = session;
  const { choices } = state.view;
  if (!choices.model) return null;
  const now = settingsOf(state);
  const formats = (background) => choices.formats.filter((one) => background !== "transparent" || /png|webp/.test(one));
  const same = (values) => values.map((one) => [one, one]);
  const fields = [
    ["size", t("Shape"), Object.entries(choices.sizes)],
    ["quality", t("Quality"), same(choices.qualities)],
    ["background", t("Background"), same(choices.backgrounds)],
    ["output_format", t("File"), same(formats(now.background))],
  ];
  const choose = (name, value) => {
    const settings = { ...state.settings, [name]: value };
    if (name === "background" && !formats(value).includes(now.output_format)) settings.output_format = "png";
    session.set({ settings });
  };
  const shape = Object.keys(choices.sizes).find((word) => choices.sizes[word] === now.size);
  const summary = [shape && t(shape), now.size.replace("x", " × "), `${t("Quality")} ${t(now.quality)}`, now.output_format].filter(Boolean).join(", ");
  return html`<details><summary>${label(t("Settings"))} ${summary}</summary><div class="tools">
    ${fields.map(([name, label, options]) => html`<fieldset key=${name}><legend class="soft">${label}</legend><div class="chips">
      ${options.map(([word, value]) => html`<${Chip} name=${`set-${name}`} checked=${now[name] === value} onChange=${() => choose(name, value)}
        look=${name === "size" && html`<i class="shape" style=${{ aspectRatio: value.replace("x", "/") }}></i>`} hint=${[value === choices.settings[name] && t("suggested"), name === "quality" && dollars(priceOf(state.view, { ...now, quality: value }))].filter(Boolean).join(", ")}>${t(word)}<//>`)}
    </div></fieldset>`)}${now.background === "transparent" && html`<p class="soft">${t("Only png and webp can be transparent.")}</p>`}</div></details>`;
}
