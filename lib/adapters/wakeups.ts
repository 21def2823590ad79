/** Lets receivers of one process sleep until a sender of the same process has something, or a time has passed. */
export function wakeups() {
  const sleepers = new Set<() => void>();
  return {
    wake(): void {
      for (const rise of [...sleepers]) rise();
    },
    /** Resolves at the next `wake`, after `ms`, or when `signal` aborts; never rejects. */
    wait(ms: number, signal?: AbortSignal): Promise<void> {
      return new Promise((resolve) => {
        const rise = () => {
          clearTimeout(timer);
          sleepers.delete(rise);
          signal?.removeEventListener('abort', rise);
          resolve();
        };
        const timer = setTimeout(rise, ms);
        sleepers.add(rise);
        signal?.addEventListener('abort', rise, { once: true });
        if (signal?.aborted) rise();
      });
    },
  };
}
