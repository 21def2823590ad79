import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

/**
 * The frame of every page: its title, and the one place where content begins. A page says itself what it is about; until it
 * has its data, or when that cannot be read, the title is its heading to those who hear it.
 */
export function Page({
  title,
  service,
  children,
}: {
  title: string;
  service?: string | undefined;
  children: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · Tidemark`;
  }, [title]);
  useEffect(() => {
    // Keys such as `g m` work on every page that is about a service, whatever its URL.
    if (service) document.body.dataset.service = service;
    else delete document.body.dataset.service;
  }, [service]);
  return (
    <main id="main" class="page" tabIndex={-1}>
      <h1 class="sr title">{title}</h1>
      {children}
    </main>
  );
}
