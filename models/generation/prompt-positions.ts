/** Merged patch grid of an image: one token a cell. */
export interface MergedGrid {
  readonly height: number;
  readonly width: number;
}

export interface PromptPositions {
  /** Positions on the time, height and width axis, one a token. */
  readonly axes: readonly [Int32Array, Int32Array, Int32Array];
  /** Position of the first generated token on all three axes; the k-th after it sits k further. */
  readonly next: number;
}

/**
 * M-RoPE positions of a prompt (get_rope_index of the reference). Text counts up on all axes; the tokens of an image
 * share the time of its first place p and sit at p + row and p + column; text after it goes on at the largest position
 * so far plus one. `grids` are those of the prompt's images in order.
 */
export function promptPositions(
  ids: readonly number[],
  grids: readonly MergedGrid[],
  imageTokenId: number,
): PromptPositions {
  const axes = [new Int32Array(ids.length), new Int32Array(ids.length), new Int32Array(ids.length)] as const;
  let next = 0;
  let image = 0;
  for (let index = 0; index < ids.length; ) {
    if (ids[index] !== imageTokenId) {
      for (const axis of axes) axis[index] = next;
      index++;
      next++;
      continue;
    }
    const grid = grids[image++];
    if (grid === undefined) throw new RangeError('the prompt has more image tokens than its images');
    for (let cell = 0; cell < grid.height * grid.width; cell++, index++) {
      if (ids[index] !== imageTokenId) throw new RangeError('the prompt has fewer image tokens than its images');
      axes[0][index] = next;
      axes[1][index] = next + Math.floor(cell / grid.width);
      axes[2][index] = next + (cell % grid.width);
    }
    next += Math.max(grid.height, grid.width);
  }
  if (image !== grids.length) throw new RangeError('the prompt has fewer images than were given');
  return { axes, next };
}
