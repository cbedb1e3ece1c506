/** Experiments as pages, figures, tables and event files. */
export {};
