import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../test-results/python/', import.meta.url));

/** A Python with packages, or why there is none. */
export type PythonEnvironment = { readonly python: string } | { readonly missing: string };

/**
 * A virtual environment with the packages, made once and kept in `test-results`. Machines without Python, venv or a
 * package index get a reason to print.
 */
export function pythonEnvironment(name: string, packages: readonly string[]): PythonEnvironment {
  const python = `${folder}${name}/bin/python`;
  const installed = `${folder}${name}/.installed-${packages.join('-').replace(/[^\w.-]/g, '')}`;
  if (existsSync(installed)) return { python };
  const steps: readonly (readonly [string, readonly string[], string])[] = [
    ['python3', ['-m', 'venv', `${folder}${name}`], 'python3 with venv is not installed'],
    [python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], 'pip cannot install'],
  ];
  for (const [command, args, reason] of steps) {
    const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 240_000 });
    if (status !== 0) return { missing: `${reason}: ${(error?.message ?? stderr).trim().split('\n').at(-1)}` };
  }
  spawnSync('touch', [installed]);
  return { python };
}

/** Runs a script of `test/support/python`; its standard output as JSON. Throws with its standard error. */
export function runPython<Result>(python: string, script: string, args: readonly string[], input?: string): Result {
  const path = fileURLToPath(new URL(`./python/${script}`, import.meta.url));
  const env = { ...process.env, PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK: 'True' };
  const { status, stdout, stderr } = spawnSync(python, [path, ...args], {
    encoding: 'utf8',
    input,
    env,
    timeout: 200_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`${script} ended with ${status}:\n${stderr}`);
  // Libraries print notices before the result.
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Result;
}
