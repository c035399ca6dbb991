import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildCudaVisionGraph } from '../../../../models/compile/cuda/cuda-vision-graph.js';
import { ExternalDataFile } from '../../../../models/compile/external-data.js';
import { createFloatLinear } from '../../../../models/compile/linear.js';
import { modelProto } from '../../../../models/compile/onnx-schema.js';
import { writeModel } from '../../../../models/compile/onnx-writer.js';
import { ReaderWeights } from '../../../../models/compile/reader-weights.js';
import { buildVisionGraph } from '../../../../models/compile/vision-graph.js';
import { openWeights } from '../../../../models/compile/weights-files.js';
import { createCudaVisionInputs } from '../../../../models/generation/cuda-vision-inputs.js';
import { createVisionInputs } from '../../../../models/generation/vision-inputs.js';
import { type ModelFolder, openModel } from '../../../../models/open-model.js';
import { openSession } from '../../../../pool/engine/session.js';
import { loadPocketSamples, pocketDir } from '../../../support/pocket-samples.js';

const cpu = { device: { kind: 'cpu' }, threadCount: 1 } as const;
let folder: string;
let model: ModelFolder;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quire-vision-'));
  model = await openModel(pocketDir);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface PlainNode {
  readonly opType: string;
  readonly output: readonly string[];
  readonly attribute: readonly { readonly name: string; readonly g: PlainGraph }[];
}
interface PlainGraph {
  readonly node: readonly PlainNode[];
  readonly output: readonly { readonly name: string }[];
}

/** The CPU has no kernel for packed attention: the branch of batches takes the place of the choice. */
function keepBatchedBranch(path: string): void {
  const plain = modelProto.decode(readFileSync(path)) as unknown as { graph: PlainGraph };
  const node = plain.graph.node.flatMap((one): object[] => {
    if (one.opType !== 'If') return [one];
    const branch = one.attribute.find(({ name }) => name === 'then_branch') as PlainNode['attribute'][number];
    const rename = { opType: 'Identity', name: 'chosen', input: [branch.g.output[0].name], output: one.output };
    return [...branch.g.node, rename];
  });
  writeFileSync(path, modelProto.encode({ ...plain, graph: { ...plain.graph, node } }).finish());
}

it('gives the embeddings of the plain graph, with halves paired and biases carried', async () => {
  const samples = await loadPocketSamples(model);
  const reader = openWeights(model.dir);
  const weights = new ReaderWeights(reader);
  const linear = createFloatLinear(weights);
  const { vision, text } = model.reader;
  const parts = {
    config: vision,
    processor: model.imageProcessor,
    textHiddenSize: text.hiddenSize,
    weights,
    linear,
    patchLinear: linear,
  };
  const data = new ExternalDataFile(join(folder, 'vision.data'));
  writeModel(join(folder, 'plain.onnx'), buildVisionGraph({ ...parts, isSeparate: false }), data);
  writeModel(join(folder, 'cuda.onnx'), buildCudaVisionGraph(parts), data);
  data.close(true);
  reader.close();
  keepBatchedBranch(join(folder, 'cuda.onnx'));

  const align = model.manifest.visionPositionAlign;
  const plain = await openSession(join(folder, 'plain.onnx'), cpu);
  const cuda = await openSession(join(folder, 'cuda.onnx'), cpu);
  for (const { patches } of [samples[0], samples[8]]) {
    const expected = await plain.run({ ...createVisionInputs([patches], vision, align) });
    const inputs = createCudaVisionInputs([patches, patches], vision, align, true);
    const wanted = Object.fromEntries(Object.entries(inputs).filter(([name]) => cuda.inputNames.includes(name)));
    const got = await cuda.run(wanted);
    const [one, both] = [expected.image_embeds.data as Float32Array, got.image_embeds.data as Float32Array];
    expect(both.length).toBe(2 * one.length);
    let largest = 0;
    let difference = 0;
    one.forEach((value, place) => {
      largest = Math.max(largest, Math.abs(value));
      for (const copy of [both[place], both[one.length + place]]) {
        difference = Math.max(difference, Math.abs(copy - value));
      }
    });
    expect(difference / largest).toBeLessThan(1e-4);
  }
  await plain.close();
  await cuda.close();
});
