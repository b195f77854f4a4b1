/** Money in words, and what a picture should cost. */

/** @param {number | null | undefined} usd */
export function dollars(usd) {
  if (usd === null || usd === undefined) return "";
  return `$${usd.toFixed(usd < 0.1 ? 3 : 2)}`;
}

/** The end of a button's text. @param {number | null | undefined} usd */
export function about(usd) {
  return usd ? `, about ${dollars(usd)}` : ", at a price not known here";
}

/** USD for a picture with these settings. @param {any} view @param {{size: string, quality: string}} settings */
export function priceOf(view, settings) {
  const suggested = view.dialogue?.suggested;
  const known = view.choices.prices[`${settings.size} ${settings.quality}`];
  if (known !== undefined) return known;
  const isSuggested = suggested?.size === settings.size && suggested?.quality === settings.quality;
  return isSuggested ? view.dialogue.estimated_cost_usd : null;
}

/** USD for a change of a picture. @param {any} view @param {any} image */
export function priceOfChange(view, image) {
  return priceOf(view, { size: `${image.width}x${image.height}`, quality: image.quality });
}
