import { expect, it } from 'vitest';
import { replay, runReplay } from '../../lib/cli/replay.ts';
import { readConfig } from '../../lib/compose/config.ts';
import { openLocal, openRecords } from '../../lib/compose/local.ts';
import { abandonReplay, openReplay } from '../../lib/jobs/replay.ts';
import { listProjects } from '../../lib/records/api-keys.ts';
import { generations } from '../../lib/records/generations.ts';
import { temporaryFolder } from '../adapters/stores.ts';
import { world } from '../jobs/world.ts';
import { testIo } from './io.ts';

it.each(['nosuch', '../default'])(
  'tidemark replay refuses %s, which is no project, and makes none',
  async (project) => {
    const folder = await temporaryFolder();
    await expect(replay(['--project', project, '--data', folder.path], testIo())).rejects.toMatchObject({
      code: 'not-found',
      message: `Cannot replay: there is no project "${project}"`,
    });
    const { records, close } = openRecords(readConfig({}, { dataDir: folder.path }));
    expect((await listProjects(records)).map(({ name }) => name)).toEqual(['default']);
    close();
    await folder.remove();
  },
);

it('tidemark replay --abandon gives up the one that is under way, and finds none after it', async () => {
  const folder = await temporaryFolder();
  const args = ['--project', 'default', '--abandon', '--data', folder.path];
  const local = await openLocal(readConfig({}, { dataDir: folder.path }));
  await openReplay(local.context, 'default');
  await local.close();
  const io = testIo();
  expect(await replay(args, io)).toBe(0);
  const { records, close } = openRecords(readConfig({}, { dataDir: folder.path }));
  const record = await generations(records, { now: Date.now }).read('default');
  expect(record).toMatchObject({ building: null, eras: [{ generation: 0 }], retired: [{ generation: 1 }] });
  close();
  await expect(replay(args, testIo())).rejects.toMatchObject({ code: 'not-found' });
  await folder.remove();
});

it('tidemark replay does not say that it is done when somebody else gave it up', async () => {
  const { context } = await world();
  const replaying = runReplay(
    context,
    'default',
    { from: undefined, to: undefined },
    { sleep: async () => undefined, tell: async () => void (await abandonReplay(context, 'default')) },
  );
  await expect(replaying).rejects.toMatchObject({ code: 'conflict' });
});
