import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** The reason why browser tests cannot run here, or null. */
export function missingBrowser(): string | null {
  return existsSync(executablePath) ? null : `there is no Chromium at ${executablePath} (set CHROMIUM_PATH)`;
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--force-prefers-reduced-motion'] });
}
