/** Delete something: what would go is shown first. */
import { html, useRef, useState } from "../vendor/preact.js";
import { t } from "../words.js";

/**
 * `ask` says what would go, or did once it is for good; `option` is what may go besides.
 *
 * @param {{title: string, option?: string, lang?: string, ask: (withOption: boolean, forGood: boolean) => Promise<string[]>}} props
 */
export function Removal({ title, option, lang, ask }) {
  const [{ told, more = false, problem, isAsked = false }, setState] = useState(/** @type {any} */ ({}));
  const turn = useRef(0);
  const button = useRef(null);
  // Nothing goes that was not shown before: until the answer is there nothing can be deleted.
  const look = async (withOption, forGood = false) => {
    const own = ++turn.current;
    setState({ told, more: withOption, isAsked: true });
    try {
      const sentences = await ask(withOption, forGood);
      if (own === turn.current && !forGood) setState({ told: sentences, more: withOption });
    } catch (error) {
      if (own === turn.current) setState({ told, more, problem: error.message });
    }
  };
  const leave = () => {
    turn.current++;
    setState({});
    setTimeout(() => button.current?.focus());
  };
  const failure = problem && html`<p role="alert">${problem}</p>`;
  if (!told) return html`<p><button class="plain" ref=${button} onClick=${() => look(false)}>${title}</button></p>${failure}`;
  return html`<div class="panel form" role="group" aria-label=${title}>
    ${told.map((sentence) => html`<p class="words" role="status" lang=${lang}>${sentence}</p>`)}
    ${option && html`<label class="tick"><input type="checkbox" checked=${more} onChange=${(event) => look(event.target.checked)} />${option}</label>`}
    <div class="row"><button class="danger" disabled=${isAsked} onClick=${() => look(more, true)}>${t("Delete for good")}</button><button onClick=${leave}>${t("Leave it")}</button></div>
    ${failure}</div>`;
}
