/** What a picture should cost. */

/** USD for pictures with these settings; null where it is not known. @param {any} view @param {any} settings @param {number} count */
export function priceOf(view, { size, quality }, count = 1) {
  const suggested = view.dialogue?.suggested;
  const isSuggested = suggested?.size === size && suggested?.quality === quality;
  const price = view.choices.prices[`${size} ${quality}`] ?? (isSuggested ? view.dialogue.estimated_cost_usd : null);
  return price && price * count;
}

/** USD for pictures that start from one. @param {any} view @param {any} image @param {number} count */
export function priceOfChange(view, image, count = 1) {
  return priceOf(view, { size: `${image.width}x${image.height}`, quality: image.quality }, count);
}
