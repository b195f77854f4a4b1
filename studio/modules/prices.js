/** What pictures should cost, as the server estimates each. */

/** USD for pictures of the prompt with these settings; null where it is not known. @param {any} view @param {any} settings @param {number} count */
export function priceOf({ choices }, { size, quality, output_format }, count = choices.pictures) {
  const price = choices.prices[`${size} ${quality} ${output_format}`] ?? null;
  return price && price * count;
}

/** USD for pictures that start from one. @param {any} image @param {string} quality @param {number} count */
export function priceOfChange(image, quality, count = 1) {
  const usd = image.next_prices[quality];
  return usd && usd * count;
}
