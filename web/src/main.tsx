import { render } from 'preact';
import { App } from './app.tsx';
import { startKeys } from './keys.ts';
import { startRouter } from './router.ts';
import { startStatus } from './status.ts';

startRouter();
startKeys();
startStatus();
const root = document.getElementById('app');
if (root) render(<App />, root);
