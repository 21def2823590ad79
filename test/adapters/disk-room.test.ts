import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { needRoom, ROOM_BYTES } from '../../lib/adapters/disk-room.ts';

const free = (bytes: number) => () => ({ bavail: bytes / 4096, bsize: 4096 });

describe('needRoom()', () => {
  it('refuses below 64 MiB, and takes what is left from there on', () => {
    expect(() => needRoom('data', free(ROOM_BYTES - 4096))).toThrow(
      'Cannot store uploads: the disk of data is full (less than 64 MiB free)',
    );
    expect(() => needRoom('data', free(ROOM_BYTES))).not.toThrow();
    expect(() => needRoom('data', free(0))).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });

  it('asks the real disk', () => {
    expect(() => needRoom(tmpdir())).not.toThrow();
    expect(() => needRoom('/no/such/folder')).toThrow('ENOENT');
  });
});
