/** The prompt, whose words it is, what was assumed and left out, the settings, and the price. */
import { html, useState } from "../vendor/preact.js";
import { about, priceOf } from "../prices.js";
import { Form } from "./form.js";
import { Settings, settingsOf } from "./settings.js";
import { Versions } from "./versions.js";

const SOURCES = {
  said: "you said", request: "you said", chosen: "you chose", answer: "you answered", reference: "seen in a picture",
  template: "from the template", style: "from a style", assumed: "assumed", assumption: "assumed",
};
const REASONS = {
  talk: "no wish for the picture", replaced: "replaced by later words", withdrawn: "taken back", not_visible: "cannot be seen",
  left_to_us: "left to us", unplaced: "found no place",
};

/** @param {{session: any, state: any}} props */
export function Prompt({ session, state }) {
  const { view } = state;
  const { dialogue } = view;
  const settings = settingsOf(state);
  const price = priceOf(view, settings);
  const isBusy = Boolean(state.busy);
  const spans = dialogue.provenance.filter((span) => span.text);
  const sources = [...new Set(spans.filter((span) => span.text.trim()).map((span) => span.source))];
  return html`<section aria-labelledby="heading">
    <h1 id="heading" tabindex="-1">The prompt</h1>
    ${dialogue.reply && html`<p class="words" lang=${dialogue.language}>${dialogue.reply}</p>`}
    <div class="panel"><p class="prompt" lang=${dialogue.language}>${spans.map((span) => (/[\p{L}\p{N}]/u.test(span.text) ? html`<mark class=${span.source}>${span.text}</mark>` : span.text))}</p></div>
    ${sources.length > 0 && html`<ul class="legend" aria-label="Whose words these are">${sources.map((source) => html`<li><mark class=${source}>${SOURCES[source] ?? source}</mark></li>`)}</ul>`}
    <${Assumptions} session=${session} dialogue=${dialogue} isBusy=${isBusy} />
    <${LeftOut} dialogue=${dialogue} />
    <${Origins} spans=${spans} />
    <${Settings} session=${session} state=${state} />
    <div class="row">
      <button class="act" disabled=${isBusy} onClick=${() => session.draw()}>Draw it${about(price)}</button>
      <button disabled=${isBusy} onClick=${() => session.draw(4)}>Four directions${about(price && price * 4)}</button>
      <${Copy} text=${dialogue.refined_prompt} words="Copy the prompt" />
    </div>
    <${Reword} session=${session} isBusy=${isBusy} />
    ${state.busy === "asking" && html`<p class="soft pulse">Your words are being read. That takes a few seconds.</p>`}
    ${view.images.length > 0 && html`<${Versions} session=${session} state=${state} title="Drawn before" />`}
  </section>`;
}

/** What nobody decided, each to be changed. @param {any} props */
function Assumptions({ session, dialogue, isBusy }) {
  const [open, setOpen] = useState(-1);
  const { assumptions, language } = dialogue;
  if (!assumptions.length) return null;
  const send = (fields, one) => {
    const words = String(fields.get("words")).trim();
    if (words) session.say(`${one.dimension}: ${words}`);
  };
  return html`<div><h2>Assumed, since nobody decided it</h2><ul class="list">${assumptions.map((one, place) => html`<li key=${one.dimension}>
    <span lang=${language}><span class="soft">${one.dimension}</span> ${one.value}</span>
    <button class="plain" disabled=${isBusy} aria-expanded=${open === place} onClick=${() => setOpen(open === place ? -1 : place)}>Change<span class="hidden"> ${one.dimension}</span></button>
    ${open === place && html`<${Form} class="row" style=${{ flexBasis: "100%" }} send=${(fields) => send(fields, one)}>
      <input type="text" name="words" style=${{ flex: "1 1 10rem", width: "auto" }} aria-label=${`${one.dimension}, instead of ${one.value}`} placeholder=${one.value} />
      <button type="button" data-send disabled=${isBusy}>Use this</button><//>`}</li>`)}</ul></div>`;
}

/** The person's words that are not in the prompt. @param {{dialogue: any}} props */
function LeftOut({ dialogue }) {
  if (!dialogue.not_used.length) return null;
  return html`<div><h2>Your words that are not in it</h2><ul class="list">${dialogue.not_used.map((one) => html`<li>
    <span class="words">“${one.quote}”</span><span class="soft">${REASONS[one.why] ?? one.why}</span></li>`)}</ul></div>`;
}

/** Each stretch beside the words that it rests on. @param {{spans: any[]}} props */
function Origins({ spans }) {
  const resting = spans.filter((span) => span.said?.length);
  if (!resting.length) return null;
  return html`<details><summary>Which of your words each part rests on</summary><ul class="list">${resting.map((span) => html`<li>
    <span class="words">${span.text.trim()}</span><span class="soft words">${span.said.map((one) => `“${one.quote}”`).join(", ")}</span></li>`)}</ul></details>`;
}

/** Say what should be different. @param {{session: any, isBusy: boolean}} props */
function Reword({ session, isBusy }) {
  const send = async (fields, form) => {
    const words = String(fields.get("words")).trim();
    if (words && (await session.say(words))) form.reset();
  };
  return html`<details><summary>Change the prompt in your own words</summary><${Form} send=${send}>
    <textarea name="words" rows="2" aria-label="What should be different" placeholder="at dusk, and seen from the water"></textarea>
    <div class="row"><button type="button" data-send disabled=${isBusy}>Change the prompt</button></div><//></details>`;
}

/** Copy text, or select it where the clipboard is closed. @param {{text: string, words: string}} props */
export function Copy({ text, words }) {
  const [state, setState] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState("Copied");
    } catch {
      setState("open");
    }
  };
  return html`<button class="plain" type="button" onClick=${copy}>${state === "Copied" ? "Copied" : words}</button>
    ${state === "open" && html`<textarea readonly rows="2" aria-label="Select and copy" onFocus=${(event) => event.target.select()} value=${text}></textarea>`}`;
}
