// Reading: the frames of a video file, one after another and none left out.

import { BlobSource, EncodedPacketSink, Input, MATROSKA, MP4, QTFF, VideoSampleSink, WEBM } from "mediabunny";

export const FORMATS = [MP4, QTFF, WEBM, MATROSKA];
const SOME = 100; // packets whose times tell about how many there are in a file that has no table of them

// WebKitGTK says "unspecified" where the standard has null, which mediabunny takes for an error in every frame.
if (typeof VideoColorSpace === "function") {
  for (const name of ["primaries", "transfer", "matrix"]) {
    const { get } = Object.getOwnPropertyDescriptor(VideoColorSpace.prototype, name);
    const named = function () {
      const value = get.call(this);
      return value === "unspecified" ? null : value;
    };
    Object.defineProperty(VideoColorSpace.prototype, name, { get: named, configurable: true });
  }
}

// file: a File or Blob. Returns a Reader; null if it is in no format that is known here, or has no picture.
export async function open(file) {
  const input = new Input({ source: new BlobSource(file), formats: FORMATS });
  try {
    const track = (await input.canRead()) ? await input.getPrimaryVideoTrack() : null;
    if (track) return await Reader.of(input, track, file);
  } catch (error) {
    input.dispose();
    throw error;
  }
  input.dispose();
  return null;
}

class Reader {
  static async of(input, track, file) {
    const reader = new Reader();
    reader.input = input;
    reader.track = coloured(track);
    reader.width = await track.getDisplayWidth(); // upright, in square pixels
    reader.height = await track.getDisplayHeight();
    // Whether this browser decodes it, so that `samples` can be used; `times` always can.
    reader.decodes = typeof VideoDecoder === "function" && (await track.canDecode());
    const format = await input.getFormat();
    reader.listed = format === MP4 || format === QTFF; // whether the file has a table of its frames
    reader.cut = await (reader.listed ? boxIsCut(file) : segmentIsCut(file)); // whether it ends before it should
    return reader;
  }

  // Seconds from the beginning of the video to the end of the last frame, as the file says; of a file that does not
  // say it, read from its end: to the beginning of the last frame where it does not say how long that shows.
  async duration() {
    return (await this.track.getDurationFromMetadata()) ?? (await this.track.computeDuration());
  }

  // About how many frames there are; exact where the file has a table of them or they are fewer than `SOME`.
  async count() {
    if (this.listed) return (await this.track.computePacketStats()).packetCount;
    const { packetCount, averagePacketRate } = await this.track.computePacketStats(SOME);
    if (packetCount < SOME) return packetCount;
    return Math.round(averagePacketRate * (await this.duration()));
  }

  // When the first frame that is shown begins, in seconds. Nothing is decoded.
  first() {
    return firstShown(this.track);
  }

  // The frames from that at `start` seconds on, as `next()` of an iterator gives them: {value: VideoSample, done}.
  // Each sample has `timestamp` and `duration` in seconds and must be closed; `frameOf` is what to draw.
  async *samples(start = 0) {
    for await (const sample of new VideoSampleSink(this.track).samples(start)) {
      // The frame that reaches into the beginning which an edit list sets: video elements do not show it.
      if (sample.timestamp < 0) sample.close();
      else yield sample;
    }
  }

  // The times of all frames in seconds, in order. Nothing is decoded.
  async times() {
    const times = [];
    const packets = new EncodedPacketSink(this.track).packets(undefined, undefined, { metadataOnly: true });
    for await (const { timestamp } of packets) if (timestamp >= 0) times.push(timestamp);
    return Float64Array.from(times).sort();
  }

  close() {
    this.input.dispose();
  }
}

const HIGH = 720; // lines from which a video that names no colours has those of high definition

// Returns the track, which decodes colours as video elements do where the file names none: by its size. mediabunny
// takes those of high definition for all.
function coloured(track) {
  const named = track.getDecoderConfig.bind(track);
  track.getDecoderConfig = async () => {
    const config = await named();
    if (!config || config.colorSpace?.matrix || config.codedHeight >= HIGH) return config;
    const { primaries, transfer, fullRange } = config.colorSpace ?? {};
    const colorSpace = {
      primaries: primaries ?? "smpte170m",
      transfer: transfer ?? "smpte170m",
      matrix: "smpte170m",
      fullRange: fullRange ?? false,
    };
    return { ...config, colorSpace };
  };
  return track;
}

const REORDERED = 32; // packets after which none can be of an earlier frame

// When the first frame of a track that is shown begins, in seconds on the clock of the file: a file may begin late.
export async function firstShown(track) {
  const sink = new EncodedPacketSink(track);
  const begin = (await sink.getKeyPacket(0, { metadataOnly: true })) ?? undefined;
  let first = Infinity;
  let more = REORDERED;
  for await (const { timestamp } of sink.packets(begin, undefined, { metadataOnly: true })) {
    if (timestamp >= 0) first = Math.min(first, timestamp);
    if (first !== Infinity && more-- === 0) break;
  }
  return first === Infinity ? 0 : first;
}

const HEAD_BYTES = 4096;
const SEGMENT = [0x18, 0x53, 0x80, 0x67]; // the element of Matroska and WebM that has all that is played

// Whether a Matroska or WebM file is shorter than its segment, as one is whose download broke off.
async function segmentIsCut(file) {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const at = head.findIndex((_, start) => SEGMENT.every((byte, index) => head[start + index] === byte));
  const begin = at + SEGMENT.length;
  if (at < 0 || begin >= head.length || !head[begin]) return false;
  // The size: as many leading zeros as bytes follow, then a one, then the number; all ones if not known.
  const bytes = Math.clz32(head[begin]) - 24 + 1;
  let size = head[begin] & ((1 << (8 - bytes)) - 1);
  for (let index = 1; index < bytes; index++) size = size * 256 + head[begin + index];
  return size !== 2 ** (7 * bytes) - 1 && begin + bytes + size > file.size;
}

// Whether the last box of an MP4 or QuickTime file should be longer. Files that are recorded have one for each few
// frames.
async function boxIsCut(file) {
  let at = 0;
  while (at < file.size) {
    const head = new DataView(await file.slice(at, at + 16).arrayBuffer());
    if (head.byteLength < 8) return false;
    let size = head.getUint32(0);
    if (size === 1) size = head.byteLength < 16 ? Infinity : Number(head.getBigUint64(8));
    if (size < 8) return false; // 0: to the end of the file
    at += size;
  }
  return at > file.size;
}

// Returns the VideoFrame of a sample: upright, in square pixels. It must be closed.
export function frameOf(sample) {
  const { displayWidth, displayHeight, rotation, flip, pixelAspectRatio } = sample;
  if (!rotation && !flip && pixelAspectRatio.num === pixelAspectRatio.den) return sample.toVideoFrame();
  const canvas = new OffscreenCanvas(displayWidth, displayHeight);
  sample.draw(canvas.getContext("2d", { alpha: false }), 0, 0, displayWidth, displayHeight);
  return new VideoFrame(canvas, { timestamp: sample.microsecondTimestamp });
}
