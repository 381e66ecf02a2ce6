// What PyScript takes for Pyodide's own module. assets/boot/python.js has begun to load Pyodide, without waiting for
// PyScript to arrive, read its configuration and ask.

const { python } = globalThis.obscura.boot;

export const { version } = await python.module;
export const loadPyodide = () => python.ready;
