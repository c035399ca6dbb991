import type {
  CropPatches,
  DetectorConfig,
  DetectorOutputs,
  ImageProcessorConfig,
  PackedInk,
  PageHints,
  PagePlan,
  PlannedCrop,
  RecipeOptions,
  Region,
  RequestedPixels,
  RgbImage,
  Task,
} from '#models';
import type { Failure } from '../errors.js';
import type { DocumentKind } from '../pool.js';

/** Width and height in pixels. */
export interface PageSize {
  readonly width: number;
  readonly height: number;
}

/** What an input may be at most, and how PDF pages become pixels. */
export interface PrepareLimits {
  readonly maxImagePixels: number;
  readonly maxPages: number;
  readonly pdfDpi: number;
}

/** What a prepare thread knows from its start. Plain data: it crosses to the thread once. */
export interface PrepareSetup {
  readonly limits: PrepareLimits;
  readonly imageProcessor: ImageProcessorConfig;
  readonly hints: PageHints;
  /** Absent where the model has no layout detector. */
  readonly layout?: {
    /** Compiled graph for the CPU. */
    readonly graphPath: string;
    readonly config: DetectorConfig;
    readonly threadCount: number;
  };
  /** Name of the broadcast channel on which closed documents are made known to every thread. */
  readonly channelName: string;
}

/**
 * The bytes of a document. `bytes` lie in shared memory, so that every thread reads the one copy; `documentId` lets a
 * thread keep a PDF open between its pages.
 */
export interface SharedDocument {
  readonly documentId: string;
  readonly bytes: Uint8Array;
}

export interface OpenedDocument {
  readonly kind: DocumentKind;
  /** Pixels of each page as it will be decoded or rendered. */
  readonly pages: readonly PageSize[];
}

export interface DecodeTask {
  readonly document: SharedDocument;
  /** 0-based. */
  readonly pageIndex: number;
}

export interface PageTask extends DecodeTask {
  readonly recipe: RecipeOptions;
}

/** One page, ready to be cut. */
export interface PreparedPage {
  readonly pageIndex: number;
  /** The upright page in shared memory; crops and pictures can be cut from it again. */
  readonly image: RgbImage;
  readonly plan: PagePlan;
  /** Detections before the overlap filter. */
  readonly detections: readonly Region[];
  /** Whether the thread ran the layout detector. */
  readonly isDetected: boolean;
  /** Milliseconds: decoding or rendering, the layout detector, planning. */
  readonly timings: {
    readonly decodeMs: number;
    readonly detectMs: number;
    readonly planMs: number;
  };
}

/** A page whose layout a device is to detect. */
export interface DecodedPage extends Pick<PreparedPage, 'pageIndex' | 'image'> {
  readonly decodeMs: number;
}

/** A part of what the detector sees of a page: one of `count` bands from the top down. */
export interface BandTask extends Pick<DecodedPage, 'image'> {
  readonly band: number;
  readonly count: number;
}

export interface DetectorBand {
  /** Of the whole input. */
  readonly size: PageSize;
  /** The buffer is transferred. */
  readonly pixels: Uint8Array;
  readonly inputMs: number;
}

/** The ink of a decoded page, which can be found while a device has the page. */
export interface FoundInk {
  /** Buffers are transferred. */
  readonly ink: PackedInk;
  readonly inkMs: number;
}

/** The rest of the preparation of a decoded page. */
export interface PlanTask extends Pick<DecodedPage, 'image'>, Pick<FoundInk, 'ink'> {
  readonly recipe: RecipeOptions;
  /** Null where no device gave any: then the thread runs the detector. */
  readonly outputs: DetectorOutputs | null;
}

export interface PlannedPage extends Pick<PreparedPage, 'plan' | 'detections' | 'isDetected'> {
  readonly timings: Omit<PreparedPage['timings'], 'decodeMs'>;
}

/** Crops of a page that was prepared before. */
export interface CropsTask {
  readonly image: RgbImage;
  readonly slope: number;
  readonly crops: readonly PlannedCrop[];
  readonly pixels: RequestedPixels;
}

export interface CutCrops {
  /** One for each crop of the task. Buffers are transferred. */
  readonly patches: readonly CropPatches[];
  /** Milliseconds of cutting and resizing. */
  readonly cropMs: number;
}

/** A picture of the chat API: one crop, no layout. */
export interface PictureTask {
  readonly bytes: Uint8Array;
  readonly task: Task;
  readonly pixels: RequestedPixels;
}

export interface PreparedPicture extends PageSize {
  readonly patches: CropPatches;
  readonly prepareMs: number;
}

/** Parts of a page as JPEG; an absent box is the whole page. */
export interface JpegTask {
  readonly image: RgbImage;
  readonly boxes: readonly (readonly [x0: number, y0: number, x1: number, y1: number] | null)[];
  /** Longer side at most; larger pictures are scaled down. */
  readonly maxSide: number;
  /** 1 to 100. */
  readonly quality: number;
}

/** A page with regions drawn on it, as JPEG. */
export interface LayoutPictureTask extends Omit<JpegTask, 'boxes'> {
  readonly regions: readonly Region[];
}

/** Task names, what goes in and what comes out. */
export interface PrepareTasks {
  openDocument: { readonly input: SharedDocument; readonly output: OpenedDocument };
  /** Decodes, detects and plans. */
  preparePage: { readonly input: PageTask; readonly output: PreparedPage };
  /** The same in tasks of their own, where a device detects. */
  decodePage: { readonly input: DecodeTask; readonly output: DecodedPage };
  makeBand: { readonly input: BandTask; readonly output: DetectorBand };
  findInk: { readonly input: Pick<DecodedPage, 'image'>; readonly output: FoundInk };
  planPage: { readonly input: PlanTask; readonly output: PlannedPage };
  prepareCrops: { readonly input: CropsTask; readonly output: CutCrops };
  preparePicture: { readonly input: PictureTask; readonly output: PreparedPicture };
  drawLayout: { readonly input: LayoutPictureTask; readonly output: Uint8Array };
  encodeJpegs: { readonly input: JpegTask; readonly output: readonly Uint8Array[] };
}

export type PrepareTaskName = keyof PrepareTasks;

/** A task on its way to a thread. */
export interface PrepareCall<T> {
  readonly input: T;
  /** Two numbers in shared memory, written by the thread; see `callSlots`. */
  readonly progress: Int32Array;
}

/** Places in `PrepareCall.progress`. */
export const callSlots = {
  /** Id of the thread that runs the task; 0 while it waits. */
  threadId: 0,
  /** 1 while the thread may be ended from outside: never while ONNX Runtime computes, which aborts the process. */
  canEnd: 1,
} as const;

/** Errors lose their class between threads, so failures travel as plain data. */
export type PrepareAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

/** Broadcast on `PrepareSetup.channelName` when a document is done with. */
export interface DocumentClosed {
  readonly closedDocumentId: string;
}
