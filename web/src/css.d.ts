/** Styles of one page, which Vite puts into its chunk. */
declare module '*.css';
