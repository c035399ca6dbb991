import type { DecodeOptions, Tokenizer } from './tokenizer.js';

/** Token ids as they come to text that never splits a character. */
export interface TokenStream {
  /** Takes further ids; gives the text that is certain by now, which may be empty. */
  push(tokenIds: readonly number[]): string;
  /** Gives what was held back, complete character or not. */
  end(): string;
}

const replacement = '\uFFFD';

/**
 * Streams the text of `tokenizer.decode`: the pieces joined are the text of all ids.
 * A piece is held while it ends in a replacement character, as the rest of its bytes may follow. Each decoding starts
 * with the ids of the piece before it, because a decoder may treat the first token of a text differently; the state
 * is those few ids, however long the text.
 */
export function createTokenStream(tokenizer: Tokenizer, options: DecodeOptions = {}): TokenStream {
  let context: number[] = [];
  let held: number[] = [];

  function take(final: boolean): string {
    const before = tokenizer.decode(context, options);
    const whole = tokenizer.decode([...context, ...held], options);
    if (whole.length <= before.length || (!final && whole.endsWith(replacement))) return '';
    context = held;
    held = [];
    return whole.slice(before.length);
  }

  return {
    push(tokenIds) {
      if (tokenIds.length === 0) return '';
      held.push(...tokenIds);
      return take(false);
    },
    end: () => (held.length === 0 ? '' : take(true)),
  };
}
