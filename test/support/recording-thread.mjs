// Works, at once or in a later turn, and now and then records under the lock, and counts who is there at the same time.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { RecordingLock } from '../../dist/pool/engine/cuda/native/recording-lock.js';

const { counters, seed, gate } = workerData;
const [working, recording, mostAtOnce, recorded, violations] = [0, 1, 2, 3, 4];
const lock = new RecordingLock(gate);
const nap = new Int32Array(new SharedArrayBuffer(4));
const rest = (ms) => Atomics.wait(nap, 0, 0, ms);
for (let turn = 0; turn < 50; turn++) {
  if (turn % 10 === seed) {
    lock.record(() => {
      if (Atomics.add(counters, recording, 1) > 0 || Atomics.load(counters, working) > 0) {
        Atomics.add(counters, violations, 1);
      }
      rest(2);
      if (Atomics.load(counters, working) > 0) Atomics.add(counters, violations, 1);
      Atomics.add(counters, recorded, 1);
      Atomics.sub(counters, recording, 1);
    });
  }
  if (turn % 2 === 0) lock.work(work);
  else await lock.workUntilSettled(() => nextTurn().then(work));
}

function work() {
  const now = Atomics.add(counters, working, 1) + 1;
  if (now > Atomics.load(counters, mostAtOnce)) Atomics.store(counters, mostAtOnce, now);
  if (Atomics.load(counters, recording) > 0) Atomics.add(counters, violations, 1);
  rest(1);
  Atomics.sub(counters, working, 1);
}
