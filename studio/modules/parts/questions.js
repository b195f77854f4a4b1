/** What is still open: two questions at a time, each with options and room for own words. */
import { html, useState } from "../vendor/preact.js";
import { t } from "../words.js";
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
  const asked = `${session.state.view.conversation_id} ${questions[0]?.id}`;
  /** @type {[Record<string, {option?: string, own?: string}>, any]} */
  const [answers, setAnswers] = useDraft(session, `answers ${asked}`, {});
  // Where nobody could read the last words, no question is open: they are said anew.
  const [extra, setExtra] = useDraft(session, `extra ${asked}`, questions.length ? null : "");
  const [isEmpty, setEmpty] = useState(false);
  const shown = questions.slice(first, first + AT_ONCE);
  const isLast = first + AT_ONCE >= questions.length;

  const turn = (to) => {
    setFirst(to);
    document.getElementById("heading")?.focus();
  };
  const sayMore = () => {
    setExtra("");
    setTimeout(() => document.querySelector("textarea")?.focus());
  };
  const put = (id, answer) => setAnswers({ ...answers, [id]: answer });
  const textOf = ({ own, option } = {}) => (own ?? option ?? "").trim();
  const send = () => {
    if (!isLast) return turn(first + AT_ONCE);
    const given = questions.map((one) => ({ question_id: one.id, answer: textOf(answers[one.id] ?? { option: one.default }) })).filter((one) => one.answer);
    setEmpty(!given.length && !extra?.trim());
    if (given.length || extra?.trim()) session.consult({ message: extra ?? "", answers: given });
    else /** @type {any} */ (document.querySelector("[type=text], textarea"))?.focus();
  };
  // What nobody touched is ours to decide; the suggestion beside it is no answer.
  const finish = () => {
    const given = Object.entries(answers).map(([id, one]) => ({ question_id: id, answer: textOf(one) }));
    session.consult({ message: extra ?? "", answers: given.filter((one) => one.answer), finish: true });
  };

  return html`<${Screen} title=${t("What is still open")} aside=${html`<${Decided} completeness=${dialogue.completeness} />`}><${Form} send=${send}>
    ${dialogue.reply && html`<p class="words" lang=${language}>${dialogue.reply}</p>`}
    ${shown.map((one) => html`<${Question} key=${one.id} one=${one} looks=${looks[one.id] ?? []} answer=${answers[one.id] ?? { option: one.default }} put=${put} language=${language} />`)}
    ${extra !== null && html`<label>${t("Anything else, or a question of your own")}
      <textarea rows="2" value=${extra} onInput=${(event) => setExtra(event.target.value)}></textarea></label>`}
    <${References} session=${session} isOpen=${extra !== null} />
    ${isEmpty && html`<p role="alert">${t("Choose an answer, or say it in a few words.")}</p>`}
    <div class="row">
      <button class="act" data-send>${isLast ? t("Answer") : t("Next")}</button>
      ${first > 0 && html`<button onClick=${() => turn(first - AT_ONCE)}>${t("Back")}</button>`}
      <button onClick=${finish}>${t("Decide the rest for me")}</button>
      ${extra === null && html`<button class="plain" onClick=${sayMore}>${t("Say more, add a picture")}</button>`}
      ${questions.length > AT_ONCE && html`<span class="soft">${t("{first} to {last} of {count}", { first: first + 1, last: first + shown.length, count: questions.length })}</span>`}
    </div><//><//>`;
}

/** @param {any} props */
function Question({ one, looks, answer, put, language }) {
  const isOwn = answer.own !== undefined;
  const why = one.why ? `${one.id}-why` : null;
  return html`<fieldset>
    <legend lang=${language}>${one.text}</legend>
    ${why && html`<p class="soft" id=${why} lang=${language}>${one.why}</p>`}
    <div class="chips">
      ${one.options.map((option, place) => html`<${Chip} name=${one.id} checked=${!isOwn && answer.option === option} aria-describedby=${why} onChange=${() => put(one.id, { option })}
        look=${html`<${Look} look=${looks[place]} />`} hint=${option === one.default && t("suggested")}><span lang=${language}>${option}</span><//>`)}
      <${Chip} name=${one.id} checked=${isOwn} onChange=${() => put(one.id, { own: "" })}>${t("In my own words")}<//>
    </div>
    ${isOwn && html`<input type="text" aria-label=${`${t("In my own words")}: ${one.text}`} value=${answer.own} onInput=${(event) => put(one.id, { own: event.target.value })} />`}
  </fieldset>`;
}

/** @param {{completeness: any}} props */
function Decided({ completeness }) {
  if (!completeness) return null;
  return html`<p class="row soft">${t("Decided so far: {now} %", completeness)}
    <span class="meter" aria-hidden="true"><i style=${{ width: `${completeness.now}%` }}></i></span></p>`;
}
