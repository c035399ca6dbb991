import { type Block, figurePathOf, isPictureLabel, type RecipeOptions } from '#models';
import type { PageOutcome, PictureWishes } from './pool.js';
import type { PreparePool } from './prepare/prepare-pool.js';
import type { PreparedPage } from './prepare/prepare-protocol.js';

/** Longest side of the pictures, as PaddleX's server sends them. */
const pictureSize = { maxSide: 2000, quality: 90 };

export interface PagePictureParts {
  readonly prepare: Pick<PreparePool, 'encodeJpegs' | 'drawLayout'>;
  readonly pictures: PictureWishes;
  readonly recipe: Pick<RecipeOptions, 'useChartRecognition'>;
}

/** The pictures a run wants of a page, encoded in the prepare pool. */
export async function encodePictures(
  { image, detections }: Pick<PreparedPage, 'image' | 'detections'>,
  blocks: readonly Block[],
  { prepare, pictures, recipe }: PagePictureParts,
): Promise<Pick<PageOutcome, 'pageJpeg' | 'layoutJpeg' | 'blockJpegs' | 'figureJpegs'>> {
  const kept = pictures.blocks ? blocks.filter(({ label }) => isPictureLabel(label, recipe)) : [];
  const figures = pictures.blocks ? blocks.flatMap((block) => block.figures ?? []) : [];
  const boxes = [...(pictures.page ? [null] : []), ...[...kept, ...figures].map(({ box }) => box)];
  const [encoded, layoutJpeg] = await Promise.all([
    boxes.length > 0 ? prepare.encodeJpegs({ image, boxes, ...pictureSize }) : [],
    pictures.layout ? prepare.drawLayout({ image, regions: detections, ...pictureSize }) : undefined,
  ]);
  const jpegs = [...encoded];
  const pageJpeg = pictures.page ? jpegs.shift() : undefined;
  return {
    ...(pageJpeg && { pageJpeg }),
    ...(layoutJpeg && { layoutJpeg }),
    ...(pictures.blocks && { blockJpegs: new Map(kept.map(({ order }, index) => [order, jpegs[index]])) }),
    ...(figures.length > 0 && {
      figureJpegs: new Map(figures.map((figure, index) => [figurePathOf(figure), jpegs[kept.length + index]])),
    }),
  };
}
