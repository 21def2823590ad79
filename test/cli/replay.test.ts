import { expect, it } from 'vitest';
import { replay } from '../../lib/cli/replay.ts';
import { readConfig } from '../../lib/compose/config.ts';
import { openRecords } from '../../lib/compose/local.ts';
import { listProjects } from '../../lib/records/api-keys.ts';
import { temporaryFolder } from '../adapters/stores.ts';
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
