// Writing: video files from a canvas, into a file on the device as they come, never whole in memory.

import {
  BlobSource,
  canEncodeVideo,
  CanvasSource,
  EncodedAudioPacketSource,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  getFirstEncodableAudioCodec,
  Input,
  MediaStreamAudioTrackSource,
  Mp4OutputFormat,
  Output,
  Quality,
  StreamTarget,
  WEBM,
  WebMOutputFormat,
} from "mediabunny";
import { FORMATS, firstShown } from "./read.js";

const WAITING = 8; // writes that may wait for the disk before the encoder waits too
const SEGMENT_BYTES = 1 << 20; // in which files in memory grow
const TURN_MS = 30; // how long packets are copied before the page gets its turn
const FRAME_S = 1 / 30; // how long a frame shows if neither its file nor a frame before it says so
const LONGEST_S = 1; // for which the last frame shows if its file does not say it

// A file in the private file system of this site, which a worker writes (assets/disk.js).
export class DiskFile {
  // worker: address of assets/disk.js. An existing file is emptied.
  static async open(worker, folder, name) {
    const file = new DiskFile();
    file.size = 0;
    file.waiting = new Map();
    file.worker = new Worker(worker, { type: "module", name: "disk" });
    file.worker.onmessage = ({ data: { id, error } }) => file.answer(id, error);
    file.worker.onerror = () => {
      for (const id of file.waiting.keys()) file.answer(id, { name: "Error", message: "the disk worker ended" });
    };
    try {
      await file.call({ call: "open", folder, name });
    } catch (error) {
      file.worker.terminate();
      throw error;
    }
    return file;
  }

  answer(id, error) {
    const [resolve, reject] = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) reject(new DOMException(error.message, error.name));
    else resolve();
  }

  call(message, transfer = []) {
    const id = (this.last = (this.last ?? 0) + 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, [resolve, reject]);
      this.worker.postMessage({ id, ...message }, transfer);
    });
  }

  // What mediabunny writes to.
  writable() {
    const write = async ({ data, position }) => {
      const own = data.slice(); // it may be a part of a larger buffer
      await this.call({ call: "write", data: own, position }, [own.buffer]);
      this.size = Math.max(this.size, position + data.length);
    };
    return new WritableStream({ write }, new CountQueuingStrategy({ highWaterMark: WAITING }));
  }

  async close() {
    if (this.closed) return;
    this.closed = true;
    try {
      await this.call({ call: "close" });
    } finally {
      this.worker.terminate();
    }
  }
}

// A file in memory, where the browser stores none for this site, as in private windows.
export class MemoryFile {
  constructor() {
    this.size = 0;
    this.segments = [];
    this.closed = false;
  }

  // As `DiskFile.writable`.
  writable() {
    return new WritableStream({ write: ({ data, position }) => this.write(data, position) });
  }

  write(data, position) {
    for (let done = 0; done < data.length; ) {
      const start = (position + done) % SEGMENT_BYTES;
      const index = (position + done - start) / SEGMENT_BYTES;
      while (this.segments.length <= index) this.segments.push(new Uint8Array(SEGMENT_BYTES));
      const part = data.subarray(done, done + SEGMENT_BYTES - start);
      this.segments[index].set(part, start);
      done += part.length;
    }
    this.size = Math.max(this.size, position + data.length);
  }

  blob(type) {
    const last = this.size - SEGMENT_BYTES * (this.segments.length - 1);
    const parts = this.segments.map((each, index) => (this.segments[index + 1] ? each : each.subarray(0, last)));
    return new Blob(parts, { type });
  }

  async close() {
    this.closed = true;
  }
}

// whole: false for a file that can be read however far it was written.
function formatOf(container, whole) {
  if (container === "mp4") {
    return new Mp4OutputFormat({ fastStart: whole ? false : "fragmented", minimumFragmentDuration: 1 });
  }
  return new WebMOutputFormat({ appendOnly: !whole, minimumClusterDuration: 1 });
}

// The first of these codecs in which pictures of this size can be encoded; null for none. They are tried one at a
// time, because a browser has crashed when it was asked about many at once.
export async function firstCodec(codecs, width, height) {
  if (!globalThis.VideoEncoder) return null;
  for (const codec of codecs) {
    if (await canEncodeVideo(codec, { width, height, quality: new Quality("high") })) return codec;
  }
  return null;
}

