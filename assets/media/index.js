// Video files, read frame by frame with mediabunny and WebCodecs. Fetched when a person first asks for that.

export * from "./read.js";
