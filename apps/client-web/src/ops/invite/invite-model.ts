import { idPattern } from "@fedtune/core";
import { words } from "./words.ts";

/** How long an invitation lasts, in seconds. */
export const durations = {
  hour: 3_600,
  day: 86_400,
  week: 7 * 86_400,
  month: 30 * 86_400,
} as const;
/** One of them. */
export type Duration = keyof typeof durations;

/** What is written into the dialog. */
export interface InviteForm {
  readonly lasts: Duration;
  readonly uses: string;
  readonly client: string;
}

/** A dialog that nobody has written into. */
export const firstForm: InviteForm = { lasts: "week", uses: "", client: "" };

const MOST_USES = 1_000_000;

/** Errors by field. */
export function inviteErrors({
  uses,
  client,
}: InviteForm): Partial<Record<keyof InviteForm, string>> {
  const number = Number(uses);
  const isCount = Number.isInteger(number) && number >= 1 && number <= MOST_USES;
  return {
    ...(uses.trim() === "" || isCount ? {} : { uses: words.usesWrong }),
    ...(client.trim() === "" || idPattern.test(client.trim()) ? {} : { client: words.clientWrong }),
  };
}
