import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const door = (folder: string) => fileURLToPath(new URL(`./${folder}/index.ts`, import.meta.url));

export default defineConfig({
  resolve: { alias: { '#config': door('config'), '#models': door('models'), '#pool': door('pool') } },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // On a busy CI machine a browser or a Prometheus can miss its second; what is wrong fails twice.
    retry: process.env.CI ? 1 : 0,
    reporters: ['default'],
  },
});
