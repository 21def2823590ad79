import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './child-server.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const FOLDERS = ['bench', 'bin', 'demo', 'docs', 'functions', 'infra', 'lib', 'test', 'web'];
const texts = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path}`)
    .filter((path) => /\.(ts|tsx|js|cjs|md)$/.test(path) && !/fixtures|node_modules|\/dist\//.test(path)),
);

describe('what the code and its pages say of each other', () => {
  it('gives every room of docs/architecture.md a README, and names every room of lib/', () => {
    const rooms = [...read('docs/architecture.md').matchAll(/^\| `([\w/]+)` \|/gm)].map(
      ([, room = '']) => room,
    );
    expect(rooms.filter((room) => !existsSync(join(ROOT, room, 'README.md')))).toEqual([]);
    const inLib = readdirSync(join(ROOT, 'lib')).map((name) => `lib/${name}`);
    expect(inLib.filter((room) => !rooms.includes(room))).toEqual([]);
  });

  it('names no page, and in its pages no file, that is not there', () => {
    const pages = /(?<![\w./@-])docs\/[\w./-]+\.md\b/g;
    const files = new RegExp(
      `(?<![\\w./@-])(?:${FOLDERS.join('|')})/[\\w./-]+\\.(?:md|tsx?|c?js|sh|png)\\b`,
      'g',
    );
    const lost = [...texts, 'README.md', '.ci/run'].flatMap((file) =>
      [...read(file).matchAll(file.endsWith('.md') ? files : pages)]
        .filter(([path]) => !existsSync(join(ROOT, path)))
        .map(([path]) => `${file}: ${path}`),
    );
    expect(texts.length).toBeGreaterThan(300);
    expect(lost).toEqual([]);
  });
});
