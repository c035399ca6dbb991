import { layoutLabels } from './region.js';

/** Settings per class; a key is a class id, as a number or in digits, or a label. Unknown keys have no effect. */
export type ClassMap<T> = Readonly<Record<string, T>>;

/** The class a key of a `ClassMap` means; undefined for an id out of range or an unknown label. */
export function classIdOf(key: string): number | undefined {
  const id = /^\d{1,4}$/.test(key) ? Number(key) : layoutLabels.indexOf(key as (typeof layoutLabels)[number]);
  return id >= 0 && id < layoutLabels.length ? id : undefined;
}

/** A `ClassMap` by class id; where two keys mean one class the later one counts. */
export function byClassId<T>(map: ClassMap<T>): ReadonlyMap<number, T> {
  const values = new Map<number, T>();
  for (const [key, value] of Object.entries(map)) {
    const id = classIdOf(key);
    if (id !== undefined) values.set(id, value);
  }
  return values;
}
