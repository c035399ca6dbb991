import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RgbImage } from '../../../models/image/rgb-image.js';
import { detectRegions } from '../../../models/layout/detect-regions.js';
import { detectorInput } from '../../../models/layout/detector-input.js';
import { regionsFromOutputs } from '../../../models/layout/regions-from-outputs.js';
import { runDetector } from '../../../models/layout/run-detector.js';
import type { Session } from '../../../models/session.js';
import { openSnapshot, readPicture, snapshotConfig } from '../../support/detector-snapshot.js';

interface Page {
  readonly file: string;
  readonly detections_05: readonly Expected[];
  readonly detections_03: readonly Expected[];
}

interface Expected {
  readonly label: string;
  readonly score: number;
  readonly box: readonly number[];
  readonly order: number;
}

const folder = fileURLToPath(new URL('../../../models/pocket/layout', import.meta.url));
const { pages }: { pages: Page[] } = JSON.parse(readFileSync(join(folder, 'samples', 'expected.json'), 'utf8'));
const config = snapshotConfig(folder);

let scratch: string;
let session: Session;
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'quire-detect-'));
  session = await openSnapshot(folder, join(scratch, 'detector'));
});
afterAll(async () => {
  await session.close();
  rmSync(scratch, { recursive: true });
});

const detect = (picture: RgbImage) =>
  runDetector(session, { ...config.input.size, pixels: detectorInput(picture, config.input.size) });

describe.each(pages)('$file', (page) => {
  it.each([
    [0.5, 'detections_05'],
    [0.3, 'detections_03'],
  ] as const)('gives the detections of the reference at %f', async (threshold, key) => {
    const picture = await readPicture(join(folder, 'samples', page.file));
    const found = regionsFromOutputs(await detect(picture), picture, threshold).sort(
      (a, b) => a.rank - b.rank || a.label.localeCompare(b.label),
    );
    // Rows of one query share its rank; the reference leaves their order open.
    const expected = [...page[key]].sort((a, b) => a.order - b.order || a.label.localeCompare(b.label));
    expect(expected.length).toBeGreaterThan(5);
    expect(found.map(({ label, rank }) => [label, rank])).toEqual(expected.map(({ label, order }) => [label, order]));
    found.forEach(({ box, score }, index) => {
      expect(Math.abs(score - expected[index].score)).toBeLessThan(0.01);
      box.forEach((edge, axis) => {
        expect(Math.abs(edge - expected[index].box[axis])).toBeLessThan(1);
      });
    });
  });

  it('becomes regions inside the page in reading order', async () => {
    const picture = await readPicture(join(folder, 'samples', page.file));
    const { boxes, regions } = detectRegions(await detect(picture), picture);
    expect(boxes.length).toBeGreaterThanOrEqual(regions.length);
    expect(regions.length).toBeGreaterThan(5);
    regions.forEach(({ box: [x0, y0, x1, y1], order, label, score }, index) => {
      expect([x0, y0, x1, y1].every(Number.isInteger)).toBe(true);
      expect(x0 >= 0 && y0 >= 0 && x1 <= picture.width && y1 <= picture.height && x0 < x1 && y0 < y1).toBe(true);
      expect(boxes[order]).toMatchObject({ label, score, box: [x0, y0, x1, y1] });
      expect(score).toBeGreaterThan(0.3);
      if (index > 0) expect(order).toBeGreaterThan(regions[index - 1].order);
    });
  });
});
