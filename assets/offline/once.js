// Things that a tab does once, so that a reload that did not help is never repeated.

// True the first time in this tab, until it is `reset`; never where that cannot be remembered.
export function firstTime(what) {
  try {
    const first = sessionStorage.getItem(`obscura.${what}`) === null;
    sessionStorage.setItem(`obscura.${what}`, "1");
    return first && sessionStorage.getItem(`obscura.${what}`) !== null;
  } catch {
    return false;
  }
}

export function reset(what) {
  try {
    sessionStorage.removeItem(`obscura.${what}`);
  } catch {
    // then nothing was remembered
  }
}
