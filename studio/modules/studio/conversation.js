/** One conversation: its task as in a chat, what is decided beside it, and what may be done with it. */
import { html } from "../vendor/preact.js";
import { Task, phaseOf } from "../parts/task.js";
import { dollars, nameOf, t } from "../words.js";
import { LookLosses, LookTask, NO_LOOK } from "./look.js";
import { Removal } from "./removal.js";

/** @param {{desk: any, session: any}} props */
export function Conversation({ desk, session }) {
  const { view, look } = session.state;
  // The prompt of a template is its own text.
  const isPrompted = view && !view.template && ["ready", "picture"].includes(phaseOf(session.state));
  return html`<div class="beside"><div class="task">${look && isPrompted && html`<${LookTask} desk=${desk} session=${session} />`}<${Task} session=${session} />
      ${phaseOf(session.state) === "ready" && html`<${LookLosses} view=${view} />`}</div>
    ${view && html`<aside aria-label=${t("About this conversation")}>
      <${Brief} view=${view} isOpen=${["asking", "ready"].includes(phaseOf(session.state))} />
      ${look && phaseOf(session.state) === "asking" && html`<p class="soft">${t("The style goes into the prompt once that is there, about a cent.")}</p>`}
      ${isPrompted && !look && html`<p><button onClick=${() => session.set({ look: NO_LOOK })}>${t("Put a style on it")}</button></p>`}
      <p class="soft">${t("{here} here so far", { here: dollars(view.spent_conversation_usd) })}</p>
      ${session.state.looksAt && view.status !== "done" && html`<p><a class="more" href=${`#c=${view.conversation_id}`}>${t("Where this conversation stands")}</a></p>`}
      ${view.images.length > 1 && html`<p><a class="more" href=${`#tree=${view.conversation_id}`}>${t("History as a tree")}</a></p>`}
      <p><a class="more" href=${`/conversations/${view.conversation_id}?as=html`} download>${t("Save as a page of its own")}</a></p>
      <${Removal} key=${view.conversation_id} title=${t("Delete this conversation")} option=${t("Its picture files, too")} lang="en" ask=${(pictures, confirm) => remove(desk, view.conversation_id, pictures, confirm)} /></aside>`}</div>`;
}

/** What of a conversation would go, or has gone. @param {any} desk @param {string} id @param {boolean} pictures @param {boolean} confirm */
async function remove(desk, id, pictures, confirm) {
  const { hash } = location;
  const { done } = await desk.call("openai_delete_conversation", { conversation_id: id, pictures, confirm });
  if (confirm) desk.forget(id);
  // Whoever has gone elsewhere meanwhile stays there.
  if (confirm && location.hash === hash) location.hash = "#gallery";
  return done;
}

/** What is known of the picture, and whose words that is. @param {{view: any, isOpen: boolean}} props */
function Brief({ view, isOpen }) {
  const entries = view.dialogue?.brief ?? [];
  if (!entries.length) return view.idea && html`<div><h2>${t("The idea")}</h2><p class="words">${view.idea}</p></div>`;
  return html`<details open=${isOpen}><summary>${t("What is decided")}</summary><dl class="brief" lang=${view.dialogue.language}>
    ${entries.map((one) => html`<div><dt>${nameOf("dimensions", one.dimension)}</dt>
      <dd><mark class=${one.source === "open" ? "" : one.source}>${one.value}</mark></dd></div>`)}</dl></details>`;
}