// Encodes what is on a canvas into a file that can be read however far it was written.
export class Recording {
  // live: whether pictures come at their own pace. sound: a Sound or Microphone, or null.
  static async start(canvas, file, container, codec, live, sound) {
    const recording = new Recording();
    recording.output = new Output({
      format: formatOf(container, false),
      target: new StreamTarget(file.writable()),
    });
    recording.video = new CanvasSource(canvas, {
      codec,
      quality: new Quality("high"),
      keyFrameInterval: 1, // a fragment begins with one
      latencyMode: live ? "realtime" : "quality",
    });
    recording.output.addVideoTrack(recording.video);
    recording.sound = sound?.fits(recording.output.format) ? sound : null;
    if (recording.sound) recording.output.addAudioTrack(recording.sound.source);
    await recording.output.start();
    return recording;
  }

  // Adds what is on the canvas now; times in seconds. Resolves once more can be added.
  async add(time, duration) {
    await this.video.add(time, duration);
    await this.sound?.copyUntil(time + duration);
  }

  // complete: whether all pictures are there, so that all of the sound is to be, too.
  async finish(complete) {
    if (complete) await this.sound?.copyAll();
    await this.output.finalize();
  }

  cancel() {
    return this.output.cancel();
  }
}

// The sound of a file, copied packet by packet.
export class Sound {
  // file: a File or Blob. Returns null if it has no sound.
  static async open(file) {
    const input = new Input({ source: new BlobSource(file), formats: FORMATS });
    const track = (await input.canRead()) ? await input.getPrimaryAudioTrack() : null;
    const sound = track && (await Sound.of(track, untilDamaged(new EncodedPacketSink(track))));
    if (!sound) input.dispose();
    else {
      sound.input = input;
      const pictures = await input.getPrimaryVideoTrack();
      sound.first = pictures ? await firstShown(pictures) : 0; // when the first frame begins
    }
    return sound;
  }

  // packets: those of the track. Seconds of its time that become 0 are in `start`.
  static async of(track, packets) {
    const sound = new Sound();
    sound.codec = await track.getCodec();
    if (!sound.codec) return null;
    sound.start = 0;
    sound.end = 0; // when what was copied ends
    sound.source = new EncodedAudioPacketSource(sound.codec);
    sound.meta = { decoderConfig: await track.getDecoderConfig() };
    sound.packets = packets;
    sound.next = await packets.next();
    return sound;
  }

  close() {
    this.input.dispose();
  }

  fits(format) {
    return format.getSupportedAudioCodecs().includes(this.codec);
  }

  // As `copyUntil`; of what a recording shows, nothing is left out at its end.
  copyAll() {
    return this.copyUntil(Infinity);
  }

  async copyUntil(seconds) {
    while (!this.next.done && this.next.value.timestamp - this.start <= seconds) {
      const packet = this.next.value;
      const timestamp = packet.timestamp - this.start;
      if (timestamp >= 0) {
        await this.source.add(packet.clone({ timestamp }), this.meta);
        this.end = timestamp + packet.duration;
      }
      this.next = await this.packets.next();
    }
  }
}

// What a microphone hears, encoded as it comes.
export class Microphone {
  // Asks for permission. Throws what the browser does if it is refused or there is none; returns null if this browser
  // encodes no sound that the container can have.
  static async open(container) {
    const codec = await getFirstEncodableAudioCodec(container === "mp4" ? ["aac", "opus"] : ["opus"]);
    if (!codec) return null;
    const microphone = new Microphone();
    microphone.stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const [track] = microphone.stream.getAudioTracks();
    microphone.source = new MediaStreamAudioTrackSource(
      track,
      { codec, quality: new Quality("high") },
      { timestampBase: "zero" },
    );
    const ended = () => microphone.source.close(); // else the pictures would wait for it
    microphone.source.errorPromise.catch(ended);
    track.onended = ended;
    microphone.source.pause();
    return microphone;
  }

  // The first picture shows now; what was heard before it is left out.
  begin() {
    this.source.resume();
  }

  fits() {
    return true;
  }

  copyUntil() {}

  copyAll() {}

  close() {
    for (const track of this.stream.getTracks()) track.stop();
  }
}

// Copies a file that was written as it came, maybe cut off, into a plain one that can be sought in, without encoding
// anything again. `progress(share)` is called now and then; `sound`, a Sound or null, is added as far as the pictures go.
// Resolves to the seconds copied; 0 if nothing can be read.
export async function makeWhole(blob, file, progress, added) {
  const input = new Input({ source: new BlobSource(blob), formats: FORMATS });
  try {
    const track = (await input.canRead()) ? await input.getPrimaryVideoTrack() : null;
    if (!track) return 0;
    return await copyTracks(input, track, blob, file, added, progress);
  } finally {
    input.dispose();
  }
}

