() => {
  const faults = [];
  if (document.documentElement.scrollWidth > innerWidth) faults.push("wider than its frame");
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".hidden");
  const marked = [...document.querySelectorAll("button, .chip, input[type=text], textarea, h1, h2, img")];
  const boxes = marked.filter(seen).map((one) => [one, one.getBoundingClientRect()]);
  for (const [one, box] of boxes) {
    const name = `${one.tagName} ${(one.textContent || one.alt || "").slice(0, 40)}`;
    if (box.left < -0.5 || box.right > innerWidth + 0.5) faults.push(`outside: ${name}`);
    if (one.tagName === "BUTTON" && one.scrollWidth > one.clientWidth + 1) faults.push(`cut: ${name}`);
    if (/BUTTON|LABEL/.test(one.tagName) && box.height < 24) faults.push(`small: ${name}`);
  }
  const controls = boxes.filter(([one]) => /BUTTON|LABEL|TEXTAREA/.test(one.tagName));
  controls.forEach(([one, a], place) => controls.slice(place + 1).forEach(([other, b]) => {
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 1 && down > 1 && !one.contains(other) && !other.contains(one))
      faults.push(`over each other: ${one.textContent} / ${other.textContent}`);
  }));
  return faults;
}
