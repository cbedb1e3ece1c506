/** The HTTP API of a coordinator as data. */
export {};
