import { expect, it } from 'vitest';
import { freshObjects } from '../../lib/adapters/fresh-objects.ts';
import type { ObjectStore } from '../../lib/ports/object-store.ts';
import { objectStoreContract } from '../contracts/object-store.contract.ts';
import { memoryObjects } from '../support/memory/objects.ts';

const nothing = async () => undefined;

objectStoreContract('fresh objects in memory', async () => {
  const store = memoryObjects(() => performance.timeOrigin + performance.now());
  return { store: freshObjects(store, ''), reopen: async () => freshObjects(store, ''), close: nothing };
});

const bodyOf = (length: number) => new Uint8Array(length).fill(length);

/** Told of every get that was not answered from memory. */
function counted(bytesMax?: number) {
  const asked: string[] = [];
  const objects = memoryObjects(() => 0);
  const asking: ObjectStore = {
    ...objects,
    get: (key, range) => {
      asked.push(key);
      return objects.get(key, range);
    },
  };
  return { store: freshObjects(asking, 'raw/', bytesMax), asked };
}

it('freshObjects() answers the first get of what it has put, and asks for all others', async () => {
  const { store, asked } = counted();
  await store.put('raw/a', bodyOf(3), { ifAbsent: true });
  await store.put('seg/b', bodyOf(4));
  for (const key of ['raw/a', 'seg/b', 'raw/a', 'raw/none']) await store.get(key);
  expect(asked).toEqual(['seg/b', 'raw/a', 'raw/none']);
});

it('freshObjects() keeps the last ones within its bytes', async () => {
  const { store, asked } = counted(10);
  for (const length of [4, 5, 6]) await store.put(`raw/${length}`, bodyOf(length), { ifAbsent: true });
  for (const length of [4, 5, 6]) expect(await store.get(`raw/${length}`)).toEqual(bodyOf(length));
  expect(asked).toEqual(['raw/4', 'raw/5']);
});

it('freshObjects() leaves to the store what may be put twice', async () => {
  const { store, asked } = counted();
  await Promise.all([store.put('raw/a', bodyOf(3)), store.put('raw/a', bodyOf(4))]);
  await store.get('raw/a');
  expect(asked).toEqual(['raw/a']);
});
