import type { Profile } from '../../lib/model/profile.ts';
import { atMs } from './trace-picture.ts';

// Profiles drawn as text: one run of samples a line, `from-to: frame > frame`; a frame is `name` of the team's own code,
// `name@file` of a library. All on one thread, every `periodMs`.

export function profileOf(picture: string, periodMs = 10): Profile {
  const strings = [''];
  const indexOf = (text: string) => {
    const known = strings.indexOf(text);
    return known === -1 ? strings.push(text) - 1 : known;
  };
  const frames: { name: number; file: number; inApp: number }[] = [];
  const parents = [0];
  const nodeFrames = [0];
  const times: number[] = [];
  const stack: number[] = [];
  for (const line of picture.split('\n').filter((text) => text.trim() !== '')) {
    const [times_ = '', frames_ = ''] = line.trim().split(': ');
    const [from = 0, to = 0] = times_.split('-').map(Number);
    let node = 0;
    for (const text of frames_.split(' > ').filter((part) => part !== '')) {
      const [name = '', file = 'app.py'] = text.split('@');
      frames.push({ name: indexOf(name), file: indexOf(file), inApp: text.includes('@') ? 0 : 1 });
      nodeFrames.push(frames.length - 1);
      node = parents.push(node) - 1;
    }
    for (let at = from; at < to; at += periodMs) {
      times.push(atMs(at + periodMs / 2)); // a sample stands for half a period on either side
      stack.push(node);
    }
  }
  return {
    format: 'sentry-v1',
    sampleTypes: [{ type: 'wall', unit: 'nanoseconds', temporality: 'delta' }],
    defaultType: 0,
    start: times[0] ?? null,
    durationNs: null,
    frames: {
      strings,
      name: Uint32Array.from(frames, ({ name }) => name),
      file: Uint32Array.from(frames, ({ file }) => file),
      line: new Int32Array(frames.length),
      inApp: Int8Array.from(frames, ({ inApp }) => inApp),
    },
    stacks: { parent: Uint32Array.from(parents), frame: Uint32Array.from(nodeFrames) },
    samples: {
      stack: Uint32Array.from(stack),
      values: [new Float64Array(stack.length)],
      unit: new Int32Array(stack.length).fill(-1),
      time: Float64Array.from(times),
      thread: new Int32Array(stack.length),
    },
    units: [],
    threads: ['MainThread'],
    labels: new Map(),
  };
}
