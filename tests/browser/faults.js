// Runs in an engine's worker before the product's script, in tests alone. It wraps what the platform
// gives to workers, so that it fails as FAULTS says (see faults.py); the product's script stays as it is.
{
  const faults = FAULTS;
  const answer = self.postMessage.bind(self);
  const doomed = new Map(); // the ids of calls that will fail: why
  let threads = 1;
  let resident = false;
  let runs = 0;

  const applies = () => !faults.threaded || threads > 1;

  // Before the product's own listener.
  self.addEventListener("message", (event) => {
    const { id, call, ...rest } = event.data ?? {};
    if (faults.silent) return event.stopImmediatePropagation();
    if (faults.refusal) {
      event.stopImmediatePropagation();
      return answer({ id, error: faults.refusal });
    }
    threads = rest.threads ?? threads;
    if (rest.gpu) resident = true;
    if (call !== "run") return;
    runs += 1;
    if (faults.runs !== undefined && runs > faults.runs && applies()) doomed.set(id, faults.death);
  });

  self.postMessage = (message, ...rest) => {
    if (doomed.has(message.id)) return answer({ id: message.id, error: doomed.get(message.id) });
    if (faults.halved && applies()) {
      for (const { name, bytes } of message.outputs ?? []) {
        if (name !== faults.halved) continue;
        const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
        values.forEach((value, index) => { values[index] = value / 2; });
      }
    }
    return answer(message, ...rest);
  };

  if (faults.pages !== undefined) {
    const Memory = WebAssembly.Memory;
    WebAssembly.Memory = function ({ initial, ...more }) {
      return new Memory({ ...more, initial, maximum: initial + faults.pages });
    };
  }

  // On a GPU, only where pictures and answers stay there.
  if (faults.zeros) {
    const { getMappedRange } = GPUBuffer.prototype;
    GPUBuffer.prototype.getMappedRange = function (...range) {
      const reads = this.usage & GPUBufferUsage.MAP_READ;
      return resident && reads ? new ArrayBuffer(this.size) : getMappedRange.apply(this, range);
    };
  }
  if (faults.stale) {
    for (const name of ["dispatchWorkgroups", "dispatchWorkgroupsIndirect"]) {
      const dispatch = GPUComputePassEncoder.prototype[name];
      GPUComputePassEncoder.prototype[name] = function (...sizes) {
        if (!resident || runs === 0) dispatch.apply(this, sizes);
      };
    }
  }
}
