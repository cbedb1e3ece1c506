/** The layer table of ARCHITECTURE.md as data: what each package may import. */

export interface Layer {
  /** Layers of this repository that it may import. */
  readonly ours: readonly string[];
  /** Packages of npm that it may import; a trailing `/*` admits a scope, `*` whatever its package.json lists. */
  readonly npm: readonly string[];
  /** Whether it may import Node's own modules: `true`, or only in the files that match. */
  readonly node: boolean | RegExp;
}

export const layers: Readonly<Record<string, Layer>> = {
  core: { ours: [], npm: ["zod"], node: false },
  aggregators: { ours: ["core"], npm: ["zod"], node: false },
  dp: { ours: ["core"], npm: ["zod", "@noble/ciphers"], node: false },
  training: {
    ours: ["core", "dp"],
    npm: ["@tensorflow/*", "@huggingface/*", "csv-parse", "sharp", "zod"],
    node: /^src\/backends\//,
  },
  client: { ours: ["core", "dp", "training"], npm: ["socket.io-client", "zod"], node: false },
  db: { ours: ["core"], npm: ["*"], node: true },
  api: { ours: ["core"], npm: ["zod"], node: false },
  figures: { ours: [], npm: ["d3-scale"], node: false },
  simulation: {
    ours: ["core", "aggregators", "dp", "training", "client", "node-ports"],
    npm: ["zod"],
    node: /(^|[/-])(worker|report)(s|ers)?([./-])/,
  },
  reports: {
    ours: ["core", "figures", "simulation"],
    npm: ["@napi-rs/canvas", "@fontsource/*", "zod"],
    node: true,
  },
  "node-ports": { ours: ["core"], npm: [], node: true },
  testkit: { ours: ["core"], npm: ["fast-check", "playwright-core", "vitest"], node: true },
  apps: {
    ours: [
      "core",
      "aggregators",
      "dp",
      "training",
      "client",
      "db",
      "api",
      "figures",
      "reports",
      "node-ports",
      "simulation",
    ],
    npm: ["*"],
    node: true,
  },
};

/** The one app that may import other apps: it starts them. */
export const launcher = "apps/cli";
