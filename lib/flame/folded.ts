import { NO_STACK } from '../model/profile.ts';
import { pictureOrder } from './prune.ts';
import { type FlameTree, nameOf } from './tree.ts';

/** One line per stack with a value of its own: names from the root down joined by ';', a space, the value. */
export function* foldedLines({ stacks, self }: FlameTree): Generator<string> {
  const prefix: string[] = new Array(self.length).fill('');
  for (const node of pictureOrder(stacks)) {
    if (node !== 0) {
      const above = prefix[stacks.parent[node]!]!;
      // ';' would split the frame, and a line end the stack.
      const name = nameOf(stacks, stacks.frame[node]!).replaceAll(/[;\r\n]/g, ':');
      prefix[node] = above === '' ? name : `${above};${name}`;
    }
    if (Number(self[node]) !== 0) yield `${prefix[node] || NO_STACK} ${self[node]}\n`;
  }
}

export const foldedText = (tree: FlameTree): string => [...foldedLines(tree)].join('');
