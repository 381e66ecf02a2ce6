// Errors of the first seconds.

import { messageOf, showNotice } from "../common/notice.js";

export let error = null; // as `obscura.snapshot()` reports it

export function fail(code, details) {
  error = showNotice(code, details);
  if (code !== "no-simd") globalThis.obscuraOffline?.failed(); // a stored file may be damaged
}

export const pythonFailed = ({ reason }) => fail("python", messageOf(reason));
