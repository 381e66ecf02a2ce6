// The error card, for errors that Python cannot report because it is not running.

import { build, element } from "./page.js";

// Shows the card of an error code; the wording comes from page/words/notices.py. Returns the error as
// `obscura.snapshot()` reports it.
export function showNotice(code, details) {
  const words = build.notices[code];
  element("notice-title").textContent = words.title;
  element("notice-why").textContent = words.why;
  element("notice-details").textContent = details;
  element("notice-action").textContent = words.action;
  element("notice-action").onclick = () => location.reload(); // once, however often an error is shown
  element("notice-dismiss").hidden = true;
  element("notice").hidden = false;
  element("progress").hidden = true;
  document.body.dataset.state = "error";
  return { code, message: words.title };
}

export const messageOf = (error) => String(error?.stack ?? error);
