/** What is still open: two questions at a time, each with options and room for own words. */
import { html, useState } from "../vendor/preact.js";
import { label, t } from "../words.js";
import { useDraft } from "./draft.js";
import { Form } from "./form.js";
import { References } from "./references.js";
import { Chip, Look, Screen } from "./screen.js";

/** So many fit into a card of 500 pixels. */
const AT_ONCE = 2;

/** @param {{session: any}} props */
export function Questions({ session }) {
  const { dialogue, looks } = session.state.view;
  const { questions, language } = dialogue;
  const [first, setFirst] = useState(0);
  const asked = `${session.state.view.conversation_id} ${questions.map((one) => one.id)}`;
  /** @type {[Record<string, {option?: string, own?: string}>, any]} */
  const [answers, setAnswers] = useDraft(session, `answers ${asked}`, {});
  // Where nobody could read the last words, no question is open: they are said anew.
  const [extra, setExtra] = useDraft(session, `extra ${asked}`, questions.length ? null : "");
  const [blank, setBlank] = useState("");
  const shown = questions.slice(first, first + AT_ONCE);
  const isLast = first + AT_ONCE >= questions.length;

  const turn = (to) => {
    setFirst(to);
    document.getElementById("heading")?.focus();
  };
  const sayMore = () => {
    setExtra("");
    setTimeout(() => document.getElementById("extra")?.focus());
  };
  // What nobody touched is answered by the suggestion, unless the rest is ours to decide.
  const all = { ...Object.fromEntries(questions.map((one) => [one.id, { option: one.default }])), ...answers };
  const put = (id, answer) => setAnswers({ ...answers, [id]: answer });
  const consult = (chosen, rest) => session.consult({
    message: extra ?? "",
    answers: Object.entries(chosen).map(([id, one]) => ({ question_id: id, answer: textOf(one) })).filter((one) => one.answer),
    ...rest,
  });
  const send = () => {
    const mute = shown.find(({ id }) => all[id].own?.trim() === "");
    const isMute = !extra?.trim() && (mute || (isLast && !Object.values(all).some(textOf)));
    const field = isMute ? (mute?.id ?? "extra") : "";
    setBlank(field);
    if (field) document.getElementById(field)?.focus();
    else if (isLast) consult(all);
    else turn(first + AT_ONCE);
  };

  const refusal = html`<p id="refusal" role="alert">${t("Choose an answer, or say it in a few words.")}</p>`;
  return html`<${Screen} title=${t("What is still open")} aside=${html`<${Decided} completeness=${dialogue.completeness} />`}><${Form} send=${send}>
    ${dialogue.reply && html`<p class="words" lang=${language}>${dialogue.reply}</p>`}
    ${shown.map((one) => html`<${Question} key=${one.id} one=${one} looks=${looks[one.id] ?? []} answer=${all[one.id]} put=${put} language=${language} refusal=${blank === one.id && refusal} />`)}
    ${extra !== null && html`<label>${t("Anything else, or a question of your own")}
      <textarea id="extra" rows="2" aria-invalid=${blank === "extra"} aria-describedby=${blank === "extra" ? "refusal" : null} value=${extra} onInput=${(event) => setExtra(event.target.value)}></textarea></label>`}
    ${blank === "extra" && refusal}
    <${References} session=${session} isOpen=${extra !== null} />
    <div class="row">
      <button class="act" data-send>${isLast ? t("Answer") : t("Next")}</button>
      ${first > 0 && html`<button onClick=${() => turn(first - AT_ONCE)}>${t("Back")}</button>`}
      <button onClick=${() => consult(answers, { finish: true })}>${t("Decide the rest")}</button>
      ${extra === null && html`<button class="plain" onClick=${sayMore}>${t("Say more, add a picture")}</button>`}
      <span class="soft">${t("about a cent")}</span>
      ${questions.length > AT_ONCE && html`<span class="soft">${t("{first} to {last} of {count}", { first: first + 1, last: first + shown.length, count: questions.length })}</span>`}
    </div><//><//>`;
}

/** What an answer says. @param {{option?: string, own?: string}} answer */
function textOf({ own, option }) {
  return (own ?? option ?? "").trim();
}

/** @param {any} props */
function Question({ one, looks, answer, put, language, refusal }) {
  // By pointer alone: whoever goes through the options by keyboard goes on with Tab.
  const write = (event) => event.detail && setTimeout(() => document.getElementById(one.id)?.focus());
  const isOwn = answer.own !== undefined;
  const why = one.why ? `${one.id}-why` : null;
  return html`<fieldset>
    <legend lang=${language}>${one.text}</legend>
    ${why && html`<p class="soft" id=${why} lang=${language}>${one.why}</p>`}
    <div class="chips">
      ${one.options.map((option, place) => html`<${Chip} name=${one.id} checked=${!isOwn && answer.option === option} aria-describedby=${why} onChange=${() => put(one.id, { option })}
        look=${html`<${Look} look=${looks[place]} />`} hint=${option === one.default && t("suggested")}><span lang=${language}>${option}</span><//>`)}
      <${Chip} name=${one.id} checked=${isOwn} onClick=${write} onChange=${() => put(one.id, { own: "" })}>${t("In my own words")}<//>
    </div>
    ${isOwn && html`<input type="text" id=${one.id} aria-invalid=${Boolean(refusal)} aria-describedby=${refusal ? "refusal" : null} aria-label=${`${label(t("In my own words"))} ${one.text}`} value=${answer.own} onInput=${(event) => put(one.id, { own: event.target.value })} />`}${refusal}
  </fieldset>`;
}

/** @param {{completeness: any}} props */
function Decided({ completeness }) {
  if (!completeness) return null;
  return html`<p class="row soft">${t("Decided so far: {now} %", completeness)}
    <span class="meter" aria-hidden="true"><i style=${{ width: `${completeness.now}%` }}></i></span></p>`;
}
