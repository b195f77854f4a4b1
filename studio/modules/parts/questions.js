/** What is still open: two questions at a time, each with options and room for own words. */
import { html, useState } from "../vendor/preact.js";
import { look } from "../looks.js";
import { Form } from "./form.js";
import { References } from "./references.js";

/** So many fit into a card of 500 pixels. */
const AT_ONCE = 2;

/** @param {{session: any, state: any}} props */
export function Questions({ session, state }) {
  const { dialogue } = state.view;
  const { questions } = dialogue;
  const [first, setFirst] = useState(0);
  const [answers, setAnswers] = useState(() => Object.fromEntries(questions.map((one) => [one.id, { option: one.default, own: null }])));
  const [touched, setTouched] = useState(() => new Set());
  const [extra, setExtra] = useState(null);
  const shown = questions.slice(first, first + AT_ONCE);
  const isLast = first + AT_ONCE >= questions.length;
  const isBusy = Boolean(state.busy);

  const put = (id, answer) => {
    setAnswers((known) => ({ ...known, [id]: { ...known[id], ...answer } }));
    setTouched((known) => new Set([...known, id]));
  };
  const textOf = (one) => (answers[one.id].own ?? answers[one.id].option ?? "").trim();
  const given = (some) => some.map((one) => ({ question_id: one.id, answer: textOf(one) })).filter((one) => one.answer);
  const send = () => {
    if (!isLast) return setFirst(first + AT_ONCE);
    session.answer(given(questions), extra ?? "", false);
  };
  const finish = () => session.answer(given(questions.filter((one) => touched.has(one.id))), extra ?? "", true);

  return html`<${Form} class="questions" aria-labelledby="heading" send=${send}>
    <div class="row spread">
      <h1 id="heading" tabindex="-1">What is still open</h1>
      <${Decided} completeness=${dialogue.completeness} />
    </div>
    ${dialogue.reply && html`<p class="words" lang=${dialogue.language}>${dialogue.reply}</p>`}
    ${shown.map((one) => html`<${Question} key=${one.id} one=${one} answer=${answers[one.id]} put=${put} isBusy=${isBusy} language=${dialogue.language} />`)}
    ${extra !== null && html`<div><label for="extra">Anything else, or a question of your own</label>
      <textarea id="extra" rows="2" value=${extra} disabled=${isBusy} onInput=${(event) => setExtra(event.target.value)}></textarea></div>`}
    <${References} session=${session} state=${state} isOpen=${extra !== null} />
    <div class="row">
      <button type="button" class="act" data-send disabled=${isBusy}>${isLast ? "Answer" : "Next"}</button>
      ${first > 0 && html`<button type="button" disabled=${isBusy} onClick=${() => setFirst(first - AT_ONCE)}>Back</button>`}
      <button type="button" disabled=${isBusy} onClick=${finish}>Decide the rest for me</button>
      ${extra === null && html`<button type="button" class="plain" disabled=${isBusy} onClick=${() => setExtra("")}>Say more, add a picture</button>`}
      ${questions.length > AT_ONCE && html`<span class="soft">${first + 1} to ${first + shown.length} of ${questions.length}</span>`}
    </div>
    ${isBusy && html`<p class="soft pulse">Your words are being read. That takes a few seconds.</p>`}
  <//>`;
}

/** @param {any} props */
function Question({ one, answer, put, isBusy, language }) {
  const isOwn = answer.own !== null;
  const why = `${one.id}-why`;
  return html`<fieldset disabled=${isBusy} lang=${language}>
    <legend>${one.text}</legend>
    ${one.why && html`<p class="soft why" id=${why}>${one.why}</p>`}
    <div class="chips">
      ${one.options.map((option) => html`<label class="chip"><input type="radio" name=${one.id} value=${option}
          checked=${!isOwn && answer.option === option} aria-describedby=${one.why ? why : null} onChange=${() => put(one.id, { option, own: null })} />
        ${look(one.dimension, option)}<span>${option}</span>${option === one.default && html`<small lang="en">suggested</small>`}</label>`)}
      <label class="chip" lang="en"><input type="radio" name=${one.id} checked=${isOwn} onChange=${() => put(one.id, { own: answer.own ?? "" })} />In my own words</label>
    </div>
    ${isOwn && html`<input class="own" type="text" aria-label=${`In my own words: ${one.text}`} value=${answer.own}
      onInput=${(event) => put(one.id, { own: event.target.value })} />`}
  </fieldset>`;
}

/** @param {{completeness: any}} props */
function Decided({ completeness }) {
  if (!completeness) return null;
  return html`<p class="row soft"><span>Decided so far: ${completeness.now} %</span>
    <span class="meter" aria-hidden="true"><span style=${{ width: `${completeness.now}%` }}></span></span></p>`;
}
