import { asFedtuneError } from "../errors.ts";
import type { Context } from "./coordinator.ts";

/** Runs work on the side; if it fails the run fails. */
export function launch(context: Pick<Context, "post">, work: Promise<void>): void {
  work.catch((error: unknown) => {
    const { code, message } = asFedtuneError(error);
    context.post({ type: "broken", code, message });
  });
}
