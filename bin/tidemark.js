#!/usr/bin/env node
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runOnNode24 } from './run.js';

const main = join(dirname(fileURLToPath(import.meta.url)), '..', 'lib', 'cli', 'main.ts');
runOnNode24([main, ...process.argv.slice(2)]);
