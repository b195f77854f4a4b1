/** A new picture: the idea, how much is asked, pictures that show what is meant, a template, a style. */
import { html, useEffect, useState } from "../vendor/preact.js";
import { References } from "../parts/references.js";
import { Form } from "../parts/form.js";
import { Chip, Screen, Sketch } from "../parts/screen.js";
import { t } from "../words.js";
import { LookChoice } from "./look.js";
import { readInto } from "./reading.js";
import { moment } from "./moment.js";
import { Thumb } from "./thumb.js";

/** Conversations below the idea. */
const ROW = 4;

/** @param {{desk: any}} props */
export function Create({ desk }) {
  const session = desk.fresh;
  const { idea, mode = "guided", template = "", look = null } = session.state;
  const [library, setLibrary] = useState(/** @type {any} */ ({}));
  useEffect(() => readInto(setLibrary, () => desk.view("templates")), []);
  const depths = [
    ["quick", t("Quick"), t("1 or 2 questions")], ["guided", t("Guided"), t("3 to 5 questions")],
    ["explorer", t("Explorer"), t("6 to 10 questions")], ["skip", t("As I say it"), t("no questions, free")],
  ];
  const [isEmpty, setEmpty] = useState(false);
  const begin = () => {
    const message = idea.trim();
    setEmpty(!message);
    if (!message) return document.querySelector("textarea")?.focus();
    session.consult({ message, mode, ...(template ? { template } : {}) });
  };
  return html`<${Screen} title=${t("What would you like to see?")}><div class="beside"><${Form} send=${begin}>
    <label><span class="hidden">${t("Your idea")}</span>
      <textarea class="idea" rows="4" value=${idea} placeholder=${t("A lighthouse in a storm, for the top of my website")} onInput=${(event) => { setEmpty(false); session.set({ idea: event.target.value }); }}></textarea></label>
    ${isEmpty && html`<p role="alert">${t("First say in a few words what you would like to see.")}</p>`}
    <div class="row"><button class="act" data-send disabled=${Boolean(desk.state.pulse?.key)}>${mode === "skip" ? t("Go on to the prompt, free") : t("Begin, about a cent a turn")}</button></div>
    <fieldset><legend>${t("How much may be asked?")}</legend><div class="chips depths">${depths.map(([name, words, remark]) => html`<${Chip} name="mode" checked=${mode === name} hint=${remark} onChange=${() => session.set({ mode: name })}>
      ${words}<//>`)}</div></fieldset>
    <${References} session=${session} isOpen=${true} />
    <label>${t("A template to fill")}
      <select value=${template} onChange=${(event) => session.set({ template: event.target.value })}>
        <option value="">${t("None: the questions follow the idea")}</option>
        ${(library.data?.templates ?? []).map((one) => html`<option value=${one.name}>${t(one.title)}</option>`)}</select></label>
    ${template ? html`<p class="soft">${t("The text of a template is the prompt; a style belongs into it where it has a field for one.")}</p>` : html`<${LookChoice} desk=${desk} look=${look} put=${(next) => session.set({ look: next })} />`}
    ${look && !template && html`<p class="soft">${t("The style goes into the prompt once that is there, about a cent.")}</p>`}<//>
    <${Recent} desk=${desk} /></div><//>`;
}

/** What was begun or changed last: without a picture it stands in no gallery. @param {{desk: any}} props */
function Recent({ desk }) {
  const [{ data }, setRecent] = useState(/** @type {any} */ ({}));
  useEffect(() => readInto(setRecent, () => desk.call("openai_list_conversations", { limit: ROW })), []);
  return data?.conversations.length > 0 && html`<aside aria-label=${t("Go on with")}><h2>${t("Go on with")}</h2><ul class="recent">${data.conversations.map((one) => html`<li key=${one.conversation_id}>
    <a class="entry" href=${`#c=${one.conversation_id}`}>${one.newest_image_id ? html`<${Thumb} desk=${desk} id=${one.newest_image_id} alt="" />` : html`<span class="empty" aria-hidden="true"><${Sketch} path="M4 20l4-1L19 8l-3-3L5 16z" /></span>`}
      <span><b class="words">${one.title || t("Untitled")}</b><span class="soft">${one.newest_image_id ? moment(one.changed_at) : t("No picture yet")}</span></span></a></li>`)}</ul></aside>`;
}
