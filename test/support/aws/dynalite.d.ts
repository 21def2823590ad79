declare module 'dynalite' {
  import type { Server } from 'node:http';
  /** Times in ms that tables take to be made and removed. */
  export default function dynalite(options: { createTableMs?: number; deleteTableMs?: number }): Server;
}
