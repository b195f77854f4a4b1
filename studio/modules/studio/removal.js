/** Delete something: what would go is shown first. */
import { html, useState } from "../vendor/preact.js";
import { t } from "../words.js";

/**
 * `ask` says what would go, or did once it is for good; `option` is what may go besides.
 *
 * @param {{title: string, option?: string, lang?: string, ask: (withOption: boolean, forGood: boolean) => Promise<string[]>}} props
 */
export function Removal({ title, option, lang, ask }) {
  const [told, setTold] = useState(/** @type {string[] | null} */ (null));
  const [more, setMore] = useState(false);
  const [problem, setProblem] = useState("");
  const look = async (withOption, forGood = false) => {
    try {
      const sentences = await ask(withOption, forGood);
      if (forGood) return;
      setMore(withOption);
      setTold(sentences);
    } catch (error) {
      setProblem(error.message);
    }
  };
  const failure = problem && html`<p role="alert">${problem}</p>`;
  if (!told) return html`<p><button class="plain" onClick=${() => look(false)}>${title}</button></p>${failure}`;
  return html`<div class="panel form" role="group" aria-label=${title}>
    ${told.map((sentence) => html`<p class="words" role="status" lang=${lang}>${sentence}</p>`)}
    ${option && html`<label class="tick"><input type="checkbox" checked=${more} onChange=${(event) => look(event.target.checked)} />${option}</label>`}
    <div class="row"><button class="danger" onClick=${() => look(more, true)}>${t("Delete for good")}</button><button onClick=${() => setTold(null)}>${t("Leave it")}</button></div>
    ${failure}</div>`;
}
