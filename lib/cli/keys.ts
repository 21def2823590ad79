import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { readConfig } from '../compose/config.ts';
import { openKeys } from '../compose/open.ts';
import { secretText, uploadSecret } from '../http/signing.ts';
import { Fault } from '../model/fault.ts';
import { hexOf } from '../model/ids.ts';
import {
  ANY_ORIGIN,
  type ApiKey,
  changeKey,
  createKey,
  ensureProject,
  listKeys,
  SCOPES,
  type Scope,
} from '../records/api-keys.ts';
import { EXIT, type Io } from './command.ts';
import { table } from './table.ts';

const HELP = `Usage: tidemark keys create --project P [--scopes ingest,read,admin] [--note TEXT]
                            [--origins https://shop.example,…]   for browsers: writes alone, from these pages
       tidemark keys list [--project P]
       tidemark keys rotate ID     a second upload secret; the first one still verifies until the next rotation
       tidemark keys revoke ID     refused everywhere within 30 s

Works beside a server that is running on the same folder. Tokens and secrets are shown once, here.

  --data DIR   the server's folder (default ./.tidemark, or TIDEMARK_DATA)
  --json       one JSON document on stdout
`;

const OPTIONS = {
  project: { type: 'string' },
  scopes: { type: 'string' },
  origins: { type: 'string' },
  note: { type: 'string' },
  data: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export async function keys(args: string[], io: Io): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [action, id] = positionals;
  if (values.help || action === undefined) {
    io.stdout(HELP);
    return values.help ? EXIT.done : EXIT.usage;
  }
  const config = readConfig(process.env, values.data === undefined ? {} : { dataDir: values.data });
  const opened = await openKeys(config);
  const store = { ...opened, publicUrl: config.publicUrl };
  try {
    switch (action) {
      case 'create':
        return await create(store, values, io);
      case 'list':
        return await print(store, values, io);
      case 'rotate':
      case 'revoke':
        if (id === undefined) break;
        return await change(store, action, id, values.json === true, io);
    }
    io.stderr(
      `tidemark keys: Cannot read "${positionals.join(' ')}"; tidemark keys --help shows the forms\n`,
    );
    return EXIT.usage;
  } finally {
    opened.close();
  }
}

type Store = Awaited<ReturnType<typeof openKeys>> & { readonly publicUrl: string };
interface Values {
  readonly project?: string | undefined;
  readonly scopes?: string | undefined;
  readonly origins?: string | undefined;
  readonly note?: string | undefined;
  readonly json?: boolean | undefined;
}

async function create(store: Store, values: Values, io: Io): Promise<number> {
  if (values.project === undefined) {
    io.stderr('tidemark keys create: --project is missing\n');
    return EXIT.usage;
  }
  const project = await ensureProject(store.records, values.project);
  const id = `k_${hexOf(randomBytes(6))}`;
  const token = `tm_${randomBytes(24).toString('base64url')}`;
  const publicKey = hexOf(randomBytes(16));
  const key: ApiKey = {
    id,
    project: project.name,
    scopes: scopesOf(values),
    status: 'active',
    createdAt: Date.now(),
    note: values.note ?? '',
    publicKey,
    secretVersions: [1],
    ...(values.origins !== undefined && { origins: originsOf(values.origins) }),
  };
  await createKey(store.records, key, token);
  const secret = secretText(await uploadSecret(store.masterSecret, id, 1));
  const { protocol, host } = new URL(store.publicUrl);
  const dsn = `${protocol}//${publicKey}@${host}/${project.number}`;
  const made = { id, project: project.name, dsn, token, secret };
  if (values.json) io.stdout(`${JSON.stringify(made)}\n`);
  else
    io.stdout(
      `${table(Object.entries(made).map(([name, value]) => [name, value]))}\nToken and secret are not shown again.\n`,
    );
  return EXIT.done;
}

function scopesOf({
  origins,
  scopes: text = origins === undefined ? 'ingest,read' : 'ingest',
}: Values): Scope[] {
  const scopes = text.split(',').map((scope) => scope.trim());
  const unknown = scopes.find((scope) => !SCOPES.includes(scope as Scope));
  if (unknown !== undefined) {
    throw new Fault('invalid-input', `Cannot use scope "${unknown}": need some of ${SCOPES.join(', ')}`);
  }
  if (origins !== undefined && text !== 'ingest')
    throw new Fault(
      'invalid-input',
      `Cannot give a browser's key the scopes "${text}": everybody may read it`,
    );
  return scopes as Scope[];
}

function originsOf(text: string): string[] {
  const origins = text.split(',').map((origin) => origin.trim());
  const bad = origins.find((one) => one !== ANY_ORIGIN && !isOrigin(one));
  if (bad !== undefined)
    throw new Fault(
      'invalid-input',
      `Cannot use origin "${bad}": need https://host, with a port where it is another, or *`,
    );
  return origins;
}

const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text;

async function print(store: Store, values: Values, io: Io): Promise<number> {
  const found = await listKeys(store.records, values.project);
  if (values.json) io.stdout(`${JSON.stringify({ items: found })}\n`);
  else if (found.length === 0) io.stdout('No keys. tidemark keys create --project P makes one.\n');
  else {
    const rows = found.map((key) => [
      key.id,
      key.project,
      key.status,
      key.scopes.join(','),
      new Date(key.createdAt).toISOString().slice(0, 16),
      key.note,
    ]);
    io.stdout(table([['id', 'project', 'status', 'scopes', 'created', 'note'], ...rows]));
  }
  return EXIT.done;
}

async function change(
  store: Store,
  action: 'rotate' | 'revoke',
  id: string,
  json: boolean,
  io: Io,
): Promise<number> {
  const changed = await changeKey(store.records, id, (key) => {
    if (action === 'revoke') return { ...key, status: 'revoked' };
    const next = Math.max(...key.secretVersions) + 1;
    return { ...key, secretVersions: [...key.secretVersions, next].slice(-2) };
  });
  if (changed === undefined) throw new Fault('not-found', `Cannot ${action} key: there is no "${id}"`);
  const version = changed.secretVersions.at(-1) as number;
  const secret =
    action === 'rotate' ? secretText(await uploadSecret(store.masterSecret, id, version)) : undefined;
  if (json) io.stdout(`${JSON.stringify({ id, status: changed.status, ...(secret && { secret }) })}\n`);
  else
    io.stdout(
      secret === undefined
        ? `${id} is revoked, at the latest in 30 s.\n`
        : `New upload secret of ${id}: ${secret}\n`,
    );
  return EXIT.done;
}
