/** The prompt, whose words it is, what was assumed and left out, the settings, and the price. */
import { html, useState } from "../vendor/preact.js";
import { priceOf } from "../prices.js";
import { about, nameOf, t } from "../words.js";
import { Copy } from "./copy.js";
import { Form } from "./form.js";
import { Screen } from "./screen.js";
import { Settings, settingsOf } from "./settings.js";
import { Versions } from "./versions.js";

/** What records of version 0.1 call the sources. */
const OLD_SOURCES = { request: "said", answer: "chosen", assumption: "assumed" };

/** @param {{session: any}} props */
export function Prompt({ session }) {
  const { state } = session;
  const { view } = state;
  const { dialogue } = view;
  const settings = settingsOf(state);
  const spans = dialogue.provenance.filter((span) => span.text);
  // A mark under a space or a full stop alone would say that somebody chose it.
  const sourceOf = (span) => (/[\p{L}\p{N}]/u.test(span.text) ? (OLD_SOURCES[span.source] ?? span.source) : "");
  const sources = [...new Set(spans.map(sourceOf))].filter(Boolean);
  const marks = spans.map((span) => (sourceOf(span) ? html`<mark class=${sourceOf(span)}>${span.text}</mark>` : span.text));
  const [unsent] = useState(state.draft);
  const resting = spans.filter((span) => span.said?.length);
  return html`<${Screen} title=${t("The prompt")}>
    ${dialogue.reply && html`<p class="words" lang=${dialogue.language}>${dialogue.reply}</p>`}
    <div class="panel"><p class="prompt" lang=${dialogue.language}>${marks}</p>
      <ul class="legend" aria-label=${t("Whose words these are")}>${sources.map((source) => html`<li><mark class=${source}>${nameOf("source", source)}</mark></li>`)}</ul></div>
    <${Assumptions} session=${session} dialogue=${dialogue} />
    <${Pairs} title=${t("Your words that are not in it")} pairs=${dialogue.not_used.map((one) => [html`<q>${one.quote}</q>`, nameOf("reason", one.why)])} />
    ${resting.length > 0 && html`<details><summary>${t("Which of your words each part rests on")}</summary>
      <${Pairs} pairs=${resting.map((span) => [span.text.trim(), span.said.map((one, place) => html`${place ? ", " : ""}<q>${one.quote}</q>`)])} /></details>`}
    <${Settings} session=${session} />
    ${state.draft.trim() && html`<p role="status">${t("The words below are not in the prompt yet.")}</p>`}
    <div class="row">
      <button class="act" onClick=${() => session.draw(state.settings)}>${t("Draw it")}${about(priceOf(view, settings))}</button>
      <button onClick=${() => session.draw({ ...state.settings, variations: 4 })}>${t("Four directions")}${about(priceOf(view, settings, 4))}</button>
      <${Copy} text=${dialogue.refined_prompt} words=${t("Copy the prompt")} />
    </div>
    <details open=${unsent}><summary>${t("Change the prompt in your own words")}</summary><${Reword} session=${session} /></details>
    ${view.images.length > 0 && html`<${Versions} session=${session} title=${t("Drawn before")} />`}<//>`;
}

/** Say what should be different. @param {{session: any}} props */
export function Reword({ session }) {
  const { draft } = session.state;
  return html`<${Form} send=${() => draft.trim() && session.consult({ message: draft })}>
    <textarea rows="2" value=${draft} aria-label=${t("What should be different")} placeholder=${t("at dusk, and seen from the water")} onInput=${(event) => session.set({ draft: event.target.value })}></textarea>
    <div class="row"><button data-send>${t("Change the prompt")}</button><span class="soft">${t("about a cent")}</span></div><//>`;
}

/** What nobody decided, each to be changed. @param {any} props */
function Assumptions({ session, dialogue }) {
  const [open, setOpen] = useState("");
  const { assumptions, language } = dialogue;
  const send = ({ words }, dimension) => words && session.consult({ message: `${nameOf("dimensions", dimension)}: ${words}` });
  return assumptions.length > 0 && html`<div><h2>${t("Assumed, since nobody decided it")}</h2><ul class="list">${assumptions.map(({ dimension, value }) => html`<li key=${dimension}>
    <span><span class="soft">${nameOf("dimensions", dimension)}</span> <span lang=${language}>${value}</span></span>
    <button class="plain" aria-expanded=${open === dimension} onClick=${() => setOpen(open === dimension ? "" : dimension)}>${t("Change")}<span class="hidden"> ${nameOf("dimensions", dimension)}</span></button>
    ${open === dimension && html`<${Form} class="line" send=${(fields) => send(fields, dimension)}>
      <input type="text" name="words" aria-label=${t("{name}, instead of {value}", { name: nameOf("dimensions", dimension), value })} placeholder=${value} />
      <button data-send>${t("Use this")}</button><//>`}</li>`)}</ul></div>`;
}

/** Words beside what is to be said of them. @param {{title?: string, pairs: any[][]}} props */
function Pairs({ title, pairs }) {
  return pairs.length > 0 && html`<div>${title && html`<h2>${title}</h2>`}<ul class="list">${pairs.map(([words, remark]) => html`<li>
    <span class="words">${words}</span><span class="soft words">${remark}</span></li>`)}</ul></div>`;
}
