// Runs before the first paint, so that a dark page never flashes white. A file of its own: the content policy allows no
// inline script.
{
  let chosen = null;
  try {
    chosen = localStorage.getItem('tidemark-theme');
  } catch {
    // Storage can be switched off; the system's choice stands.
  }
  const dark = chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}
