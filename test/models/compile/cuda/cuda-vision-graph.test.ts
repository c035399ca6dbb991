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

/** The CPU has no kernel for packed attention: a branch of batches takes the place of the choices. */
function keepBranch(path: string, target: string, isPadded: boolean): void {
  const plain = modelProto.decode(readFileSync(path)) as unknown as { graph: PlainGraph };
  const chosen = (nodes: readonly PlainNode[], [kept, ...inner]: string[]): object[] =>
    nodes.flatMap((one): object[] => {
      if (one.opType !== 'If') return [one];
      const branch = one.attribute.find(({ name }) => name === kept) as PlainNode['attribute'][number];
      const rename = { opType: 'Identity', name: `kept-${inner.length}`, input: [branch.g.output[0].name] };
      return [...chosen(branch.g.node, inner), { ...rename, output: one.output }];
    });
  const node = chosen(plain.graph.node, ['then_branch', isPadded ? 'then_branch' : 'else_branch']);
  writeFileSync(target, modelProto.encode({ ...plain, graph: { ...plain.graph, node } }).finish());
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
  keepBranch(join(folder, 'cuda.onnx'), join(folder, 'batched.onnx'), false);
  keepBranch(join(folder, 'cuda.onnx'), join(folder, 'padded.onnx'), true);

  const align = model.manifest.visionPositionAlign;
  const plain = await openSession(join(folder, 'plain.onnx'), cpu);
  const batched = await openSession(join(folder, 'batched.onnx'), cpu);
  const padded = await openSession(join(folder, 'padded.onnx'), cpu);
  const cases = [samples[0], samples[8]].flatMap(({ patches }) => [
    { patches, cuda: batched, padding: 0 },
    { patches, cuda: padded, padding: 12 },
  ]);
  for (const { patches, cuda, padding } of cases) {
    const expected = await plain.run({ ...createVisionInputs([patches], vision, align) });
    const length = patches.gridHeight * patches.gridWidth + padding;
    const inputs = createCudaVisionInputs([patches, patches], vision, align, length);
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
  await batched.close();
  await padded.close();
});
