/**
 * What was painted, as steps in shares of the picture, so that it fits any size.
 *
 * @typedef {{kind: "paint" | "erase" | "area" | "clear" | "invert", points?: number[][], width?: number, box?: number[]}} Stroke
 */

const COLOUR = "#e8503a";

/** Paint all steps on a canvas. @param {HTMLCanvasElement} canvas @param {Stroke[]} strokes */
export function draw(canvas, strokes) {
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.globalCompositeOperation = "source-over";
  pen.clearRect(0, 0, canvas.width, canvas.height);
  for (const stroke of strokes) step(pen, stroke, canvas.width, canvas.height);
}

/** @param {CanvasRenderingContext2D} pen @param {Stroke} stroke @param {number} width @param {number} height */
function step(pen, stroke, width, height) {
  pen.fillStyle = pen.strokeStyle = COLOUR;
  pen.globalCompositeOperation = { erase: "destination-out", invert: "xor" }[stroke.kind] ?? "source-over";
  if (stroke.kind === "clear") pen.clearRect(0, 0, width, height);
  if (stroke.kind === "invert") pen.fillRect(0, 0, width, height);
  const [left, top, wide, high] = stroke.box ?? [0, 0, 0, 0];
  if (stroke.kind === "area") pen.fillRect(left * width, top * height, wide * width, high * height);
  if (stroke.points) line(pen, stroke, width, height);
}

/** @param {CanvasRenderingContext2D} pen @param {Stroke} stroke @param {number} width @param {number} height */
function line(pen, stroke, width, height) {
  const points = stroke.points ?? [];
  pen.lineCap = pen.lineJoin = "round";
  pen.lineWidth = (stroke.width ?? 0) * Math.max(width, height);
  pen.beginPath();
  pen.moveTo(points[0][0] * width, points[0][1] * height);
  // A line to where it begins makes the dot of a single touch.
  for (const [x, y] of points) pen.lineTo(x * width, y * height);
  pen.stroke();
}

/** A PNG of the picture's own size, transparent where it may change. @param {Stroke[]} strokes @param {number} width @param {number} height */
export function maskOf(strokes, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  draw(canvas, [...strokes, { kind: "invert" }]);
  const address = canvas.toDataURL("image/png");
  canvas.width = canvas.height = 0; // of the largest picture it holds 33 MB
  return address;
}

/** Per cent of a canvas that is painted. @param {HTMLCanvasElement} canvas */
export function share(canvas) {
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  let painted = 0;
  for (let place = 3; place < data.length; place += 4) painted += data[place] > 127 ? 1 : 0;
  return Math.max(1, Math.round((400 * painted) / data.length));
}
