import { describe, expect, it } from 'vitest';
import type { ApiFinding } from '../../lib/http/schemas.ts';
import { tell } from './service-story.ts';

const KIB = 1024;
const plain = (text: string) => text.replaceAll('\u202f', ' ');

describe('a leak from its release to the proof of its fix', () => {
  it('names the first bad release, says what is missing for the proof, and resolves with it', async () => {
    const story = await tell();
    const finding = async () =>
      (await story.product.get<{ items: ApiFinding[] }>('/findings?kind=leak')).items[0]!;
    try {
      await story.run({ version: '1.4.1', kept: 0, minutes: 60 });
      expect(await finding()).toBeUndefined();
      await story.run({ version: '1.4.2', kept: 40 * KIB, minutes: 120 });
      const leak = await finding();
      expect(plain(leak.summary)).toMatch(
        /every `GET \/cart` keeps (39|40).* KiB on the heap\. 1\.4\.2 is the first release that does; 1\.4\.1 kept /,
      );
      const { releases } = leak.evidence.explained!;
      expect(releases!.items.map(({ version, lives }) => [version, lives])).toEqual([
        ['1.4.1', 1],
        ['1.4.2', 1],
      ]);
      await story.run({ version: '1.4.3', kept: 0, minutes: 8 });
      expect([(await finding()).state, plain((await finding()).summary)]).toEqual([
        'firing',
        expect.stringMatching(
          /1\.4\.3 has served .* of about .* `GET \/cart` that would prove it fixed: .* missing\.$/,
        ),
      ]);
      await story.run({ version: '1.4.3', kept: 0, minutes: 60 });
      const fixed = await finding();
      expect([fixed.state, plain(fixed.summary)]).toEqual([
        'resolved',
        expect.stringMatching(
          /^Fixed in 1\.4\.3: every `GET \/cart` keeps −?0?.* B there, over [\d.,k ]+ of them\.$/,
        ),
      ]);
      expect(fixed.evidence.explained!.releases!.fix).toMatchObject({ state: 'fixed', by: 'unit' });
    } finally {
      await story.product.close();
    }
  });
});
