/**
 * Lint with types. One TypeScript program (tsconfig.test.json) serves sources and tests alike, so that a run stays
 * short on a small machine.
 */
import js from "@eslint/js";
import reactHooks from "eslint-plugin-react-hooks";
import prettier from "eslint-config-prettier";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const pureLayers = [
  "packages/core/src/**",
  "packages/api/src/**",
  "packages/aggregators/src/**",
  "packages/dp/src/**",
  "packages/client/src/**",
  "packages/training/src/**",
  "packages/figures/src/**",
];
/** In a pure package these may still touch the platform. */
const platformFiles = ["packages/training/src/backends/**"];
const tests = [
  "**/*.test.{ts,tsx}",
  "**/*.bench.ts",
  "test/**",
  "bench/**",
  "packages/testkit/**",
  "**/src/test-support/**",
];

/** Ambient time, dice, input and output: pure layers get these through ports. */
const ambientGlobals = [
  ...["console", "setTimeout", "setInterval", "setImmediate", "queueMicrotask", "performance"],
  ...["clearTimeout", "clearInterval", "clearImmediate", "crypto", "fetch", "process", "Buffer"],
  ...["global", "require", "__dirname", "__filename", "window", "document", "navigator"],
  ...["localStorage", "indexedDB", "structuredClone", "requestAnimationFrame", "WebSocket"],
];

const unwantedSyntax = [
  { selector: "ExportDefaultDeclaration", message: "Export by name." },
  { selector: "TSEnumDeclaration", message: "Use a const object and a union." },
];

const noDice = {
  object: "Math",
  property: "random",
  message: "Take an Rng: every draw comes from a seed.",
};
const noWallClock = [
  { object: "Date", property: "now", message: "Take a Clock: time is an argument." },
  { object: "Math", property: "random", message: noDice.message },
  { object: "globalThis", property: "crypto", message: "Take an Entropy or Hash port." },
];

export default defineConfig(
  globalIgnores([
    "**/dist/**",
    "**/node_modules/**",
    "**/generated/**",
    "out/**",
    "coverage/**",
    ".turbo/**",
    "docs/api/**",
    "packages/*/src/platform.d.ts",
  ]),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  prettier,
  {
    languageOptions: {
      parserOptions: {
        project: ["./tsconfig.test.json", "./apps/client-web/tsconfig.test.json"],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "max-params": ["error", 3],
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
      eqeqeq: "error",
      "no-console": "error",
      "no-restricted-properties": ["error", noDice],
      "no-restricted-syntax": ["error", ...unwantedSyntax],
      "@typescript-eslint/ban-ts-comment": [
        "error",
        { "ts-expect-error": "allow-with-description" },
      ],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/consistent-type-exports": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      // Types alone do not tell what a caller across a wire or a cast may hand in.
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: true },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      // tsc's noPropertyAccessFromIndexSignature asks for the brackets that this rule forbids.
      "@typescript-eslint/dot-notation": "off",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", destructuredArrayIgnorePattern: "^_" },
      ],
    },
  },
  {
    files: pureLayers,
    ignores: [...tests, ...platformFiles],
    rules: {
      "no-restricted-globals": ["error", ...ambientGlobals],
      "no-restricted-properties": ["error", ...noWallClock],
      "no-restricted-syntax": [
        "error",
        ...unwantedSyntax,
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: "Take a Clock: time is an argument.",
        },
      ],
    },
  },
  {
    files: tests,
    rules: {
      "max-lines-per-function": "off",
      // Tables of cases hand over one argument per column.
      "max-params": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
      // Stubs of a port are often empty, and async only because the port is.
      "@typescript-eslint/no-empty-function": "off",
      "@typescript-eslint/require-await": "off",
      // loadGolden<Shape>(path) names what the file is known to hold.
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      // expect(spy.method) and rejected promises of chosen values are the point of some tests.
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/only-throw-error": "off",
    },
  },
  { files: ["apps/client-web/src/**"], ...reactHooks.configs.flat.recommended },
  // Speaks of React's compiler, which is not used here.
  { files: ["apps/client-web/src/**"], rules: { "react-hooks/incompatible-library": "off" } },
  // Terminal programs speak to the terminal; the watch on console output replaces it.
  {
    files: ["scripts/**", "bench/**", "examples/**", "packages/testkit/src/console.ts"],
    rules: { "no-console": "off" },
  },
  // Tables of phrases: data that happens to be TypeScript.
  { files: ["scripts/household-intents/grammar.ts"], rules: { "max-lines": "off" } },
  { files: ["**/*.config.ts", "**/*.config.js"], rules: { "no-restricted-syntax": "off" } },
  {
    files: ["**/*.js", "**/*.mjs"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } },
  },
  {
    files: ["apps/client-web/public/**/*.js"],
    languageOptions: { globals: { document: "readonly", localStorage: "readonly" } },
  },
);
