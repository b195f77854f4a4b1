/** The one task of a conversation, as its record says. */
import { html } from "../vendor/preact.js";
import { t } from "../words.js";
import { Directions } from "./directions.js";
import { Form } from "./form.js";
import { Gallery } from "./gallery.js";
import { Picture } from "./picture.js";
import { Prompt } from "./prompt.js";
import { Questions } from "./questions.js";
import { Screen } from "./screen.js";
import { Failed, Trouble } from "./trouble.js";
import { Drawing, Waiting } from "./waiting.js";

const PARTS = {
  waiting: Waiting, asking: Questions, ready: Prompt, drawing: Drawing, picture: Picture, directions: Directions,
  gallery: Gallery, failed: Failed, begun: Begun, trouble: Nothing,
};

/** The one task that is shown. @param {any} state */
export function phaseOf({ view, busy, gallery, trouble, directions, looksAt }) {
  if (gallery) return "gallery";
  if (busy === "drawing" || view?.status === "working") return "drawing";
  if (!view) return trouble ? "trouble" : "waiting";
  if (view.status === "done" || looksAt) return directions ? "directions" : "picture";
  return view.status === "failed" || view.dialogue ? view.status : "begun";
}

/** What differs where another screen is seen, so that its heading takes the focus. @param {any} state */
export function placeOf(state) {
  const { view, imageId, panel, trouble } = state;
  return [phaseOf(state), view?.conversation_id, imageId, panel, view?.dialogue?.questions[0]?.id, view?.dialogue?.refined_prompt, trouble?.text].join();
}

/** What went wrong stands above the task; a drawing that failed says it itself. @param {{session: any}} props */
export function Task({ session }) {
  const { state } = session;
  const { view, busy, trouble } = state;
  const phase = phaseOf(state);
  return html`${trouble && phase !== "failed" && html`<${Trouble} session=${session} />`}
    <fieldset role="none" disabled=${Boolean(busy)}>
      <${PARTS[phase]} key=${phase === "asking" ? `${view.conversation_id} ${view.dialogue.questions[0]?.id}` : phase} session=${session} /></fieldset>
    ${busy === "asking" && html`<p class="soft pulse">${t("Your words are being read. That takes a few seconds.")}</p>`}`;
}

/** An idea that was said and not yet read. @param {{session: any}} props */
function Begun({ session }) {
  return html`<${Screen} title=${t("Begun")}><p class="soft">${t("Nothing was asked or drawn yet.")}</p>
    <${Form} send=${({ words }) => words && session.consult({ message: words })}>
      <label>${t("In my own words")}<textarea name="words" rows="2" defaultValue=${session.state.view.idea}></textarea></label>
      <div><button class="act" data-send>${t("Next")}</button></div><//><//>`;
}

function Nothing() {
  return html`<h1 id="heading" class="hidden" tabindex="-1">${t("The picture")}</h1>`;
}
