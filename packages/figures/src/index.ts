/** How figures are shown, on pages, in reports and in the terminal: numbers with units, colours, charts as data. */
export {};
