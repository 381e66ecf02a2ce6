// The policy in the page forbids turning strings into markup, scripts or workers. This allows workers
// of this site. Browsers without Trusted Types ignore both.
globalThis.trustedTypes?.createPolicy("default", {
  createScriptURL: (url) => (new URL(url, location.href).origin === location.origin ? url : null),
});
