/** What the reader is asked to do with a crop. */
export const tasks = ['ocr', 'table', 'formula', 'chart', 'seal', 'spotting'] as const;

export type Task = (typeof tasks)[number];

/** The exact prompts of PaddleOCR-VL. */
export const taskPrompts: Readonly<Record<Task, string>> = {
  ocr: 'OCR:',
  table: 'Table Recognition:',
  formula: 'Formula Recognition:',
  chart: 'Chart Recognition:',
  seal: 'Seal Recognition:',
  spotting: 'Spotting:',
};
