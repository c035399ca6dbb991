import { embedKvPool } from '../../dist/models/index.js';
import { openNativeGraphs } from '../../dist/pool/engine/cuda/native/open-native-graphs.js';
import { PagedGraphs } from '../../dist/pool/engine/cuda/paged-graphs.js';
import { openSession } from '../../dist/pool/engine/session.js';

/** The graphs of a reader on a CUDA device, through the C API or the Node addon. */
export async function openCudaGraphs({ model, graphs, device, door, blockCount, wideFrom }) {
  if (door === 'c-api') return openNativeGraphs({ device, threadCount: 1, graphs, model, blockCount, wideFrom });
  const options = { device: { kind: 'cuda', index: device }, threadCount: 1 };
  const sessions = {
    vision: await openSession(graphs.vision, options),
    decoder: await openSession(embedKvPool(graphs.decode, model.reader.text, blockCount), options),
  };
  return new PagedGraphs(sessions, model);
}
