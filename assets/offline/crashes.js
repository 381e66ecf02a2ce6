// Visits that crashed, counted. A visit stores a note when it begins, and removes it when it has been
// stable for a while, is hidden or is left. If a later visit finds a note whose visit no longer exists,
// because its lock is free, then that visit ended without a word: for lack of memory, by a driver's
// fault, or because the browser was ended, which writes nothing either. What tells them apart is the
// tab: one that crashed is still there and is reloaded, so only a reload of the same tab is counted.
// A browser that restores its tabs when it starts navigates them, and brings sessionStorage back.
// Each visit has a note of its own, because tabs may be processes that see late what others write.

const NOTE = "obscura.visit "; // and more: a name, which is also that of its lock
const COUNT = "obscura.died"; // how many crashed in a row
const HERE = "obscura.here"; // of this tab alone: the note of its last visit
export const STABLE_MS = 6000;

// Resolves to how many visits in a row have crashed.
async function beginVisit() {
  const { locks } = navigator;
  if (!locks || sessionStorage.getItem("obscura.deleted")) return 0; // see page/browser/storage.py
  let count = Number(localStorage.getItem(COUNT)) || 0;
  const notes = Object.keys(localStorage).filter((key) => key.startsWith(NOTE));
  if (notes.length) {
    const alive = new Set((await locks.query()).held.map(({ name }) => name));
    const ended = notes.filter((note) => !alive.has(note));
    ended.forEach((note) => localStorage.removeItem(note));
    const reloaded = performance.getEntriesByType("navigation")[0]?.type === "reload";
    if (reloaded && ended.includes(sessionStorage.getItem(HERE))) localStorage.setItem(COUNT, ++count);
  }
  const visit = `${NOTE}${performance.timeOrigin} ${Math.random()}`;
  sessionStorage.setItem(HERE, visit);
  const whileNoted = () =>
    new Promise((release) => {
      localStorage.setItem(visit, "");
      removeNote = (stable) => {
        localStorage.removeItem(visit);
        if (stable) localStorage.removeItem(COUNT);
        release();
      };
    });
  locks.request(visit, whileNoted).catch(() => {}); // where nothing more can be stored, it is not noted
  return count;
}

let removeNote = () => {};

// The visit can no longer crash unseen; if it was `stable`, earlier crashes no longer count.
export const endVisit = (stable) => removeNote(stable);

// While Python starts, the thread is busy at times, and browsers wait less long for "pagehide".
for (const leaving of ["beforeunload", "pagehide"]) addEventListener(leaving, () => endVisit(false));
document.addEventListener("visibilitychange", () => document.hidden && endVisit(false));

export const crashes = beginVisit().catch(() => 0);

export function resetCrashCount() {
  endVisit(true);
  localStorage.removeItem(COUNT);
}
