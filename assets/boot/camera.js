// Refusals become plain values: an OverconstrainedError is not an Error in Chromium, and Pyodide, which
// cannot raise what is not one, would leave its caller waiting for ever.
export const askForCamera = (constraints) =>
  navigator.mediaDevices.getUserMedia(constraints).then(
    (stream) => ({ stream }),
    ({ name, message }) => ({ stream: null, name, message }),
  );

// The same for a screen, window or tab. This page in itself would show itself in itself.
export const askForScreen = () =>
  navigator.mediaDevices
    .getDisplayMedia({ video: true, audio: false, selfBrowserSurface: "exclude", surfaceSwitching: "include" })
    .then(
      (stream) => ({ stream }),
      ({ name, message }) => ({ stream: null, name, message }),
    );

// Resolves to whether a running camera's track has taken on another size: it runs on if it has not.
export const setResolution = (track, size) =>
  track.applyConstraints(size).then(
    () => true,
    () => false,
  );
