import type { Mutation } from './hooks.ts';

/** Rules of the design, each left out. The simulation has to notice every one of them. */
export const MUTATIONS: Readonly<Record<string, readonly Mutation[]>> = {
  'footers are not looked at': [
    {
      file: 'segments/commit-shard.ts',
      from: 'contributions.filter(({ uploadId }) => !covered.has(uploadId));',
      to: 'contributions;',
    },
  ],
  'heads are written without a condition': [
    {
      file: 'records/heads.ts',
      from: '(await records.put({ ...headKey(partition), body: head }, condition)).outcome',
      to: '(await records.put({ ...headKey(partition), body: head })).outcome',
    },
  ],
  'a loser deletes its segment': [
    {
      file: 'segments/commit-shard.ts',
      from: "written.ref)) === 'stored')\n      return resultOf(contributions, written);",
      to: "written.ref)) === 'stored')\n      return resultOf(contributions, written);\n    await context.objects.delete(written.ref.key);\n    written = undefined;",
    },
  ],
  'a writer never starts again': [
    {
      file: 'segments/commit-shard.ts',
      from: 'clock.now() - putAt > WRITER_GRACE_MS;',
      to: 'false && clock.now() - putAt > 0;',
    },
  ],
  'ids leave footers before their upload is done': [
    {
      file: 'jobs/finished.ts',
      from: "if (record?.state === 'done' && holds(record)) found",
      to: 'if (record === undefined || holds(record)) found',
    },
    { file: 'segments/compact.ts', from: 'TRIM_AFTER_MS = HOUR_MS', to: 'TRIM_AFTER_MS = 0 * HOUR_MS' },
  ],
  'the ledger is not asked': [
    {
      file: 'jobs/analyze.ts',
      from: 'if ((await context.ledger.get(upload.project, upload.id)) !== undefined) return',
      to: 'if ((await context.ledger.get(upload.project, upload.id)) === null) return',
    },
    {
      file: 'segments/commit-shard.ts',
      from: 'isDoubtful ? await notDone(context, partition, uncovered) : uncovered',
      to: 'uncovered',
    },
  ],
  'an upload is done before it is committed': [
    {
      file: 'jobs/analyze.ts',
      from: '  const { broken, expired, grown } = await commitUploads',
      to: '  for (const taken of pending) await finish(context, taken, taken.folded.dropped);\n  const { broken, expired, grown } = await commitUploads',
    },
  ],
  'a merge forgets what was added meanwhile': [
    {
      file: 'segments/compact.ts',
      from: '[...listed.filter(({ key }) => !gone.has(key)), ref]',
      to: '[ref]',
    },
  ],
  'the sweep does not wait for writers': [
    { file: 'jobs/sweep.ts', from: 'ORPHAN_AFTER_MS = HOUR_MS', to: 'ORPHAN_AFTER_MS = 0 * HOUR_MS' },
  ],
  'the sweep trusts its own clock': [
    { file: 'jobs/sweep.ts', from: 'await storeTime(context);', to: 'context.clock.now();' },
  ],
  'the sweep does not fence': [
    {
      file: 'jobs/sweep.ts',
      from: 'unlisted = await fence(',
      to: 'unlisted = unlisted ?? await fence(',
    },
  ],
  'a reader does without what is gone': [
    {
      file: 'segments/read.ts',
      from: 'if (gone === 0) return { segments, gone };',
      to: 'return { segments, gone: 0 };',
    },
  ],
  'a late upload marks no roll-up': [
    {
      file: 'segments/commit-shard.ts',
      from: 'if (current?.head.sealed) await markStale(context, partition);',
      to: '',
    },
  ],
  'a roll-up does not seal': [
    {
      file: 'segments/roll-up.ts',
      from: "if ((await context.heads.swap(child, head, current?.version)) === 'stored') return head;",
      to: 'return head;',
    },
  ],
  'partitions expire before they are rolled up': [
    {
      file: 'jobs/expire.ts',
      from: '(await settle(context, group))',
      to: 'group.length > 0',
    },
  ],
  'a merge takes segments of a later version': [
    {
      file: 'segments/compact.ts',
      from: 'version <= analyzerVersion() && !unreadable.has(key)',
      to: '!unreadable.has(key)',
    },
    {
      file: 'segments/codec.ts',
      from: 'const written = versions[codecVersion - 1];',
      to: 'const written = versions[codecVersion - 1] ?? versions.at(-1);',
    },
  ],
  'raw objects expire under a replay': [
    {
      file: 'jobs/expire.ts',
      from: 'Math.min(before, record.building?.foldedTo ?? before)',
      to: 'before',
    },
  ],
  'a generation expires while it is built': [
    { file: 'jobs/expire.ts', from: '!head.head.expired && speaks(head)', to: '!head.head.expired' },
  ],
  'a join counts every copy of an upload': [
    { file: 'jobs/join.ts', from: 'if (said === arrived) first', to: 'if (said !== null) first' },
  ],
};
