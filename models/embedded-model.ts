import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Folder of the model that comes with Quire: beside this source, or in the package when this runs from `dist/`. */
export function embeddedModelDir(): string {
  const places = ['./pocket/', '../../models/pocket/'].map((place) => fileURLToPath(new URL(place, import.meta.url)));
  return places.find((place) => existsSync(place)) ?? places[0];
}
