import { defineConfig } from 'vitest/config';

// TIER picks what needs more than npm: `browser` (Chromium), `cloud` (engines of others), `interop` (other runtimes). The default needs npm alone.
const tier = process.env.TIER ?? 'npm';
const include = tier === 'npm' ? ['test/**/*.test.ts'] : [`test/${tier}/**/*.${tier}.ts`];

export default defineConfig({
  test: {
    include,
    setupFiles: ['test/support/shift-clock.ts'],
    // Engines of others are processes beside the tests, on whatever machine.
    testTimeout: tier === 'cloud' ? 180_000 : 30_000,
    retry: tier === 'cloud' ? 1 : 0,
    hookTimeout: tier === 'cloud' ? 180_000 : 60_000,
    // A second is short on a busy machine, and what never comes fails all the same.
    expect: { poll: { timeout: 5000 } },
    pool: 'forks',
    // The demo measures a real service: a browser beside it on two cores would hide what it looks for.
    maxWorkers: tier === 'browser' ? 1 : 2,
    env: { TZ: 'UTC' },
  },
});
