import { words } from "./words.ts";

/** What is written to change a password. */
export interface PasswordForm {
  readonly old: string;
  readonly fresh: string;
  readonly again: string;
}

/** Nothing written. */
export const firstPassword: PasswordForm = { old: "", fresh: "", again: "" };

const SHORTEST_PASSWORD = 12;

/** Errors by field. */
export function passwordErrors({
  old,
  fresh,
  again,
}: PasswordForm): Partial<Record<keyof PasswordForm, string>> {
  const { oldWrong, freshWrong, sameWrong, againWrong } = words.account;
  const isLong = fresh.length >= SHORTEST_PASSWORD;
  return {
    ...(old === "" ? { old: oldWrong } : {}),
    ...(isLong ? (fresh === old ? { fresh: sameWrong } : {}) : { fresh: freshWrong }),
    ...(again === fresh ? {} : { again: againWrong }),
  };
}
