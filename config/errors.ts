/** One setting that cannot be used, and where its value came from. */
export interface ConfigProblem {
  /** Dotted path as in the YAML file, or the name as it was written when no setting has it. */
  readonly path: string;
  readonly reason: string;
  /** `QUIRE_SERVER_PORT`, `the command line` or the name of the file. */
  readonly source?: string;
}

/** Settings that cannot be used: every problem at once, so that one correction is enough. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG_INVALID';

  constructor(
    readonly problems: readonly ConfigProblem[],
    options?: ErrorOptions,
  ) {
    super(problems.map(describeProblem).join('\n'), options);
  }
}

function describeProblem({ path, reason, source }: ConfigProblem): string {
  return `${path}: ${reason}${source ? ` (from ${source})` : ''}`;
}
