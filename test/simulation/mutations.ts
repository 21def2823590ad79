import type { Focus } from './focus.ts';
import type { Mutation } from './hooks.ts';

interface Broken {
  readonly changes: readonly Mutation[];
  /** What histories are about that show it; absent: all sorts. */
  readonly focus?: Focus;
}
export const UNBROKEN: Broken = { changes: [] };

/** Rules of the design, each left out. The simulation has to notice every one of them. */
export const MUTATIONS: Readonly<Record<string, Broken>> = {
  'footers are not looked at': {
    changes: [
      {
        file: 'segments/commit-shard.ts',
        from: 'contributions.filter(({ uploadId }) => !covered.has(uploadId));',
        to: 'contributions;',
      },
    ],
  },
  'heads are written without a condition': {
    changes: [
      {
        file: 'records/heads.ts',
        from: '(await records.put({ ...headKey(partition), body: head }, condition)).outcome',
        to: '(await records.put({ ...headKey(partition), body: head })).outcome',
      },
    ],
  },
  'a loser deletes its segment': {
    changes: [
      {
        file: 'segments/commit-shard.ts',
        from: "written.ref)) === 'stored')\n      return resultOf(contributions, written);",
        to: "written.ref)) === 'stored')\n      return resultOf(contributions, written);\n    await context.objects.delete(written.ref.key);\n    written = undefined;",
      },
    ],
  },
  'a writer never starts again': {
    changes: [
      {
        file: 'segments/commit-shard.ts',
        from: ' || isPastGrace(context, written.putAt)',
        to: '',
      },
      // Covers the rule above, as that does this one: both of them end before the sweep's hour is over.
      {
        file: 'segments/commit-shard.ts',
        from: 'if (Math.abs(clock.now() - heldSince) <= GIVE_UP_MS) return;',
        to: 'if (heldSince !== undefined) return;',
      },
    ],
    focus: 'sweep orphans',
  },
  'a merge lists what it wrote long ago': {
    changes: [
      { file: 'segments/compact.ts', from: 'if (isPastGrace(context, putAt)) return false;', to: '' },
    ],
    focus: 'sweep orphans',
  },
  'ids leave footers before their upload is done': {
    changes: [
      {
        file: 'jobs/finished.ts',
        from: "if (record?.state === 'done' && holds(record)) found",
        to: 'if (record === undefined || holds(record)) found',
      },
      { file: 'segments/compact.ts', from: 'TRIM_AFTER_MS = HOUR_MS', to: 'TRIM_AFTER_MS = 0 * HOUR_MS' },
    ],
    focus: 'compact',
  },
  'the ledger is not asked': {
    changes: [
      {
        file: 'jobs/analyze.ts',
        from: 'return (await ledger.get(upload.project, upload.id)) === undefined;',
        to: 'return (await ledger.get(upload.project, upload.id)) !== null;',
      },
      {
        file: 'segments/commit-shard.ts',
        from: 'isDoubtful ? await notDone(context, partition, uncovered) : uncovered',
        to: 'uncovered',
      },
    ],
  },
  'an upload is done before it is committed': {
    changes: [
      {
        file: 'jobs/analyze.ts',
        from: '  const { broken, expired, grown } = await commitUploads',
        to: "  for (const taken of pending) await finishUpload(context, taken, 'done', null, taken.folded.dropped);\n  const { broken, expired, grown } = await commitUploads",
      },
    ],
  },
  'a merge forgets what was added meanwhile': {
    changes: [
      {
        file: 'segments/compact.ts',
        from: '[...listed.filter(({ key }) => !gone.has(key)), ref]',
        to: '[ref]',
      },
    ],
  },
  'the sweep does not wait for writers': {
    changes: [
      { file: 'jobs/sweep.ts', from: 'ORPHAN_AFTER_MS = HOUR_MS', to: 'ORPHAN_AFTER_MS = 0 * HOUR_MS' },
    ],
    focus: 'sweep orphans',
  },
  'the sweep trusts its own clock': {
    changes: [{ file: 'jobs/sweep.ts', from: 'await storeTime(context);', to: 'context.clock.now();' }],
    focus: 'sweep orphans',
  },
  'the sweep does not fence': {
    changes: [
      {
        file: 'jobs/sweep.ts',
        from: 'unlisted = await fence(',
        to: 'unlisted = unlisted ?? await fence(',
      },
    ],
    focus: 'sweep orphans',
  },
  'the sweep forgets what it sent again': {
    changes: [
      { file: 'jobs/sweep-uploads.ts', from: 'unfinished: [...waiting.values()]', to: 'unfinished: []' },
    ],
    focus: 'sweep uploads',
  },
  'a reader does without what is gone': {
    changes: [
      {
        file: 'segments/read.ts',
        from: 'if (gone === 0) return { segments, gone };',
        to: 'return { segments, gone: 0 };',
      },
    ],
    focus: 'read',
  },
  'a late upload marks no roll-up': {
    changes: [
      {
        file: 'segments/commit-shard.ts',
        from: "if (current?.head.sealed && (await markStale(context, partition)) === 'final')\n      return expiredResult(contributions);",
        to: '',
      },
    ],
    focus: 'roll up',
  },
  'a roll-up does not seal': {
    changes: [
      {
        file: 'segments/roll-up.ts',
        from: "if ((await context.heads.swap(child, head, current?.version)) === 'stored') return head;",
        to: 'return head;',
      },
    ],
    focus: 'roll up',
  },
  'partitions expire before they are rolled up': {
    changes: [
      {
        file: 'jobs/expire.ts',
        from: '(await settle(context, group))',
        to: 'group.length > 0',
      },
    ],
    focus: 'expire',
  },
  'a merge takes segments of a later version': {
    changes: [
      {
        file: 'segments/compact.ts',
        from: 'version <= analyzerVersion() && !unreadable.has(key)',
        to: '!unreadable.has(key)',
      },
    ],
    focus: 'compact',
  },
  'raw objects expire under a replay': {
    changes: [
      {
        file: 'jobs/expire.ts',
        from: 'Math.min(before, record.building?.foldedTo ?? before)',
        to: 'before',
      },
    ],
    focus: 'expire',
  },
  'a generation expires while it is built': {
    changes: [
      { file: 'jobs/expire.ts', from: '!head.head.expired && speaks(head)', to: '!head.head.expired' },
    ],
    focus: 'expire',
  },
  'a join counts every copy of an upload': {
    changes: [
      { file: 'jobs/join-gather.ts', from: 'if (said === arrived) first', to: 'if (said !== null) first' },
    ],
  },
  'a join leaves out a part': {
    changes: [
      {
        file: 'jobs/join.ts',
        from: 'isLast = parts >= cuts.length',
        to: 'isLast = parts + 1 >= cuts.length',
      },
    ],
  },
  'a replay keeps one copy of an upload': {
    changes: [
      {
        file: 'jobs/replay.ts',
        from: 'await writePieces(context, generation, held);',
        to: 'await writePieces(context, generation, [...new Map(held.map((one) => [one.upload.id, one])).values()]);',
      },
    ],
    focus: 'replay',
  },
};
