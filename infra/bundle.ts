import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Bundles of one synthesis. They are copied into its assembly; `close` removes what was made for that. */
export interface Bundles {
  /** The code of a file in functions/, with the folders that go beside it, by their names there. */
  code(entry: string, beside?: Readonly<Record<string, string>>): Code;
  close(): void;
}

/**
 * One file per function with all that it loads. By esbuild's own API: the construct of CDK starts npx for each function, which
 * takes longer than all the rest of a synthesis.
 */
export function bundles(): Bundles {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-bundles-'));
  return {
    code(entry, beside = {}) {
      const out = join(folder, entry);
      buildSync({
        entryPoints: [join(root, 'functions', `${entry}.ts`)],
        outfile: join(out, 'index.mjs'),
        absWorkingDir: root,
        bundle: true,
        platform: 'node',
        format: 'esm',
        target: 'node24',
        // CommonJS comes a third larger.
        mainFields: ['module', 'main'],
        minify: true,
        // Stack traces name functions; a source map would be four times the bundle.
        keepNames: true,
        logLevel: 'warning',
      });
      for (const [name, from] of Object.entries(beside)) cpSync(from, join(out, name), { recursive: true });
      return Code.fromAsset(out);
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
