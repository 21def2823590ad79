import { appendFile, readFile } from 'node:fs/promises';

/** What was taken already, one digest a line: an interrupted command loses at most the upload it was at. */
export interface SendProgress {
  has(mark: string): boolean;
  add(mark: string): Promise<void>;
}

export async function readProgress(file: string | undefined): Promise<SendProgress> {
  if (file === undefined) return { has: () => false, add: () => Promise.resolve() };
  const text = await readFile(file, 'utf8').catch((error: { code?: string }) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const known = new Set(text.split('\n').filter((line) => line !== ''));
  return {
    has: (mark) => known.has(mark),
    async add(mark) {
      known.add(mark);
      await appendFile(file, `${mark}\n`);
    },
  };
}
