/** How the server is set up, and what was spent: read, never written. */
import { html, useEffect, useState } from "../vendor/preact.js";
import { Screen } from "../parts/screen.js";
import { dollars, label, t, troubleWords } from "../words.js";
import { day } from "./moment.js";
import { readInto } from "./reading.js";

/** @param {{desk: any}} props */
export function About({ desk }) {
  const [{ data, problem }, setAbout] = useState(/** @type {any} */ ({}));
  const [costs, setCosts] = useState(/** @type {any} */ ({}));
  useEffect(() => readInto(setCosts, () => desk.read("costs")), []);
  useEffect(() => readInto(setAbout, () => desk.read("about", { query: navigator.language })), []);
  const { status, checks, settings } = data ?? {};
  return html`<${Screen} title=${t("About this studio")}>
    ${(problem ?? costs.problem) && html`<p role="alert">${problem ?? costs.problem}</p>`}
    ${status && html`<p class="soft">image-consultant ${status.version}${status.origin === "sandbox" ? html` <span class="badge">SANDBOX</span>` : ""}</p>`}
    ${costs.data && html`<${Spending} costs=${costs.data} /><${Drawings} drawings=${costs.data.drawings} />`}
    ${status && html`<${Models} status=${status} /><${Checks} checks=${checks} /><${Settings} settings=${settings} />`}
    ${!data && !problem && html`<div class="skeleton pulse" aria-hidden="true"><span></span><span></span><span></span></div>`}<//>`;
}

/** @param {{costs: any}} props */
function Spending({ costs }) {
  const { spent_today_usd: today, daily_budget_usd: budget, days, conversations, origin } = costs;
  const most = Math.max(...days.map((one) => one.usd), 0.001);
  const top = Math.max(...conversations.map((one) => one.usd), 0.001);
  const sum = { today: dollars(today), budget: dollars(budget) };
  return html`<div><h2>${t("Spending")}</h2>
    <p>${budget === null ? t("{today} today, and no daily budget.", sum) : t("{today} of {budget} today.", sum)}${origin === "sandbox" ? ` ${t("It is play money: the sandbox costs nothing.")}` : ""}</p>
    ${budget > 0 && html`<div class="bar wide"><i style=${{ width: `${Math.min(100, (100 * today) / budget)}%` }}></i></div>`}
    ${days.length > 0 && html`<div class="tables"><table><caption>${t("By day")}</caption><thead><tr><th scope="col">${t("Day")}</th><th scope="col">${t("Cost")}</th><th scope="col" class="rest">${t("Calls")}</th></tr></thead>
      <tbody>${days.map((one) => html`<tr key=${one.day}><th scope="row">${day(one.day)}</th><td><${Amount} usd=${one.usd} most=${most} /></td><td class="rest">${one.calls}</td></tr>`)}</tbody></table>
    <table><caption>${t("By conversation")}</caption><thead><tr><th scope="col">${t("Conversation")}</th><th scope="col">${t("Cost")}</th></tr></thead>
      <tbody>${conversations.map((one) => html`<tr key=${one.conversation_id}><th scope="row" class="words">${one.conversation_id ? html`<a href=${`#c=${one.conversation_id}`}>${one.title || t("Untitled")}</a>` : t("Of none, or of one that was deleted")}</th>
        <td><${Amount} usd=${one.usd} most=${top} /></td></tr>`)}</tbody></table></div>`}</div>`;
}

/** What came of the drawings, and how long they took. @param {{drawings: any}} props */
function Drawings({ drawings: { done, failed, unknown, seconds } }) {
  const kinds = Object.entries(failed).sort(([, one], [, other]) => other - one);
  const failures = kinds.reduce((sum, [, count]) => sum + count, 0);
  const [half, most, nearly] = seconds.map((one) => `${Math.ceil(one)} s`);
  return html`<div><h2>${t("Drawings")}</h2>
    <p>${t("Pictures that came: {done}. That did not: {failures}. Whose end is not known: {unknown}.", { done, failures, unknown })}</p>
    <p class="soft">${t("Those of conversations that were deleted are not counted.")}</p>
    ${done > 0 && html`<p class="soft">${t("Half took up to {half}, 95 of 100 up to {most}, 99 up to {nearly}.", { half, most, nearly })}</p>`}
    ${failures > 0 && html`<table><caption>${t("Why none came")}</caption><thead><tr><th scope="col">${t("Reason")}</th><th scope="col" class="rest">${t("Times")}</th></tr></thead>
      <tbody>${kinds.map(([kind, count]) => html`<tr key=${kind}><th scope="row">${troubleWords({ kind })[0]}</th><td class="rest">${count}</td></tr>`)}</tbody></table>`}</div>`;
}

/** @param {{usd: number, most: number}} props */
function Amount({ usd, most }) {
  return html`<span class="amount"><span>${dollars(usd)}</span><span class="bar" aria-hidden="true"><i style=${{ width: `${(100 * usd) / most}%` }}></i></span></span>`;
}

/** @param {{status: any}} props */
function Models({ status }) {
  return html`<div><h2>${t("Models")}</h2><${Findings} findings=${status.models} />
    <details><summary>${t("Every model that can be set")}</summary><table><thead><tr><th scope="col">${t("Model")}</th><th scope="col">${t("For")}</th><th scope="col">${t("Last day")}</th></tr></thead>
      <tbody>${status.supported_models.map((one) => html`<tr><th scope="row">${one.name}</th><td>${{ image: t("Pictures"), dialogue: t("Dialogue") }[one.purpose]}</td><td>${one.shutdown ? day(one.shutdown) : t("none announced")}</td></tr>`)}</tbody></table></details></div>`;
}

/** @param {{checks: any[]}} props */
function Checks({ checks }) {
  return html`<div><h2>${t("Folders and records")}</h2><${Findings} findings=${checks} /></div>`;
}

/** What was looked at, each with a sign of how it stands. @param {{findings: any[]}} props */
function Findings({ findings }) {
  const signs = { ok: ["✓", t("fine")], warning: ["!", t("worth a look")], problem: ["✗", t("a problem")] };
  return html`<ul class="check">${findings.map((one) => html`<li><span aria-hidden="true">${signs[one.state][0]}</span>
    <span><span class="hidden">${label(signs[one.state][1])} </span>${one.name && html`<b>${one.name}</b> `}<span class="words">${one.told}</span></span></li>`)}</ul>`;
}

/** @param {{settings: any[]}} props */
function Settings({ settings }) {
  const sources = { default: t("as it comes"), environment: t("the environment"), command: t("this studio") };
  const row = (one) => html`<tr key=${one.name}><th scope="row" lang="en" title=${one.description}>${one.name}</th><td>${one.value || "–"}</td><td>${sources[one.source] ?? one.source}</td></tr>`;
  const table = (rows) => html`<table class="settings"><thead><tr><th scope="col">${t("Setting")}</th><th scope="col">${t("Value")}</th><th scope="col">${t("Where it comes from")}</th></tr></thead><tbody>${rows.map(row)}</tbody></table>`;
  const isOwn = (one) => one.source !== "default";
  return html`<div><h2>${t("Settings")}</h2>
    <p class="soft">${t("They are changed in the .env file of the data folder or with image-consultant configure, not here: a page that writes keys would be a target.")}</p>
    ${settings.some(isOwn) && table(settings.filter(isOwn))}
    <details><summary>${t("Those that are as they come")}</summary>${table(settings.filter((one) => !isOwn(one)))}</details></div>`;
}
