/** How a person likes a picture: one to five, and in words if they wish. */
import { html } from "../vendor/preact.js";
import { t } from "../words.js";
import { Form } from "./form.js";
import { Chip } from "./screen.js";

/** @param {{session: any, image: any}} props */
export function Rating({ session, image }) {
  const rate = (given) => session.rate(image, { rating: image.rating, liked: image.liked, disliked: image.disliked, ...given });
  const field = (name, label) => html`<label>${label}<input type="text" name=${name} maxlength="1000" defaultValue=${image[name]} /></label>`;
  return html`<fieldset><legend>${t("How do you like it?")}</legend><div class="chips">${[1, 2, 3, 4, 5].map((rating) => html`<${Chip} name="rating" checked=${image.rating === rating} onChange=${() => rate({ rating })}>
      ${rating}<span class="hidden"> ${t("of {count}", { count: 5 })}</span><//>`)}</div></fieldset>
    ${image.rating && html`<details open=${Boolean(image.liked || image.disliked)}><summary>${t("What worked, what did not")}</summary>
      <${Form} send=${({ liked, disliked }) => rate({ liked, disliked })}>${field("liked", t("What worked"))}${field("disliked", t("What did not"))}<div><button data-send>${t("Keep")}</button></div><//></details>`}`;
}
