// Measures ways to bring a camera's frames to an engine in a worker; see bench/experiments/capture.py.

const SIDE = 300; // COCO-SSD's input
const SIZES = [[640, 480], [1280, 720]];
const wishes = new URLSearchParams(location.search);
const FRAMES = Number(wishes.get("frames"));
const WARM_UP = 5;

const video = document.getElementById("video");
const engine = new Worker("./worker.js");
const helper = new Worker("./worker.js");
const shared = new SharedArrayBuffer(8); // what the helper is to do, and what it has done
helper.postMessage({ help: shared });

const send = (message, transfer = []) =>
  new Promise((resolve) => {
    engine.onmessage = ({ data }) => resolve(data);
    engine.postMessage({ side: SIDE, ...message }, transfer);
  });

const context2d = (options) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
  return canvas.getContext("2d", { alpha: false, ...options });
};
const kept = context2d({ willReadFrequently: true });
const onGpu = context2d({});
let whole = new ArrayBuffer(0); // reused, as copyTo allows

const drawn = (context) => {
  context.drawImage(video, 0, 0, SIDE, SIDE);
  return context.getImageData(0, 0, SIDE, SIDE).data.buffer;
};
const sendPixels = (context) => {
  const pixels = drawn(context);
  return send({ pixels }, [pixels]);
};
const sendFrame = (how) => {
  const frame = new VideoFrame(video);
  return send({ frame, ...how }, [frame]);
};

// Each begins at once and resolves when the worker has the pixels.
const ways = {
  "canvas kept for reading, drawn by the page": () => sendPixels(kept),
  "canvas, drawn by the page": () => sendPixels(onGpu),
  "VideoFrame.copyTo at full size": () => {
    const frame = new VideoFrame(video);
    const size = frame.allocationSize({ format: "RGBA" });
    if (whole.byteLength !== size) whole = new ArrayBuffer(size);
    return frame.copyTo(whole, { format: "RGBA" }).then(async () => {
      frame.close();
      ({ pixels: whole } = await send({ pixels: whole, back: true }, [whole]));
    });
  },
  "createImageBitmap at the network's size, drawn by the worker": () =>
    createImageBitmap(video, { resizeWidth: SIDE, resizeHeight: SIDE })
      .then((frame) => send({ frame }, [frame])),
  "VideoFrame, drawn by the worker": () => sendFrame({}),
  "VideoFrame, copyTo at full size in the worker": () => sendFrame({ whole: true }),
};

const nextFrame = () => new Promise((resolve) => video.requestVideoFrameCallback((_, facts) => resolve(facts)));

async function compareWays() {
  const times = {};
  const failed = {};
  for (let i = 0; i < FRAMES + WARM_UP; i++) {
    for (const [name, way] of Object.entries(ways)) {
      if (failed[name]) continue;
      await nextFrame();
      const begun = performance.now();
      try {
        const arrival = way();
        const page = performance.now() - begun;
        await arrival;
        if (i >= WARM_UP) (times[name] ??= []).push([page, performance.now() - begun]);
      } catch (error) {
        failed[name] = String(error);
      }
    }
  }
  return { times, failed };
}

// The loop's three ways to overlap, with an engine that computes for about `ms` on N threads.
const loops = {
  "drawn by the page when the engine is idle": { overlap: false, take: () => {
    const pixels = drawn(kept);
    return [{ pixels }, [pixels]];
  } },
  "drawn by the page while the engine works": { overlap: true, take: () => {
    const pixels = drawn(kept);
    return [{ pixels }, [pixels]];
  } },
  "VideoFrame when the engine is idle": { overlap: false, take: () => {
    const frame = new VideoFrame(video);
    return [{ frame }, [frame]];
  } },
};

function runLoop({ overlap, take }, work, threads) {
  return new Promise((resolve) => {
    const delays = [];
    let busy = false, running = true, shown = null, taken = null, waiting = null, begun = 0;
    const go = async () => {
      if (busy || !running) return;
      let next = waiting;
      waiting = null;
      if (!next && shown !== taken) next = { at: shown, message: take() };
      if (!next) return;
      busy = true;
      taken = next.at;
      await send({ ...next.message[0], work, threads, shared }, next.message[1]);
      busy = false;
      delays.push(performance.now() - next.at);
      if (delays.length === WARM_UP) begun = performance.now();
      if (delays.length === FRAMES + WARM_UP) {
        running = false;
        resolve({ rate: (FRAMES * 1000) / (performance.now() - begun), delays: delays.slice(WARM_UP) });
      }
      go();
    };
    const offer = (_, facts) => {
      if (!running) return;
      shown = facts.presentationTime;
      if (busy && overlap) waiting = { at: shown, message: take() };
      go();
      video.requestVideoFrameCallback(offer);
    };
    video.requestVideoFrameCallback(offer);
  });
}

async function compareLoops() {
  const results = [];
  for (const threads of [1, 2]) {
    const { work } = await send({ calibrate: Number(wishes.get("ms")) });
    const runs = {};
    for (let round = 0; round < 2; round++) {
      for (const [name, loop] of Object.entries(loops)) {
        (runs[name] ??= []).push(await runLoop(loop, work * threads, threads));
      }
    }
    results.push({ threads, runs });
  }
  return results;
}

async function measure() {
  const sizes = [];
  for (const [width, height] of SIZES) {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width, height } });
    await video.play();
    const size = `${video.videoWidth} × ${video.videoHeight}`;
    sizes.push({ size, ...(await compareWays()), loops: await compareLoops() });
    for (const track of video.srcObject.getTracks()) track.stop();
  }
  return { browser: navigator.userAgent, cores: navigator.hardwareConcurrency, sizes };
}

const report = await measure().catch((error) => ({ error: String(error) }));
await fetch("./result", { method: "POST", body: JSON.stringify(report) });
