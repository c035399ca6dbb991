/** Gives the items one after another, and again from the first when all have had their turn. */
export function takeTurns<T>(items: readonly T[]): () => T {
  let next = 0;
  return () => {
    const item = items[next];
    next = (next + 1) % items.length;
    return item;
  };
}
