import { handClock } from '../../adapters/stores.ts';
import { objectStoreContract } from '../../contracts/object-store.contract.ts';
import { queueContract } from '../../contracts/queue.contract.ts';
import { recordStoreContract } from '../../contracts/record-store.contract.ts';
import { memoryObjects } from './objects.ts';
import { memoryQueue } from './queue.ts';
import { memoryRecords } from './records.ts';

// Simulations and benches stand on these: they keep the same contracts as the adapters. They die with their process,
// so that "opened again" is the same store.

const nothing = async () => undefined;
const wallMs = () => performance.timeOrigin + performance.now();

objectStoreContract('memory', async () => {
  const store = memoryObjects(wallMs);
  return { store, reopen: async () => store, close: nothing };
});

recordStoreContract('memory', async () => {
  const clock = handClock();
  const store = memoryRecords(clock.now);
  return { store, advance: clock.advance, now: clock.now, reopen: async () => store, close: nothing };
});

queueContract('memory', async () => {
  const clock = handClock();
  const queue = memoryQueue(clock.now, { maxReceives: 3 });
  const other = memoryQueue(clock.now, { maxReceives: 3 });
  return { queue, other, advance: clock.advance, reopen: async () => queue, close: nothing };
});
