import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../lib/cli/commands.ts';
import { testIo } from './io.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const tidemark = (...args: string[]) =>
  spawnSync(process.execPath, [join(ROOT, 'lib', 'cli', 'main.ts'), ...args], {
    encoding: 'utf8',
    input: '',
  });

describe('tidemark', () => {
  it('lists its commands and exit codes by --help, and without arguments as a mistake', () => {
    const help = tidemark('--help');
    expect([help.status, help.stderr]).toEqual([0, '']);
    for (const name of Object.keys(COMMANDS)) expect(help.stdout).toContain(`\n  ${name} `);
    expect(help.stdout).toContain('Exit codes: 0 done, 1 failed, 2 usage, 3');
    expect(tidemark()).toMatchObject({ status: 2, stdout: help.stdout });
  });

  it('tells its version', () => {
    expect(tidemark('--version')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it('names an unknown command in one line', () => {
    const line = 'tidemark: There is no command "fly"; tidemark --help lists them\n';
    expect(tidemark('fly')).toMatchObject({ status: 2, stdout: '', stderr: line });
    expect(tidemark('toString')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: line.replace('fly', 'toString'),
    });
  });

  it('tells failures in one line without a stack, and mistakes as usage', () => {
    const failed = tidemark('send', '/no/such/file', '--to', 'http://127.0.0.1:1');
    expect(failed).toMatchObject({ status: 1, stdout: '' });
    expect(failed.stderr).toMatch(/^tidemark: [^\n]*\/no\/such\/file[^\n]*\n$/);
    const mistaken = tidemark('keys', '--bogus');
    expect(mistaken).toMatchObject({ status: 2, stdout: '' });
    expect(mistaken.stderr).toMatch(/^tidemark: [^\n]*--bogus[^\n]*\n$/);
  });

  // Node explains this one over three lines.
  it.each([
    ['scan', 'x'],
    ['trace', 'check', 'x'],
  ])('%s tells in one line of a value that looks like an option', async (name, ...args) => {
    const io = testIo();
    expect([await COMMANDS[name]?.run([...args, '--limit', '-5'], io), io.out]).toEqual([2, '']);
    expect(io.err).toMatch(/^[^\n]+\n$/);
  });

  it('runs from bin/tidemark.js in any folder', () => {
    const bin = join(ROOT, 'bin', 'tidemark.js');
    const done = spawnSync(process.execPath, [bin, 'keys', '--help'], { cwd: '/', encoding: 'utf8' });
    expect([done.status, done.stdout.split('\n')[0]]).toEqual([
      0,
      'Usage: tidemark keys create --project P [--scopes ingest,read,admin] [--note TEXT]',
    ]);
  });

  it.each(Object.keys(COMMANDS).filter((name) => name !== 'demo'))(
    '%s explains itself by --help',
    async (name) => {
      const io = testIo();
      expect(await COMMANDS[name]?.run(['--help'], io)).toBe(0);
      expect(io.out).toMatch(new RegExp(`^Usage: tidemark ${name}`));
      expect(io.err).toBe('');
    },
  );
});
