// Shared by the pages' scripts: elements, addresses, and what the build wrote into the page.

export const element = (id) => document.getElementById(id);
export const absolute = (url) => new URL(url, location.href).href;
export const build = JSON.parse(element("obscura-build").textContent);
export const mark = (name) => performance.mark(`obscura:${name}`); // bench/start.py reads these
