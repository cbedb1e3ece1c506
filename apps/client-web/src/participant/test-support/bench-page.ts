/** Calls into the bench of a page, with errors as they were thrown there. */
import { errorCodes, FedtuneError } from "@fedtune/core";
import type { Page } from "playwright-core";

/** A bench whose functions are all called from outside: arguments and results survive JSON. */
export type Remote<Bench> = {
  readonly [Name in keyof Bench]: Bench[Name] extends (...input: infer Input) => infer Output
    ? (...input: Input) => Promise<Awaited<Output>>
    : never;
};

type Outcome = { readonly value: unknown } | { readonly code: string; readonly message: string };

/** The bench of a page that is loaded. */
function benchOf<Bench>(page: Page): Remote<Bench> {
  const call = async (name: string, input: readonly unknown[]): Promise<unknown> => {
    const outcome = await page.evaluate(
      async ([method, values]): Promise<Outcome> => {
        const bench = Reflect.get(globalThis, "bench") as Record<
          string,
          (...all: readonly unknown[]) => unknown
        >;
        try {
          return { value: await bench[method]?.(...values) };
        } catch (error) {
          const code: unknown = error instanceof Object ? Reflect.get(error, "code") : null;
          return { code: String(code), message: String(error) };
        }
      },
      [name, input] as const,
    );
    if ("value" in outcome) return outcome.value;
    const code = errorCodes.find((known) => known === outcome.code);
    throw code === undefined ? new Error(outcome.message) : new FedtuneError(code, outcome.message);
  };
  return new Proxy({} as Remote<Bench>, {
    get:
      (_, name) =>
      (...input: readonly unknown[]) =>
        call(String(name), input),
  });
}

/** Opens a page of a site and waits for its bench. */
export async function openBench<Bench>(
  context: { newPage(): Promise<Page> },
  url: string,
): Promise<{ readonly page: Page; readonly bench: Remote<Bench> }> {
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(() => Reflect.has(globalThis, "bench"));
  return { page, bench: benchOf<Bench>(page) };
}
