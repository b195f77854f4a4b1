() => {
  const faults = [];
  if (document.documentElement.scrollWidth > innerWidth) faults.push("wider than its frame");
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".hidden");
  const marked = [...document.querySelectorAll("button, .chip, input:not([type=radio]), textarea, h1, h2, img")];
  const boxes = marked.filter(seen).map((one) => [one, one.getBoundingClientRect()]);
  for (const [one, box] of boxes) {
    const name = `${one.tagName} ${(one.textContent || one.alt || "").slice(0, 40)}`;
    if (box.left < -0.5 || box.right > innerWidth + 0.5) faults.push(`outside: ${name}`);
    if (one.tagName === "BUTTON" && one.scrollWidth > one.clientWidth + 1) faults.push(`cut: ${name}`);
    if (/BUTTON|LABEL/.test(one.tagName) && box.height < 24) faults.push(`small: ${name}`);
    // Five letters of a field are read at once, or nobody sees what stands in it.
    if (one.matches("textarea, input:not([type=checkbox])") && box.width < 5 * parseFloat(getComputedStyle(one).fontSize))
      faults.push(`narrow: ${one.name || one.ariaLabel}`);
  }
  const controls = boxes.filter(([one]) => /BUTTON|LABEL|TEXTAREA/.test(one.tagName) && !one.closest(".floating"));
  controls.forEach(([one, a], place) => controls.slice(place + 1).forEach(([other, b]) => {
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 1 && down > 1 && !one.contains(other) && !other.contains(one))
      faults.push(`over each other: ${one.textContent} / ${other.textContent}`);
  }));
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (texts.nextNode()) {
    const { currentNode: text } = texts;
    if (!seen(text.parentElement)) continue;
    const block = text.parentElement.closest(".chip > span, .check span:has(> span), :not(mark, span, q, small)");
    const { paddingLeft, paddingRight } = getComputedStyle(block);
    const room = block.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    const linesOf = ({ 0: part, index }, start = 0) => {
      range.setStart(text, start + index);
      range.setEnd(text, start + index + part.length);
      return [...range.getClientRects()].filter((line) => line.width > 0);
    };
    for (const run of text.data.matchAll(/\S+/gu)) {
      // What is longer than any line, as the path of a file is, has to break.
      if (linesOf(run).reduce((sum, line) => sum + line.width, 0) > room) continue;
      for (const word of run[0].matchAll(/[\p{L}\p{N}]+/gu))
        if (new Set(linesOf(word, run.index).map((line) => Math.round(line.top))).size > 1)
          faults.push(`broken: ${word[0]} in ${text.data.slice(0, 40)}`);
    }
  }
  return faults;
}
