/** A style made of pictures: its name and aspects, and what is asked where the pictures disagree. */
import { html, useLayoutEffect, useState } from "../vendor/preact.js";
import { Form } from "../parts/form.js";
import { Screen } from "../parts/screen.js";
import { nameOf, t } from "../words.js";
import { ASPECTS, Aspects } from "./styles.js";
import { Thumb } from "./thumb.js";

/** A name as files have it. @param {string} words */
function fileName(words) {
  return words.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^[_0-9]+|_+$/g, "").slice(0, 40);
}

/** @param {{desk: any, ids: string[]}} props */
export function Making({ desk, ids }) {
  const [images, setImages] = useState(ids);
  const [aspects, setAspects] = useState(ASPECTS);
  const [name, setName] = useState("");
  const [isEmpty, setEmpty] = useState(false);
  const [{ busy, problem, question }, setState] = useState(/** @type {any} */ ({}));
  useLayoutEffect(() => document.querySelector("main section [role=alert]")?.focus(), [problem, question]);
  const make = async (pictures, wanted, kept) => {
    setEmpty(!kept);
    if (!kept) return document.getElementById("style-name")?.focus();
    setImages(pictures);
    setAspects(wanted);
    setName(kept);
    setState({ busy: true });
    const { hash } = location;
    try {
      const result = await desk.call("openai_extract_style", { images: pictures, aspects: wanted, name: kept });
      setState(result.status === "asking" ? { question: result } : {});
      if (result.status !== "saved") return;
      // Whoever has gone elsewhere meanwhile stays there.
      if (location.hash !== hash) return desk.set({ made: result, message: t("The style is kept.") });
      desk.set({ made: result, chosen: null });
      location.hash = `#style=${result.name}`;
    } catch (error) {
      setState({ problem: error.message || t("The server could not be reached.") });
    }
  };
  return html`<${Screen} title=${t("A style of these pictures")} aside=${html`<a class="more" href="#gallery">${t("Gallery")}</a>`}>
    <ul class="strip samples">${images.map((id, place) => html`<li key=${id}><${Thumb} desk=${desk} id=${id} alt=${t("Picture {number}", { number: place + 1 })} /></li>`)}</ul>
    <fieldset role="none" class="form" disabled=${Boolean(busy)}>
      ${question && html`<${Question} desk=${desk} question=${question} images=${images} aspects=${aspects} answer=${(one) => make(one.images, one.aspects, name)} />`}
      <${Form} send=${(fields) => make(images, aspects, fileName(fields.name))}>
      <label>${t("What to call it")}<input id="style-name" type="text" name="name" maxlength="40" required placeholder="harbour_light" onChange=${(event) => { event.target.value = fileName(event.target.value); }} />
        <span class="soft">${t("Small letters, digits and underscores.")}</span></label>
      ${isEmpty && html`<p role="alert">${t("First give it a name, which begins with a letter from a to z.")}</p>`}
      <${Aspects} legend=${t("What to take of them")} offered=${ASPECTS} chosen=${aspects} put=${setAspects} />
      <div class="row"><button class="act" data-send disabled=${!aspects.length}>${t("Make a style, about a cent")}</button></div>
      <p class="soft">${t("The pictures are measured here, free. A model then says their look in words. What they show, and names of artists and brands, are left out.")}</p><//></fieldset>
    ${busy && html`<p class="soft pulse" role="status">${t("The pictures are being looked at.")}</p>`}
    ${problem && html`<p class="words" role="alert" tabindex="-1" lang="en">${problem}</p>`}<//>`;
}

/** Where the pictures disagree: nothing was paid yet. @param {any} props */
function Question({ desk, question, images, aspects, answer }) {
  const { answers } = question;
  const isRest = (one) => one.aspects.length < aspects.length;
  const rest = answers.find(isRest);
  const name = nameOf("dimensions", rest ? aspects.find((one) => !rest.aspects.includes(one)) : aspects[0]);
  const isAlone = (one) => one.images.length === 1 && answers.length > 2;
  const picture = (one) => (isAlone(one) ? one.images[0] : images.find((id) => !one.images.includes(id)));
  const words = (one) => (isRest(one) ? t("Take everything but this: {name}", { name }) : isAlone(one) ? t("This one alone") : t("Leave this one out"));
  return html`<div class="notice form" role="alert" tabindex="-1"><h2>${t("The pictures disagree: {name}", { name })}</h2>
    <p class="soft words" lang="en">${question.question}</p>
    <ul class="strip samples">${answers.map((one) => html`<li key=${one.option}>${!isRest(one) && html`<${Thumb} desk=${desk} id=${picture(one)} alt="" />`}
      <button onClick=${() => answer(one)}>${words(one)}</button></li>`)}</ul>
    <p class="soft">${t("Nothing was charged. An answer goes on, about a cent.")}</p></div>`;
}
