// Reading: the frames of a video file, one after another and none left out.

import { BlobSource, Input, MATROSKA, MP4, QTFF, VideoSampleSink, WEBM } from "mediabunny";

export const FORMATS = [MP4, QTFF, WEBM, MATROSKA];

// file: a File or Blob. Returns a Reader; null if it is in no format that is known here, has no picture, or this
// browser does not decode that.
export async function open(file) {
  const input = new Input({ source: new BlobSource(file), formats: FORMATS });
  const track = (await input.canRead()) ? await input.getPrimaryVideoTrack() : null;
  if (track && (await track.canDecode())) return Reader.of(input, track);
  input.dispose();
  return null;
}

class Reader {
  static async of(input, track) {
    const reader = new Reader();
    reader.input = input;
    reader.track = track;
    reader.width = await track.getDisplayWidth(); // upright, in square pixels
    reader.height = await track.getDisplayHeight();
    return reader;
  }

  // Seconds from the first frame's time to the end of the last one; reads the whole table of a file without one.
  async duration() {
    return (await this.track.computeDuration()) - (await this.track.getFirstTimestamp());
  }

  // The frames from `start` seconds on, as `next()` of an iterator gives them: {value: VideoSample, done}. Each
  // sample has `timestamp` in seconds and must be closed; `draw(context, x, y, width, height)` turns it upright.
  async *samples(start = 0) {
    for await (const sample of new VideoSampleSink(this.track).samples(start)) {
      // The frame that reaches into the beginning which an edit list sets: video elements do not show it.
      if (sample.timestamp < 0) sample.close();
      else yield sample;
    }
  }

  close() {
    this.input.dispose();
  }
}
