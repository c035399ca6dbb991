import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { ModelError } from '../errors.js';

export interface DecodeOptions {
  /** Leaves out tokens flagged special (default); table and location tokens are not special and always stay. */
  readonly skipSpecialTokens?: boolean;
}

/** Text to token ids and back, by the `tokenizer.json` of a model folder. */
export interface Tokenizer {
  readonly vocabSize: number;
  /** Ids of a text; special tokens written in it are recognised, none are added. */
  encode(text: string): number[];
  decode(tokenIds: readonly number[], options?: DecodeOptions): string;
  /** Undefined where the vocabulary has no such token. */
  tokenId(token: string): number | undefined;
  isSpecial(tokenId: number): boolean;
  /** The text with a space for every special token spelt in it, so that a user's text can never act as one. */
  withoutSpecialTokens(text: string): string;
}

/**
 * Builds the tokenizer from the parsed `tokenizer.json` and `tokenizer_config.json`.
 * Only the `special` flags of `tokenizer.json` decide what `decode` skips. Spaces before punctuation are left as
 * generated: cleaning them up, an old default, would make the text depend on what follows.
 * Throws MODEL_INVALID where the files are not a tokenizer.
 */
export function createTokenizer(tokenizerJson: object, tokenizerConfig: object): Tokenizer {
  const tokenizer = openHubTokenizer(tokenizerJson, tokenizerConfig);
  const special = new Map<number, string>();
  for (const [id, token] of tokenizer.get_added_tokens_decoder()) if (token.special) special.set(id, token.content);
  // One pass is enough: the space keeps what stood before and after from joining to another special token.
  const anySpecial = new RegExp([...special.values()].map(escapeRegExp).join('|'), 'g');

  return {
    vocabSize: tokenizer.get_vocab(true).size,
    encode: (text) => (text === '' ? [] : [...tokenizer.encode(text, { add_special_tokens: false }).ids]),
    decode(tokenIds, { skipSpecialTokens = true } = {}) {
      const shown = skipSpecialTokens ? tokenIds.filter((id) => !special.has(id)) : [...tokenIds];
      if (shown.length === 0) return '';
      return tokenizer.decode(shown, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
    },
    tokenId: (token) => tokenizer.token_to_id(token),
    isSpecial: (tokenId) => special.has(tokenId),
    withoutSpecialTokens: (text) => (special.size === 0 ? text : text.replace(anySpecial, ' ')),
  };
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function openHubTokenizer(tokenizerJson: object, tokenizerConfig: object): HubTokenizer {
  try {
    return new HubTokenizer(tokenizerJson, tokenizerConfig);
  } catch (cause) {
    throw new ModelError('MODEL_INVALID', `tokenizer.json is not a usable tokenizer: ${(cause as Error).message}`, {
      cause,
    });
  }
}
