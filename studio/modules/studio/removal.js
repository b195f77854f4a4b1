/** Delete a conversation: what would go is shown first. */
import { html, useState } from "../vendor/preact.js";
import { t } from "../words.js";

/** @param {{desk: any, id: string}} props */
export function Removal({ desk, id }) {
  const [told, setTold] = useState(/** @type {string[] | null} */ (null));
  const [pictures, setPictures] = useState(false);
  const [problem, setProblem] = useState("");
  const ask = async (withPictures, confirm = false) => {
    try {
      const { done } = await desk.call("openai_delete_conversation", { conversation_id: id, pictures: withPictures, confirm });
      if (confirm) return desk.forget(id);
      setPictures(withPictures);
      setTold(done);
    } catch (error) {
      setProblem(error.message);
    }
  };
  if (!told) return html`<p><button class="plain" onClick=${() => ask(false)}>${t("Delete this conversation")}</button></p>${problem && html`<p role="alert">${problem}</p>`}`;
  return html`<div class="panel form" role="group" aria-label=${t("Delete this conversation")}>
    ${told.map((sentence) => html`<p class="words" role="status" lang="en">${sentence}</p>`)}
    <label class="tick"><input type="checkbox" checked=${pictures} onChange=${(event) => ask(event.target.checked)} />${t("Its picture files, too")}</label>
    <div class="row"><button class="danger" onClick=${() => ask(pictures, true)}>${t("Delete for good")}</button><button onClick=${() => setTold(null)}>${t("Leave it")}</button></div>
    ${problem && html`<p role="alert">${problem}</p>`}</div>`;
}
