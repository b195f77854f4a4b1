/** The style that a picture is to have: one or a mix of two, how strong, which of its aspects; and what goes along then. */
import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { dataOf } from "../results.js";
import { nameOf, t } from "../words.js";
import { readInto } from "./reading.js";
import { ASPECTS, Aspects, Phrases, Swatch, sampleOf, styleTitleOf } from "./styles.js";

/** After the last move of a slider, so that a move is one request. */
const PREVIEW_MS = 150;
/** As the server says where nobody chooses. */
const STRENGTH = 60;

/** A choice that somebody has yet to make. */
export const NO_LOOK = { shares: {}, strength: STRENGTH, aspects: ASPECTS };

/** A choice of one style, as it is where nobody changes it. @param {string} name */
export function lookOf(name) {
  return { ...NO_LOOK, shares: { [name]: 50 } };
}

/** A choice as the server's tool takes it. @param {any} look */
export function asArguments({ shares, strength, aspects }) {
  return { style: Object.entries(shares).map(([name, weight]) => ({ name, weight })), strength, aspects };
}

/** @param {{desk: any, look: any, put: (look: any) => void}} props */
export function LookChoice({ desk, look, put }) {
  const [{ data }, setStyles] = useState(/** @type {any} */ ({}));
  useEffect(() => readInto(setStyles, () => desk.view("styles")), []);
  const sound = (data?.styles ?? []).filter((one) => !one.fault);
  const names = Object.keys(look?.shares ?? {});
  const offered = ASPECTS.filter((aspect) => sound.some((one) => names.includes(one.name) && aspect in one.words));
  const options = (none, others) => html`<option value="">${none}</option>${sound.filter((one) => !others.includes(one.name)).map((one) => html`<option value=${one.name}>${styleTitleOf(one.name)}</option>`)}`;
  const choose = (first, second) => {
    const chosen = [first, second].filter(Boolean);
    put(first ? { ...(look ?? lookOf(first)), shares: Object.fromEntries(chosen.map((name) => [name, look?.shares[name] ?? 50])) } : null);
  };
  const slider = (label, value, act, words = `${value}`) => html`<label>${label} <span class="soft inline" aria-hidden="true">${words}</span>
    <input type="range" min="0" max="100" step="5" value=${value} aria-valuetext=${words} onInput=${(event) => act(Number(event.target.value))} /></label>`;
  const sum = Object.values(look?.shares ?? {}).reduce((all, share) => all + share, 0);
  const first = Math.round((100 * look?.shares[names[0]]) / sum);
  return html`<div class="form"><label>${t("A style")}<select value=${names[0] ?? ""} onChange=${(event) => choose(event.target.value, event.target.value !== names[1] && names[1])}>${options(t("None: your words decide"), [])}</select></label>
    ${look && html`<label>${t("Mixed with")}<select value=${names[1] ?? ""} onChange=${(event) => choose(names[0], event.target.value)}>${options(t("no other"), [names[0]])}</select></label>
      ${names.length > 1 && names.map((name, place) => slider(styleTitleOf(name), look.shares[name], (share) => put({ ...look, shares: { ...look.shares, [name]: Math.max(share, 5) } }), `${place ? 100 - first : first} %`))}
      ${slider(t("Strength"), look.strength, (strength) => put({ ...look, strength }))}
      <${Aspects} legend=${t("What of it")} offered=${offered} chosen=${look.aspects} put=${(aspects) => put({ ...look, aspects })} />
      ${look.aspects.length > 0 && html`<${Along} desk=${desk} look=${look} />`}`}</div>`;
}

