/** All pictures, newest first; found by words and facts, two of them chosen to compare. */
import { html, useEffect, useState } from "../vendor/preact.js";
import { Form } from "../parts/form.js";
import { Screen, Switch } from "../parts/screen.js";
import { nameOf, t } from "../words.js";
import { Thumb } from "./thumb.js";

/** Counts the looks: of two under way the answer to the later one stands, whichever comes last. */
let looks = 0;

/** @param {{desk: any}} props */
export function Pictures({ desk }) {
  const { gallery, chosen } = desk.state;
  const [problem, setProblem] = useState("");
  const asked = gallery ?? { query: "", values: {} };
  const look = async (query, values, cursor = "") => {
    const turn = ++looks;
    try {
      const page = await desk.read("pictures", { query, values, cursor });
      if (turn !== looks) return;
      const before = cursor ? gallery.pictures : [];
      const types = cursor ? gallery.types : page.types;
      const message = t("{count} of {total}", { count: before.length + page.pictures.length, total: page.total });
      setProblem("");
      desk.set({ gallery: { ...page, types, query, values, pictures: [...before, ...page.pictures] }, message });
    } catch (error) {
      setProblem(error.message || t("The server could not be reached."));
    }
  };
  useEffect(() => {
    if (!gallery || gallery.isOld) look(asked.query, asked.values);
  }, [!gallery || gallery.isOld]);
  const pick = (id) => {
    const next = chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id];
    desk.set({ chosen: next.length === 2 ? null : next });
    if (next.length === 2) location.hash = `#x=${next.join()}`;
  };
  const compare = html`<${Switch} on=${Boolean(chosen)} act=${() => desk.set({ chosen: chosen ? null : [], message: chosen ? "" : t("Choose two pictures") })}>${t("Compare two")}<//>`;
  return html`<${Screen} title=${t("Gallery")} aside=${gallery?.total > 1 && compare}>
    <${Filters} asked=${asked} types=${gallery?.types ?? []} look=${look} />
    ${problem && html`<p role="alert">${problem}</p>`}
    ${chosen && html`<p class="soft">${chosen.length ? t("Choose the other one") : t("Choose two pictures")}</p>`}
    ${gallery ? html`<ul class="grid cards">${gallery.pictures.map((one) => html`<li key=${one.id}><${Card} desk=${desk} one=${one} chosen=${chosen} pick=${pick} /></li>`)}</ul>` : html`<div class="skeleton pulse" aria-hidden="true"><span></span><span></span></div>`}
    ${gallery && !gallery.pictures.length && html`<${Empty} asked=${asked} look=${look} />`}
    ${gallery?.pictures.length > 0 && html`<div class="row spread soft">${t("{count} of {total}", { count: gallery.pictures.length, total: gallery.total })}
      ${gallery.cursor && html`<button onClick=${() => look(asked.query, asked.values, gallery.cursor)}>${t("More")}</button>`}</div>`}<//>`;
}

/** @param {any} props */
function Filters({ asked, types, look }) {
  const { query, values } = asked;
  const filter = (name, value) => look(query, { ...values, [name]: value });
  const choice = (name, label, options) => html`<label>${label}<select value=${values[name] ?? ""} onChange=${(event) => filter(name, event.target.value)}>
    ${options.map(([value, words]) => html`<option value=${value}>${words}</option>`)}</select></label>`;
  const day = (name, label) => html`<label>${label}<input type="date" value=${values[name] ?? ""} onChange=${(event) => filter(name, event.target.value)} /></label>`;
  const count = Object.values(values).filter(Boolean).length;
  return html`<div class="form"><${Form} role="search" class="line" send=${(fields) => look(fields.query, values)}>
      <input type="search" name="query" defaultValue=${query} key=${query} aria-label=${t("Words to look for")} placeholder=${t("a word of what was said or drawn")} />
      <button data-send>${t("Search")}</button><//>
    <details open=${count > 0}><summary>${count ? t("Filters: {count}", { count }) : t("Filters")}</summary><div class="filters">
      ${choice("image_type", t("Kind of picture"), [["", t("any")], ...types.map((one) => [one, nameOf("dimensions", one)])])}
      ${choice("rating", t("Rating"), [["", t("any")], ...[1, 2, 3, 4, 5].map((one) => [String(one), one === 5 ? "5" : t("{count} or better", { count: one })])])}
      ${choice("bookmarked", t("Bookmarked"), [["", t("any")], ["true", t("yes")], ["false", t("no")]])}
      ${day("since", t("Drawn since"))}${day("until", t("Drawn until"))}</div></details></div>`;
}

/** @param {any} props */
function Card({ desk, one, chosen, pick }) {
  const facts = [one.created_at.slice(0, 10), one.rating && `${one.rating}/5`, one.bookmarked && "★"].filter(Boolean).join(" · ");
  const inside = html`<${Thumb} desk=${desk} id=${one.id} alt="" /><span class="words">${one.title || t("Untitled")}</span><span class="soft">${facts}</span>`;
  if (!chosen) return html`<a class="card" href=${`#i=${one.id}`}>${inside}</a>`;
  return html`<button class="card" aria-pressed=${chosen.includes(one.id) ? "true" : "false"} onClick=${() => pick(one.id)}>${inside}</button>`;
}

/** @param {any} props */
function Empty({ asked, look }) {
  const isAll = !asked.query && !Object.values(asked.values).some(Boolean);
  if (isAll) return html`<p>${t("There are no pictures yet.")} <a href="#create">${t("Create one")}</a></p>`;
  return html`<p class="row">${t("No picture fits.")} <button onClick=${() => look("", {})}>${t("Show all")}</button></p>`;
}
