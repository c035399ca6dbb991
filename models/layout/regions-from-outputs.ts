import { ModelError } from '../errors.js';
import type { NamedTensors } from '../session.js';
import type { Detection, PageSize } from './detection.js';
import { layoutLabels } from './region.js';

/** The detector's raw answer for one page. */
export interface DetectorOutputs {
  readonly queryCount: number;
  /** `[queries, 25]` sigmoid logits. */
  readonly logits: Float32Array;
  /** `[queries, 4]` centre x, centre y, width, height as shares of the page. */
  readonly boxes: Float32Array;
  /** `[queries, queries]`; above the diagonal the logit that the row is read before the column. */
  readonly orderLogits: Float32Array;
}

/** The graph's outputs that detections are made from. */
export const detectionOutputNames = ['logits', 'pred_boxes', 'order_logits'] as const;

/** One page of the tensors named by `detectionOutputNames`, as views. */
export function detectorOutputs(tensors: NamedTensors, pageIndex = 0): DetectorOutputs {
  const queryCount = tensors.logits?.dims[1] ?? 0;
  const page = (name: string, width: number): Float32Array => {
    const tensor = tensors[name];
    if (tensor?.type !== 'float32' || tensor.dims[1] !== queryCount || tensor.dims[2] !== width) {
      throw new ModelError('MODEL_INVALID', `the layout detector's output ${name} is not [pages, queries, ${width}]`);
    }
    return tensor.data.subarray(pageIndex * queryCount * width, (pageIndex + 1) * queryCount * width);
  };
  return {
    queryCount,
    logits: page('logits', layoutLabels.length),
    boxes: page('pred_boxes', 4),
    orderLogits: page('order_logits', queryCount),
  };
}

/**
 * Raw outputs to detections as the reference's image processor decodes them: of all (query, class) pairs the
 * `queryCount` best, those that score at least `threshold`, by ascending reading rank. One query can give several
 * rows with different labels. No filter of any other kind.
 */
export function regionsFromOutputs(outputs: DetectorOutputs, page: PageSize, threshold = 0.5): Detection[] {
  const { queryCount, logits, boxes } = outputs;
  const ranks = readingRanks(outputs);
  const detections: Detection[] = [];
  for (const index of bestPairs(logits, queryCount)) {
    const score = sigmoid(logits[index]);
    if (score < threshold) break;
    const query = Math.floor(index / layoutLabels.length);
    const classId = index % layoutLabels.length;
    const [x, y, width, height] = boxes.subarray(query * 4, query * 4 + 4);
    detections.push({
      classId,
      label: layoutLabels[classId],
      score,
      box: [
        (x - width / 2) * page.width,
        (y - height / 2) * page.height,
        (x + width / 2) * page.width,
        (y + height / 2) * page.height,
      ],
      rank: ranks[query],
      query,
    });
  }
  return detections.sort((a, b) => a.rank - b.rank);
}

/**
 * Place of each query in the reading order of all queries. Every pair votes with its probability:
 * `vote[j] = sum over i<j of p[i][j] + sum over i>j of (1 - p[j][i])`; fewer votes are read earlier.
 */
export function readingRanks({ queryCount, orderLogits }: DetectorOutputs): Int32Array {
  const votes = new Float64Array(queryCount);
  for (let i = 0; i < queryCount; i++) {
    for (let j = i + 1; j < queryCount; j++) {
      const isBefore = sigmoid(orderLogits[i * queryCount + j]);
      votes[j] += isBefore;
      votes[i] += 1 - isBefore;
    }
  }
  const ranks = new Int32Array(queryCount);
  Array.from(votes.keys())
    .sort((a, b) => votes[a] - votes[b])
    .forEach((query, rank) => {
      ranks[query] = rank;
    });
  return ranks;
}

/** Indices of the `count` largest logits, descending; of equal ones the first. */
function bestPairs(logits: Float32Array, count: number): number[] {
  const sorted = Float32Array.from(logits).sort();
  const limit = sorted[Math.max(0, sorted.length - count)];
  const indices: number[] = [];
  logits.forEach((logit, index) => {
    if (logit >= limit) indices.push(index);
  });
  return indices.sort((a, b) => logits[b] - logits[a]).slice(0, count);
}

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));
