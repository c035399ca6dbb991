import { ConfigError } from '#config';
import { type ExitCode, exitCodes } from './exit-code.js';

/**
 * Runs a command to its end: what a user can mend is told in plain lines, anything else with its stack.
 * Exits by itself, since a library may keep a handle open.
 */
export async function runAction(action: () => Promise<ExitCode>): Promise<void> {
  try {
    process.exit(await action());
  } catch (error) {
    process.stderr.write(describe(error));
    process.exit(error instanceof ConfigError ? exitCodes.misused : exitCodes.failed);
  }
}

function describe(error: unknown): string {
  if (error instanceof ConfigError) {
    return `quire: ${error.problems.length === 1 ? 'a setting is' : 'some settings are'} wrong\n${indent(error.message)}`;
  }
  // Errors of every layer carry a code; one without is a fault of ours.
  if (error instanceof Error && 'code' in error) return `quire: ${error.message} (${error.code})\n`;
  return `quire: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ').concat('\n');
}
