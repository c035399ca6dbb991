// The simulated engine of fixed speed, with an answer of believable length: lines that come back without text would be
// read again, and the cost of a page would no longer be what its crops say.
import { openModel, openTokenizer } from '../../../dist/models/index.js';
import { openEngine as openSimulated } from '../../support/simulated-engine.mjs';

const canaryId = 0;

export async function openEngine(setup) {
  const engine = await openSimulated(setup);
  const { reader } = setup.model;
  const [letter] = openTokenizer(await openModel(modelDir)).tokenizer.encode('a');
  const cellPatches = reader.vision.mergeSize ** 2;
  const letters = new Map();
  const admit = engine.admit.bind(engine);
  const step = engine.step.bind(engine);
  engine.admit = (crop) => {
    const patches = crop.images.reduce((sum, { gridHeight, gridWidth }) => sum + gridHeight * gridWidth, 0);
    if (crop.id !== canaryId) letters.set(crop.id, Math.max(2, Math.round(patches / cellPatches)));
    admit(crop);
  };
  engine.step = async () => {
    const { events, report } = await step();
    return { events: events.map(withText), report };
  };
  const withText = (event) => {
    if (event.type !== 'finished' || event.id === canaryId) return event;
    const tokenIds = new Array(letters.get(event.id)).fill(letter);
    letters.delete(event.id);
    const reading = { ...event.reading, tokenIds, logprobs: tokenIds.map(() => 0), keepCount: tokenIds.length };
    return { ...event, reading };
  };
  return engine;
}

const modelDir = new URL('../../../models/pocket', import.meta.url).pathname;
