// The prepare thread, but each ends itself at its second task of crops.
import { openDocument, preparePage, prepareCrops as prepareRealCrops } from '../../dist/pool/prepare/prepare-worker.js';

export { openDocument, preparePage };

let taskCount = 0;

export function prepareCrops(call) {
  taskCount++;
  if (taskCount === 2) process.exit(3);
  return prepareRealCrops(call);
}
