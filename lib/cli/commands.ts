import type { Command } from './command.ts';

/** Every command by name. Loaded when called, so that `--help` and small commands start fast. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  serve: {
    summary: 'Run the server with its UI at http://127.0.0.1:4040',
    run: async (args, io) => (await import('./serve.ts')).serve(args, io),
  },
  demo: {
    summary: 'Watch a small service leak, and Tidemark find it',
    run: async (args) =>
      (await import('./demo.ts')).demo(args, { stdout: process.stdout, stderr: process.stderr }),
  },
  scan: {
    summary: 'Look for a leak in files: CSV, GC logs, OTLP, Prometheus answers',
    run: async (args, io) => (await import('./scan.ts')).scan(args, io),
  },
  changepoints: {
    summary: 'Where the level or the slope of a series changes',
    run: async (args, io) => (await import('./changepoints.ts')).changepoints(args, io),
  },
  profile: {
    summary: 'Summarise, compare, merge and convert profiles: pprof, V8, folded, speedscope, Sentry',
    run: async (args, io) => (await import('./profile.ts')).profile(args, io),
  },
  trace: {
    summary: 'Check the nesting of spans, find gaps and slow spans: Sentry envelopes, transactions, OTLP',
    run: async (args, io) => (await import('./trace.ts')).trace(args, io),
  },
  keys: {
    summary: 'Create, list and revoke keys',
    run: async (args, io) => (await import('./keys.ts')).keys(args, io),
  },
  aliases: {
    summary: 'Names of one service in several protocols',
    run: async (args, io) => (await import('./aliases.ts')).aliases(args, io),
  },
  send: {
    summary: 'Upload files, signed; resumes where it was interrupted',
    run: async (args, io) => (await import('./send.ts')).send(args, io),
  },
  replay: {
    summary: 'Compute everything again from the raw uploads, beside live traffic',
    run: async (args, io) => (await import('./replay.ts')).replay(args, io),
  },
  redrive: {
    summary: 'Give dead letters and uploads that were set aside another try',
    run: async (args, io) => (await import('./redrive.ts')).redrive(args, io),
  },
  doctor: {
    summary: 'What arrives, and what is missing for a verdict',
    run: async (args, io) => (await import('./doctor.ts')).doctor(args, io),
  },
};
