// Resolves to null if a promise takes longer than this.
export const withTimeout = (promise, milliseconds) =>
  Promise.race([promise, new Promise((resolve) => setTimeout(resolve, milliseconds, null))]);
