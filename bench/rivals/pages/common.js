// What the rivals' pages share: the camera, the drawing, and the account of frames.

const element = (id) => document.getElementById(id);
export const video = element("video");
export const query = new URLSearchParams(location.search);

// As Obscura asks for it.
export async function openCamera() {
  const wishes = { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: { ideal: "user" } };
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: wishes, audio: false });
  await video.play();
  while (!video.videoWidth) await new Promise(requestAnimationFrame);
}

// Analyses the next `count` frames, each from the moment that the browser offers it; returns the
// milliseconds from capture to drawn boxes, and those of the stages that `analyse` tells.
export async function frames(count, analyse) {
  const ms = [];
  const stages = [];
  await video.play();
  const begun = performance.now();
  while (ms.length < count) {
    await new Promise((offered) => video.requestVideoFrameCallback(offered));
    const start = performance.now();
    stages.push(await analyse());
    ms.push(performance.now() - start);
  }
  video.pause(); // others have their turn
  return { ms, stages, seconds: (performance.now() - begun) / 1000 };
}

const FONT = '600 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const COLOURS = ["#78ffe1", "#ff9687", "#b4ff0f", "#f0a5ff", "#964bff", "#e13c87", "#f0f087", "#b44bc3", "#96b40f", "#3c872d"];

// rows: [{label, score, box: [x1, y1, x2, y2] in pixels of a source of this size}], best first.
export function draw(rows, width, height) {
  const canvas = element("overlay");
  const context = canvas.getContext("2d");
  const ratio = devicePixelRatio;
  const [shownWidth, shownHeight] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(shownWidth * ratio)) canvas.width = Math.round(shownWidth * ratio);
  if (canvas.height !== Math.round(shownHeight * ratio)) canvas.height = Math.round(shownHeight * ratio);
  const scale = Math.min(shownWidth / width, shownHeight / height);
  const [left, top] = [(shownWidth - width * scale) / 2, (shownHeight - height * scale) / 2];
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, shownWidth, shownHeight);
  context.font = FONT;
  context.textBaseline = "middle";
  context.lineJoin = "round";
  for (const { label, score, box } of rows.toReversed()) {
    const [x1, y1, x2, y2] = box.map((edge, axis) => edge * scale + (axis % 2 ? top : left));
    const colour = COLOURS[label.length % COLOURS.length];
    for (const [style, line] of [["rgba(0, 0, 0, 0.65)", 4], [colour, 2]]) {
      context.strokeStyle = style;
      context.lineWidth = line;
      context.strokeRect(x1, y1, x2 - x1, y2 - y1);
    }
    const caption = `${label} ${Math.round(score * 100)} %`;
    context.fillStyle = colour;
    context.fillRect(x1, Math.max(0, y1 - 22), context.measureText(caption).width + 14, 22);
    context.fillStyle = "#000";
    context.fillText(caption, x1 + 7, Math.max(0, y1 - 22) + 11.5);
  }
}
