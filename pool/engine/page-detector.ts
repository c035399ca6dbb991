import { type DetectorOutputs, type DetectorPixels, type PageSize, runDetector } from '#models';
import { RecordingLock } from './cuda/native/recording-lock.js';
import type { EngineSetup } from './engine-setup.js';
import { openSession } from './session.js';

/** The layout detector as a shard is told of it. */
export interface DetectorSetup {
  /** Compiled graph: the same for every kind of device. */
  readonly graphPath: string;
  /** Of its input. */
  readonly size: PageSize;
}

/** The layout detector on the device of a shard, beside its engine and in the same thread. */
export interface PageDetector {
  /** Not while another call or a step of the engine runs. */
  detect(page: DetectorPixels): Promise<DetectorOutputs>;
  close(): Promise<void>;
}

/** Opens the detector and runs it once, as the first run chooses kernels. Rejects with the runtime's error. */
export async function openPageDetector(
  { graphPath, size }: DetectorSetup,
  { target, threadCount, recordingGate }: Pick<EngineSetup, 'target' | 'threadCount' | 'recordingGate'>,
): Promise<PageDetector> {
  const lock = recordingGate && new RecordingLock(recordingGate);
  const undisturbing = <T>(run: () => Promise<T>): Promise<T> => (lock ? lock.workUntilSettled(run) : run());
  const session = await undisturbing(() => openSession(graphPath, { device: target, threadCount }));
  const detector: PageDetector = {
    detect: (page) => undisturbing(() => runDetector(session, page)),
    close: () => undisturbing(() => session.close()),
  };
  try {
    await detector.detect({ ...size, pixels: new Uint8Array(3 * size.height * size.width) });
  } catch (error) {
    await detector.close().catch(() => {});
    throw error;
  }
  return detector;
}
