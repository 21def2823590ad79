import type { Trace } from '../../model/trace.ts';

/**
 * Why parents are wrong, or cross.
 * - `integration-absent`: Sentry's AsyncioIntegration isn't configured, so tasks share a scope.
 * - `integration-inactive`: it is listed, but `init()` ran before the event loop and it patched nothing.
 * - `loop-out-of-reach`: the loop runs in a thread that `init()` had no hand in, started by another library.
 * - `second-loop`: another loop of the process is patched, this one isn't.
 * - `shared-context`: OpenTelemetry; tasks of a request share one context object.
 * - `late-binding`: scopes are apart; a task took its parent at its first step, or outlived the one it had.
 */
export type Cause =
  | 'integration-absent'
  | 'integration-inactive'
  | 'loop-out-of-reach'
  | 'second-loop'
  | 'shared-context'
  | 'late-binding';

// Texts to paste. Each says in its first line where it goes.

/** The web framework of a service, as Sentry's SDK or its integrations name it. */
type Framework = 'fastapi' | 'starlette' | 'litestar' | 'quart' | 'aiohttp' | 'sanic' | 'django' | 'other';
const FRAMEWORKS: readonly Framework[] = [
  'fastapi',
  'litestar',
  'quart',
  'sanic',
  'starlette',
  'aiohttp',
  'django',
];

export function fixFor(cause: Cause, trace: Trace): string {
  switch (cause) {
    case 'integration-absent':
      return moveInit(trace, true);
    case 'integration-inactive':
      return canEnableLater(trace) ? enableInStartUp(trace) : moveInit(trace, false);
    case 'loop-out-of-reach':
    case 'second-loop':
      return canEnableLater(trace) ? ENABLE_IN_FIRST_COROUTINE : INIT_IN_FIRST_COROUTINE;
    case 'shared-context':
      return STOCK_CONTEXT;
    case 'late-binding':
      return SPAN_IN_TASK;
  }
}

/** `enable_asyncio_integration` came with sentry-sdk 2.50.0. */
function canEnableLater({ sdk }: Trace): boolean {
  const [major = 0, minor = 0] = sdk.version.split('.').map((part) => Number.parseInt(part, 10));
  return major > 2 || (major === 2 && minor >= 50);
}

/** `sentry.python.fastapi` says it; aiohttp is also a client's name, so it counts last. */
function frameworkOf({ sdk }: Trace): Framework {
  const named = sdk.name.split('.').at(-1);
  return (
    FRAMEWORKS.find((framework) => framework === named) ??
    FRAMEWORKS.find((framework) => sdk.integrations?.includes(framework)) ??
    'other'
  );
}

const indent = (text: string) => text.replaceAll(/^(?=.)/gm, '    ');

const IMPORT_ENABLE = 'from sentry_sdk.integrations.asyncio import enable_asyncio_integration';
const IMPORT_INTEGRATION =
  'import sentry_sdk\nfrom sentry_sdk.integrations.asyncio import AsyncioIntegration';
const INIT = 'sentry_sdk.init(dsn="…", integrations=[AsyncioIntegration()])  # your other options stay';

function enableInStartUp(trace: Trace): string {
  return `${WHERE[frameworkOf(trace)]}\n\n${IMPORT_ENABLE}\n${startUp(trace, 'enable_asyncio_integration()')}`;
}

function moveInit(trace: Trace, isNew: boolean): string {
  const why = isNew ? 'Add AsyncioIntegration and move' : 'Move';
  const where = WHERE[frameworkOf(trace)].replace(/^I/, 'i').replace(/:$/, '');
  return `${why} sentry_sdk.init() to where the event loop runs, ${where}:\n\n${IMPORT_INTEGRATION}\n${startUp(trace, INIT)}`;
}

const WHERE: Readonly<Record<Framework, string>> = {
  fastapi: "In FastAPI's lifespan, which runs inside the event loop:",
  starlette: "In Starlette's lifespan, which runs inside the event loop:",
  litestar: 'In a start-up hook, which runs inside the event loop:',
  quart: 'In a start-up hook, which runs inside the event loop:',
  aiohttp: 'In a start-up hook, which runs inside the event loop:',
  sanic: 'In a start-up hook, which runs inside the event loop:',
  django: 'In asgi.py, since Django has no start-up hook inside the event loop:',
  other: 'In the first lines of the coroutine that the program starts with:',
};

function startUp(trace: Trace, line: string): string {
  const framework = frameworkOf(trace);
  switch (framework) {
    case 'fastapi':
    case 'starlette':
      return `from contextlib import asynccontextmanager\n\n@asynccontextmanager\nasync def lifespan(app):\n${indent(line)}\n    yield\n\napp = ${framework === 'fastapi' ? 'FastAPI' : 'Starlette'}(lifespan=lifespan)  # your other arguments stay`;
    case 'litestar':
      return `\nasync def start_sentry():\n${indent(line)}\n\napp = Litestar(on_startup=[start_sentry])  # your other arguments stay`;
    case 'quart':
      return `\n@app.before_serving\nasync def start_sentry():\n${indent(line)}`;
    case 'aiohttp':
      return `\nasync def start_sentry(app):\n${indent(line)}\n\napp.on_startup.append(start_sentry)`;
    case 'sanic':
      return `\n@app.before_server_start\nasync def start_sentry(app):\n${indent(line)}`;
    case 'django':
      return `\ndjango = get_asgi_application()\nstarted = False\n\nasync def application(scope, receive, send):\n    global started\n    if not started:\n        started = True\n${indent(indent(line))}\n    await django(scope, receive, send)`;
    case 'other':
      return `\nasync def main():\n${indent(line)}\n    ...`;
  }
}

const ENABLE_IN_FIRST_COROUTINE = `In the first coroutine that runs on each event loop of the process (the entry point that the library calls):

${IMPORT_ENABLE}

async def entry_point(...):
    enable_asyncio_integration()
    ...`;

const INIT_IN_FIRST_COROUTINE = `In the first coroutine that runs on each event loop of the process (the entry point that the library calls); with sentry-sdk 2.50.0 or later enable_asyncio_integration() does:

${IMPORT_INTEGRATION}

async def entry_point(...):
    ${INIT}
    ...`;

const STOCK_CONTEXT = `Let each task have a context of its own:

# 1. no replaced runtime context: leave OTEL_PYTHON_CONTEXT unset (contextvars_context)
# 2. open spans with the context manager, never attach() without detach()
with tracer.start_as_current_span("name"):
    ...
# 3. pass no shared context to tasks: asyncio.create_task(work()), not create_task(work(), context=shared)`;

const SPAN_IN_TASK = `Nothing is wrong with the set-up. If the work belongs to the request, await it; else open a span (or a transaction of its own) inside the task:

async def background():
    with sentry_sdk.start_span(op="task", name="background"):
        ...`;
