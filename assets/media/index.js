// Video files, read frame by frame and written with mediabunny and WebCodecs. Fetched when a person first asks for
// that.

export { frameOf, open } from "./read.js";
export * from "./write.js";
