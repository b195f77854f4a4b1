/** The library: styles, and templates, each a form whose prompt is seen while it is filled. */
import { html, useEffect, useState } from "../vendor/preact.js";
import { useDraft } from "../parts/draft.js";
import { Form } from "../parts/form.js";
import { Screen } from "../parts/screen.js";
import { t } from "../words.js";
import { readInto } from "./reading.js";
import { Styles } from "./styles.js";

/** After the last key, so that a word is one request. */
const PREVIEW_MS = 250;

/** @param {{desk: any}} props */
export function Library({ desk }) {
  const [{ data, problem }, setLibrary] = useState(/** @type {any} */ ({}));
  useEffect(() => readInto(setLibrary, () => desk.view("templates")), []);
  const categories = [...new Set((data?.templates ?? []).map((one) => one.category))];
  return html`<${Screen} title=${t("Library")}>
    <${Styles} desk=${desk} />
    ${problem && html`<p role="alert">${problem}</p>`}
    ${(data?.notes ?? []).map((note) => html`<p class="words" role="note">${note}</p>`)}
    ${categories.map((category) => html`<div key=${category}><h2 class="sentence">${t(category)}</h2><ul class="grid entries">
      ${data.templates.filter((one) => one.category === category).map((one) => html`<li key=${one.name}><a class="entry" href=${`#library=${one.name}`}>
        <b>${t(one.title)}</b>${one.own && html` <span class="badge">${t("yours")}</span>`}<span class="soft">${t(one.description)}</span></a></li>`)}</ul></div>`)}
    ${data && html`<p class="soft">${t("Templates of your own belong into {folder}.", { folder: data.own_folder })}</p>`}<//>`;
}

/** @param {{desk: any, name: string}} props */
export function Template({ desk, name }) {
  const [values, setValues] = useDraft(desk, name, {});
  const [{ data, problem }, setForm] = useState(/** @type {any} */ ({}));
  useEffect(() => {
    let stop = () => {};
    const clock = setTimeout(() => { stop = readInto(setForm, () => desk.read("template", { id: name, values })); }, data ? PREVIEW_MS : 0);
    return () => { clearTimeout(clock); stop(); };
  }, [name, values]);
  if (!data) return html`<${Screen} title=${t("Template")}>${problem ? html`<p role="alert">${problem}</p>` : html`<div class="skeleton pulse" aria-hidden="true"><span></span><span></span></div>`}<//>`;
  const put = (field, value) => setValues({ ...values, [field]: value });
  const isReady = !data.missing.length && !data.fault;
  const go = () => {
    if (!isReady) return document.querySelector("[aria-invalid=true], [required]")?.focus();
    const answers = Object.entries(values).filter(([, value]) => value.trim()).map(([field, answer]) => ({ question_id: field, answer }));
    const session = desk.fresh;
    location.hash = "#create";
    session.consult({ message: "", template: name, mode: "skip", answers });
  };
  return html`<${Screen} title=${t(data.title)} aside=${html`<a class="more" href="#library">${t("All templates")}</a>`}>
    <p class="soft">${t(data.description)}${data.own ? ` ${t("This template is yours.")}` : ""}</p>
    <div class="beside even"><${Form} send=${go}>
      ${data.fields.map((field) => html`<${Field} key=${field.name} field=${field} example=${data.example[field.name]} value=${values[field.name] ?? ""} put=${(value) => put(field.name, value)} />`)}
      <div class="row"><button class="act" data-send disabled=${Boolean(desk.fresh.state.busy)}>${t("Go on to the prompt, free")}</button>
        <button onClick=${() => setValues(data.example)}>${t("Fill in the example")}</button></div><//>
    <div class="preview"><h2>${t("The prompt as it is now")}</h2><div class="panel" aria-live="polite"><p class="prompt">${data.prompt.map(({ text, origin }) => (origin === "template" ? text : html`<mark class=${data.missing.includes(origin) ? "assumed" : "said"}>${text}</mark>`))}</p>
      ${data.fault && html`<p class="words">${data.fault}</p>`}</div></div></div><//>`;
}

/** @param {any} props */
function Field({ field, example, value, put }) {
  const { name, type, question, choices, required, fallback, min, max } = field;
  const input = (event) => put(event.target.value);
  if (type === "choice") {
    return html`<label>${question}<select value=${value} onChange=${input}>
      <option value="">${required ? t("Choose") : fallback}</option>
      ${choices.filter((one) => one !== fallback).map((one) => html`<option value=${one}>${one}</option>`)}</select></label>`;
  }
  const chips = choices.filter((one) => one !== value && one !== fallback);
  return html`<div><label>${question}${required ? "" : html` <span class="soft inline">${t("may stay empty")}</span>`}
      ${type === "number"
        ? html`<input type="number" name=${name} min=${min} max=${max} step="any" value=${value} placeholder=${fallback} onInput=${input} />`
        : html`<input type="text" name=${name} required=${required} maxlength="600" value=${value} placeholder=${fallback || example} onInput=${input} />`}</label>
    ${chips.length > 0 && html`<div class="row ideas">${chips.map((one) => html`<button class="plain" onClick=${() => put(one)}>${one}</button>`)}</div>`}</div>`;
}
