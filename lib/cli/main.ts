import { readFileSync } from 'node:fs';
import { Fault, messageOf } from '../model/fault.ts';
import { VERSION } from '../server/version.ts';
import { type Command, EXIT, type Io } from './command.ts';
import { COMMANDS } from './commands.ts';

const overview = () => {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: tidemark <command> [options]

${rows.join('\n')}

Every command has --help and --json. Exit codes: 0 done, 1 failed, 2 usage, 3 a --fail-on condition holds.
`;
};

async function run(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    io.stdout(overview());
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  if (name === '--version' || name === '-v') {
    io.stdout(`${VERSION}\n`);
    return EXIT.done;
  }
  const command: Command | undefined = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    io.stderr(`tidemark: There is no command "${name}"; tidemark --help lists them\n`);
    return EXIT.usage;
  }
  try {
    return await command.run(rest, io);
  } catch (error) {
    return explain(error, io);
  }
}

/** One line for what people can act on. A bug keeps its stack when asked for. */
function explain(error: unknown, io: Io): number {
  const usage =
    error instanceof TypeError && String((error as { code?: string }).code).startsWith('ERR_PARSE_ARGS');
  const message = messageOf(error);
  io.stderr(`tidemark: ${message.split('\n', 1)[0]}\n`);
  if (!usage && !(error instanceof Fault) && process.env.TIDEMARK_DEBUG && error instanceof Error) {
    io.stderr(`${error.stack}\n`);
  }
  return usage ? EXIT.usage : EXIT.failed;
}

async function readStdin(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

const io: Io = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  // Nothing else runs meanwhile, and through promises a thousand small files cost five times as much.
  readFile: async (path) => (path === '-' ? readStdin() : readFileSync(path)),
  isTerminal: process.stderr.isTTY === true,
};

// A closed pipe (`tidemark … | head`) is no failure of ours.
process.stdout.on('error', (error: { code?: string }) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.exitCode = await run(process.argv.slice(2), io);
