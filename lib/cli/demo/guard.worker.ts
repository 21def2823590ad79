// Ends what the demo started when the demo is gone, however it went: its end closes this process's stdin, also after a
// SIGKILL. The server under it needs no code of its own for that, and runs as in production.
// argv: the folder to remove. stdin: lines `+pid` (watch it) and `-pid` (it has ended).
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

const TERMINATE_MS = 3000;
const POLL_MS = 50;

const [dataDir] = process.argv.slice(2);
const watched = new Set<number>();

const signal = (pid: number, name: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(pid, name);
  } catch {
    return false; // it has ended
  }
};

for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1));
  if (line.startsWith('+')) watched.add(pid);
  else watched.delete(pid);
}
for (const pid of watched) signal(pid, 'SIGTERM');
const deadline = Date.now() + TERMINATE_MS;
while (Date.now() < deadline && [...watched].some((pid) => signal(pid, 0))) await setTimeout(POLL_MS);
for (const pid of watched) signal(pid, 'SIGKILL');
if (dataDir !== undefined) rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
