import type { ModelSummary } from '#pool';

/** Names the official clients ask for, whatever weights are behind the address. */
const familyName = /^paddleocr-vl(-1\.[0-9])?(-0\.9b)?$/;

/** The names this server answers to, its own first. */
export function servedNames({ name, aliases }: Pick<ModelSummary, 'name' | 'aliases'>): readonly string[] {
  return [...new Set([name, ...aliases])];
}

/**
 * Whether a request for `asked` means the model that is served: its own names and those of the PaddleOCR-VL family,
 * with or without an organisation before the slash, in any case. No name means the only model there is.
 */
export function isServedName(asked: string | null | undefined, model: Pick<ModelSummary, 'name' | 'aliases'>): boolean {
  if (!asked) return true;
  const wanted = bareName(asked);
  return familyName.test(wanted) || servedNames(model).some((name) => bareName(name) === wanted);
}

function bareName(name: string): string {
  return name.trim().toLowerCase().split('/').at(-1) ?? '';
}