/** What goes along with the person's words at this strength, as the server decides it. @param {{desk: any, look: any}} props */
function Along({ desk, look }) {
  const [{ data, problem }, setAlong] = useState(/** @type {any} */ ({}));
  const query = JSON.stringify(asArguments(look));
  useEffect(() => {
    let stop = () => {};
    const clock = setTimeout(() => { stop = readInto(setAlong, () => desk.read("style", { query })); }, data ? PREVIEW_MS : 0);
    return () => { clearTimeout(clock); stop(); };
  }, [query]);
  const uses = data?.styles ?? [];
  const colours = uses.flatMap((one) => one.colours.map(({ colour }) => colour));
  const avoid = uses.flatMap((one) => one.avoid);
  return html`<div class="panel form" role="group" aria-label=${t("What goes along")}><p><b>${t("What goes along")}</b>${data ? ` · ${t(data.degree)}` : ""}</p>
    ${problem && html`<p class="words" role="alert" lang="en">${problem}</p>`}
    ${data && html`<${Phrases} phrases=${uses.flatMap(({ name, aspects }) => Object.entries(aspects).map(([aspect, words]) => ({ aspect, words, style: uses.length > 1 && name })))} />
      ${colours.length > 0 && html`<p class="row"><span class="soft">${t("as colours")}</span> <${Swatch} colours=${colours} /></p>`}
      ${avoid.length > 0 && html`<p class="soft words">${t("without {things}", { things: avoid.join("; ") })}</p>`}
      ${data.samples.length > 0 && html`<ul class="strip samples">${data.samples.map((one) => html`<li key=${`${one.style} ${one.number}`}><img src=${sampleOf(one.style, one.number)} alt=${t("A sample of {style}", { style: styleTitleOf(one.style) })} /></li>`)}</ul>`}
      ${data.either.length > 0 && html`<p class="soft words">${t("One picture cannot be both, so you are asked which: {media}", { media: data.either.join(" / ") })}</p>`}`}</div>`;
}

/** A style that was chosen and is not in the prompt yet; where two media contradict each other a question. @param {{desk: any, session: any}} props */
export function LookTask({ desk, session }) {
  const { look, view, busy } = session.state;
  const names = Object.keys(look.shares);
  const isChosen = names.length > 0;
  const [isOpen] = useState(!isChosen); // what was chosen before is in the way of the prompt
  const [asked, setAsked] = useState(/** @type {any} */ (null));
  const question = useRef(null);
  useLayoutEffect(() => question.current?.focus(), [asked]);
  const put = (next) => {
    setAsked(null);
    session.set({ look: next ?? NO_LOOK });
  };
  const apply = async (answer) => {
    const result = await session.apply({ ...asArguments(look), ...answer, to: view.conversation_id });
    const data = result && dataOf(result);
    setAsked(data?.question ? data : null);
    if (!data || data.question) return;
    if (data.styles.length) session.set({ look: null, message: t("The style is in the prompt.") });
    else session.set({ trouble: { kind: "model", text: data.notes.join("\n") } });
  };
  return html`<fieldset class="notice form" disabled=${Boolean(busy)}><legend class="hidden">${t("A style")}</legend>
    <details open=${isOpen}><summary>${t("A style")}${isChosen ? ` · ${names.map(styleTitleOf).join(" + ")}, ${look.strength}` : ""}</summary><${LookChoice} desk=${desk} look=${isChosen ? look : null} put=${put} /></details>
    ${asked ? html`<div role="alert" class="form" tabindex="-1" ref=${question}><p>${t("One picture cannot be both. Which is meant?")}</p>
        <div class="row">${asked.choices.map((one, place) => html`<button onClick=${() => apply({ style: one.styles })}>${place < 2 ? one.option : t("neither of them")}</button>`)}</div>
        <p class="soft">${t("Nothing was charged. An answer goes on, about a cent.")}</p></div>`
      : html`<div class="row"><button class="act" disabled=${!isChosen || !look.aspects.length} onClick=${() => apply({})}>${t("Put it into the prompt, about a cent")}</button>
        <button onClick=${() => session.set({ look: null })}>${t("Leave it out")}</button></div>
        ${isChosen && html`<p class="soft">${t("It is not in the prompt yet: a picture drawn now is without it.")}</p>`}`}</fieldset>`;
}

/** What of a style is not in the prompt: the person's own words win. @param {{view: any}} props */
export function LookLosses({ view: { gave_way: losses } }) {
  return losses.length > 0 && html`<div><h2>${t("Words of the style that are not in it")}</h2><ul class="list">${losses.map((one) => html`<li>
    <q class="words">${one.quote}</q><span class="soft words">${nameOf("reason", one.why)}</span></li>`)}</ul></div>`;
}
