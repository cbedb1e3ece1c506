/** What is wrong with what somebody has written, before the server is asked. */
import { words } from "./words.ts";

/** What is written to sign in. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
}

/** What is written to make the first account. */
export interface FirstAccount extends Credentials {
  readonly code: string;
}

/** Errors by field; none: nothing is wrong. */
export type FieldErrors<Form> = Partial<Record<keyof Form, string>>;

/** Checks what is written to sign in. */
export function credentialErrors({ name, password }: Credentials): FieldErrors<Credentials> {
  return {
    ...(name.trim() === "" ? { name: words.missing.name } : {}),
    ...(password === "" ? { password: words.missing.password } : {}),
  };
}

const operatorName = /^[a-z][a-z0-9_-]{0,63}$/;
const SHORTEST_PASSWORD = 12;

/** Checks what is written to make an account. */
export function accountErrors({ code, name, password }: FirstAccount): FieldErrors<FirstAccount> {
  return {
    ...(code.trim() === "" ? { code: words.missing.code } : {}),
    ...(operatorName.test(name.trim()) ? {} : { name: words.missing.newName }),
    ...(password.length >= SHORTEST_PASSWORD ? {} : { password: words.missing.newPassword }),
  };
}
