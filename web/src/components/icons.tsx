// The drawings of the chrome; each is named by the control around it.
export const Logo = () => (
  <svg width="22" height="18" viewBox="0 0 22 18" aria-hidden="true">
    <path
      d="M1 13l4.2-6.2v4.4L10.4 5v4L16 2v4"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linejoin="round"
      stroke-linecap="round"
      opacity=".55"
    />
    <path
      d="M1 16.2h4.2L16 8.6h5"
      fill="none"
      stroke="var(--floor-mark)"
      stroke-width="2"
      stroke-linejoin="round"
      stroke-linecap="round"
    />
  </svg>
);
export const SearchIcon = () => (
  <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
    <circle cx="6" cy="6" r="4.4" fill="none" stroke="currentColor" stroke-width="1.5" />
    <path d="M9.4 9.4L13 13" stroke="currentColor" stroke-width="1.5" />
  </svg>
);
export const ThemeIcon = () => (
  <svg width="15" height="15" viewBox="0 0 15 15" aria-hidden="true">
    <circle cx="7.5" cy="7.5" r="6" fill="none" stroke="currentColor" stroke-width="1.4" />
    <path d="M7.5 1.5a6 6 0 0 1 0 12z" fill="currentColor" />
  </svg>
);
export const MenuIcon = () => (
  <svg width="16" height="12" viewBox="0 0 16 12" aria-hidden="true">
    <path d="M0 1h16M0 6h16M0 11h16" stroke="currentColor" stroke-width="1.5" />
  </svg>
);
export const ArrowIcon = ({ left }: { left: boolean }) => (
  <svg width="8" height="12" viewBox="0 0 8 12" aria-hidden="true">
    <path
      d={left ? 'M6.5 1l-5 5 5 5' : 'M1.5 1l5 5-5 5'}
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
    />
  </svg>
);
