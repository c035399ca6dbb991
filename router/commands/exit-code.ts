/** What the shell is told: 0 done, 1 something failed, 2 the command or its settings are wrong, 130 interrupted. */
export const exitCodes = { done: 0, failed: 1, misused: 2, interrupted: 130 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
