/** All pictures, newest first; found by words, by meaning and facts; several chosen to compare, save or make a style of. */
import { html, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { Form } from "../parts/form.js";
import { Screen, Switch } from "../parts/screen.js";
import { nameOf, t } from "../words.js";
import { moment } from "./moment.js";
import { Thumb } from "./thumb.js";

/** Pictures that one archive takes, as the server says. */
const MOST_CHOSEN = 100;
/** Pictures that a style is made of at most, as the server says. */
const MOST_OF_A_LOOK = 8;

/** Counts the looks: of two under way the answer to the later one stands, whichever comes last. */
let looks = 0;

/** @param {{desk: any}} props */
export function Pictures({ desk }) {
  const { gallery, chosen, asked } = desk.state;
  const [problem, setProblem] = useState("");
  // What is asked for next goes on from what was asked last, whether or not its answer is there.
  const look = async (query, values, { meaning = "", least = 0, after = null } = {}) => {
    const turn = ++looks;
    desk.set({ asked: { query, values, meaning, least } });
    const read = (cursor) => desk.read("pictures", { query, values: { ...values, meaning }, cursor });
    try {
      const page = after ? { ...after, pictures: [...after.pictures] } : await read("");
      while (turn === looks && page.cursor && page.pictures.length < least) {
        const next = await read(page.cursor);
        page.pictures.push(...next.pictures);
        page.cursor = next.cursor;
      }
      if (turn !== looks) return;
      setProblem("");
      desk.set({ asked: { query, values }, gallery: page, message: t("{count} of {total}", { count: page.pictures.length, total: page.total }) });
    } catch (error) {
      if (turn !== looks) return;
      desk.set({ asked: { query, values } });
      setProblem(error.message || t("The server could not be reached."));
    }
  };
  // What is compared by meaning is paid for: it stays until somebody asks for something else.
  const isDue = desk.state.pulse && !asked.meaning && (!gallery || (gallery.isOld && !gallery.note));
  useEffect(() => {
    // Not the values of this rendering: somebody may have chosen others before the effect runs.
    // As many as are there, or were asked for: somebody may look at the last of them.
    const { query, values, least = gallery?.pictures.length } = desk.state.asked;
    if (isDue) look(query, values, { least });
  }, [isDue]);
  const pick = (id) => {
    if (chosen.includes(id)) desk.set({ chosen: chosen.filter((one) => one !== id) });
    else if (chosen.length < MOST_CHOSEN) desk.set({ chosen: [...chosen, id] });
  };
  const select = html`<${Switch} on=${Boolean(chosen)} act=${() => desk.set({ chosen: chosen ? null : [], message: chosen ? "" : t("Choose pictures") })}>${t("Choose several")}<//>`;
  return html`<${Screen} title=${t("Gallery")} aside=${gallery?.total > 1 && select}>
    <${Filters} asked=${asked} gallery=${gallery} look=${look} />
    ${problem && html`<p role="alert">${problem}</p>`}
    ${asked.query && !gallery?.note && html`<p class="soft">${t("The words stand anywhere in a picture's conversation.")}</p>`}
    ${gallery?.note && html`<p class="soft" lang="en">${gallery.note}</p>`}
    ${gallery ? html`<ul class="photos">${gallery.pictures.map((one) => html`<li key=${one.id} style=${{ "--ratio": ratioOf(one) }}><${Card} desk=${desk} one=${one} chosen=${chosen} pick=${pick} /></li>`)}</ul>` : html`<div class="skeleton pulse" aria-hidden="true"><span></span><span></span></div>`}
    ${gallery && !gallery.pictures.length && html`<${Empty} asked=${asked} look=${look} />`}
    ${gallery?.pictures.length > 0 && html`<div class="row spread soft">${t("{count} of {total}", { count: gallery.pictures.length, total: gallery.total })}
      ${gallery.cursor && html`<button onClick=${() => look(asked.query, asked.values, { least: gallery.pictures.length + 1, after: gallery })}>${t("More")}</button>`}</div>`}
    ${chosen && html`<${Selection} desk=${desk} chosen=${chosen} />`}<//>`;
}

/** How much wider than high a picture is shown; a banner leaves room for others. @param {any} one */
function ratioOf({ width, height }) {
  return Math.min(2.5, Math.max(0.6, width / Math.max(1, height)));
}

/** What is done with those that are chosen. @param {{desk: any, chosen: string[]}} props */
function Selection({ desk, chosen }) {
  const count = chosen.length;
  return html`<div class="floating panel row" role="group" aria-label=${t("Chosen pictures")}>
    <span>${count ? t("{count} chosen", { count }) : t("Choose pictures")}</span>
    <button disabled=${count !== 2} onClick=${() => { location.hash = `#x=${chosen.join()}`; }}>${t("Compare two")}</button>
    <button disabled=${!count || count > MOST_OF_A_LOOK} onClick=${() => { location.hash = `#make=${chosen.join()}`; }}>${count > MOST_OF_A_LOOK ? t("A style takes {count} at most", { count: MOST_OF_A_LOOK }) : t("Make a style of them")}</button>
    <button disabled=${!count} onClick=${() => desk.door.save(`/v1/images.zip?ids=${chosen.join()}`, "pictures.zip")}>${t("Save them in one file")}</button>
    <button class="plain" onClick=${() => desk.set({ chosen: null })}>${t("Done")}</button></div>`;
}

/** @param {any} props */
function Filters({ asked, gallery, look }) {
  const { query, values } = asked;
  const words = useRef(null);
  useLayoutEffect(() => { words.current.value = query; }, [query]);
  const filter = (name, value) => look(query, { ...values, [name]: value });
  const choice = (name, label, options) => html`<label>${label}<select value=${values[name] ?? ""} onChange=${(event) => filter(name, event.target.value)}>
    ${options.map(([value, words]) => html`<option value=${value}>${words}</option>`)}</select></label>`;
  const field = (name, label, rest) => html`<label>${label}<input value=${values[name] ?? ""} ...${rest} onChange=${(event) => filter(name, event.target.value)} /></label>`;
  const count = ["image_type", "style", "rating", "bookmarked", "since", "until"].filter((name) => values[name]).length;
  return html`<div class="form"><${Form} role="search" class="line" send=${(fields, way) => look(fields.query, values, { meaning: way })}>
      <input type="search" name="query" ref=${words} aria-label=${t("Words to look for")} placeholder=${t("a word of the conversation")} />
      <button data-send="">${t("Search")}</button><button data-send="true" disabled=${Boolean(asked.meaning)}>${t("By meaning, below a cent")}</button><//>
    <details open=${count > 0}><summary>${count ? t("Filters: {count}", { count }) : t("Filters")}</summary><div class="filters">
      ${choice("image_type", t("Kind of picture"), [["", t("any")], ...(gallery?.types ?? []).map((one) => [one, nameOf("dimensions", one)])])}
      ${field("style", t("Style, in words"), { type: "text", list: "styles", placeholder: t("any") })}
      <datalist id="styles">${(gallery?.styles ?? []).map((one) => html`<option value=${one}></option>`)}</datalist>
      ${choice("rating", t("Rating"), [["", t("any")], ...[1, 2, 3, 4, 5].map((one) => [String(one), one === 5 ? "5" : t("{count} or better", { count: one })])])}
      ${choice("bookmarked", t("Conversation bookmarked"), [["", t("any")], ["true", t("yes")], ["false", t("no")]])}
      ${field("since", t("Drawn since"), { type: "date" })}${field("until", t("Drawn until"), { type: "date" })}</div></details></div>`;
}

/** What a picture is told by: several of a conversation have its title. @param {any} one */
export function captionOf({ title: known, prompt, variation }) {
  const title = known || t("Untitled");
  const varied = variation.replace(/^[a-z]+: /, "");
  const label = !prompt.startsWith(varied.replace("...", "")) && t(varied);
  const words = !prompt.startsWith(title.replace("…", "")) && prompt.slice(0, 200);
  return [title, [label, words].filter(Boolean).join(" · ")];
}

/** @param {any} props */
function Card({ desk, one, chosen, pick }) {
  const facts = [moment(one.created_at), one.rating && `${one.rating}/5`, one.bookmarked && "★"].filter(Boolean).join(" · ");
  const [title, words] = captionOf(one);
  const inside = html`<${Thumb} desk=${desk} id=${one.id} alt="" edge=${512} /><span class="words" title=${title}>${title}</span>
    ${words && html`<span class="words soft">${words}</span>`}<span class="soft">${facts}</span>`;
  if (!chosen) return html`<a class="photo" href=${`#i=${one.id}`}>${inside}</a>`;
  return html`<button class="photo" aria-pressed=${chosen.includes(one.id)} onClick=${() => pick(one.id)}>${inside}</button>`;
}

/** @param {any} props */
function Empty({ asked, look }) {
  const isAll = !asked.query && !Object.values(asked.values).some(Boolean);
  if (isAll) return html`<p>${t("There are no pictures yet.")} <a href="#create">${t("Create one")}</a></p>`;
  return html`<p class="row">${t("No picture fits.")} <button onClick=${() => look("", {})}>${t("Show all")}</button></p>`;
}