async function copyTracks(input, track, blob, file, added, progress) {
  const container = (await input.getFormat()) === WEBM ? "webm" : "mp4";
  const output = new Output({ format: formatOf(container, true), target: new StreamTarget(file.writable()) });
  const video = new EncodedVideoPacketSource(await track.getCodec());
  output.addVideoTrack(video);
  const heard = await input.getPrimaryAudioTrack();
  const own = heard && (await Sound.of(heard, readable(new EncodedPacketSink(heard), blob)));
  const sound = heard ? own : added?.fits(output.format) ? added : null;
  if (sound) output.addAudioTrack(sound.source);
  await output.start();
  const meta = { decoderConfig: await track.getDecoderConfig() };
  let end = 0;
  let read = 0;
  let turn = performance.now();
  for await (const packet of lasting(readable(new EncodedPacketSink(track), blob))) {
    await video.add(packet, meta);
    end = Math.max(end, packet.timestamp + packet.duration);
    await sound?.copyUntil(end);
    read += packet.byteLength;
    if (performance.now() - turn < TURN_MS) continue;
    progress(Math.min(read / blob.size, 1));
    await new Promise((resolve) => setTimeout(resolve));
    turn = performance.now();
  }
  video.close();
  await own?.copyAll(); // it may go on while the last frame shows
  await output.finalize();
  return end && Math.max(end, own?.end ?? 0);
}

// The packets of a recording until one cannot be read: the file was cut off within it. None is read before it is asked
// for: `EncodedPacketSink.packets` reads ahead, and where that fails, what it has read is lost. options: as of there.
async function* readable(sink, blob, options) {
  try {
    let packet = await sink.getFirstPacket(options);
    for (; packet; packet = await sink.getNextPacket(packet, options)) yield packet;
  } catch (error) {
    await brokenOff(error, blob);
  }
}

// The packets of a file that may be damaged, until one cannot be read. Throws if not even the first can.
async function* untilDamaged(sink) {
  let packet = await sink.getFirstPacket();
  for (; packet; packet = await sink.getNextPacket(packet).catch(() => null)) yield packet;
}

// The packets, the last with a duration: WebM says of a frame only when it begins. The last frame shows for as long as
// the one before it did, at most for `LONGEST_S`, as `Timeline` has it (page/features/record/timeline.py).
async function* lasting(packets) {
  let duration = FRAME_S;
  let last = null;
  for await (const packet of packets) {
    if (last) {
      const apart = packet.timestamp - last.timestamp;
      if (apart > 0) duration = Math.min(apart, LONGEST_S);
      yield last;
    }
    last = packet;
  }
  if (last) yield last.duration > 0 ? last : last.clone({ duration });
}

// Keeps what other tabs claim by this name from them. Resolves to a function that ends this, and resolves once it has;
// null if another tab has claimed it.
export function claim(name) {
  return new Promise((resolve, reject) => {
    let release;
    const held = (lock) => {
      if (!lock) return resolve(null);
      resolve(() => (release(), ended));
      return new Promise((end) => (release = end));
    };
    const ended = navigator.locks.request(name, { ifAvailable: true }, held);
    ended.catch(reject);
  });
}

// Takes an error for the end of a file that cannot be parsed any further. Throws if it is the device that cannot read it.
async function brokenOff(error, blob) {
  if (error instanceof DOMException) throw error;
  await blob.slice(-1).arrayBuffer(); // browsers differ in how the stream of a file that is gone ends
}

// Seconds that a file lasts, as far as it can be read; 0 if no frame of it can. Throws what the device does.
export async function durationOf(blob) {
  const input = new Input({ source: new BlobSource(blob), formats: FORMATS });
  try {
    const track = (await input.canRead()) ? await input.getPrimaryVideoTrack() : null;
    const sink = track && new EncodedPacketSink(track);
    if (!(await sink?.getFirstPacket())) return 0;
    const known = await input.computeDuration().catch((error) => brokenOff(error, blob));
    return known || (await endOf(readable(sink, blob, { metadataOnly: true }))) || FRAME_S;
  } catch (error) {
    await brokenOff(error, blob);
    return 0;
  } finally {
    input.dispose();
  }
}

// When the last of these packets ends, in seconds.
async function endOf(packets) {
  let end = 0;
  for await (const { timestamp, duration } of packets) end = Math.max(end, timestamp + duration);
  return end;
}
