import { useState } from "react";
import type { SubmitEvent } from "react";
import { isSignedOut } from "../api/session.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { focusWithin } from "../shell/focus.ts";
import { LoadError } from "../shell/load-error.tsx";
import { credentialErrors } from "./sign-in-model.ts";
import type { Credentials, FieldErrors } from "./sign-in-model.ts";
import { useSignIn } from "./use-sign-in.ts";
import { words } from "./words.ts";
import styles from "./sign-in-page.module.css";

const ids = { name: "sign-in-name", password: "sign-in-password" } as const;

/** Name and password. */
export function SignInForm() {
  const [form, setForm] = useState<Credentials>({ name: "", password: "" });
  const [errors, setErrors] = useState<FieldErrors<Credentials>>({});
  const signIn = useSignIn(() => Promise.resolve());
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const found = credentialErrors(form);
    setErrors(found);
    if (found.name !== undefined) focusWithin(ids.name);
    else if (found.password !== undefined) focusWithin(ids.password);
    else signIn.mutate(form);
  };
  return (
    <form noValidate onSubmit={submit} className={styles["form"]}>
      <SignInError error={signIn.error} />
      <TextField
        label={words.name}
        value={form.name}
        onChange={(name) => {
          setForm({ ...form, name });
        }}
        error={errors.name}
        autoComplete="username"
        id={ids.name}
      />
      <TextField
        label={words.password}
        type="password"
        value={form.password}
        onChange={(password) => {
          setForm({ ...form, password });
        }}
        error={errors.password}
        autoComplete="current-password"
        id={ids.password}
      />
      <Button type="submit" kind="solid" size="big" isWide isBusy={signIn.isPending}>
        {words.submit}
      </Button>
    </form>
  );
}

function SignInError({ error }: { readonly error: Error | null }) {
  if (error === null) return null;
  if (!isSignedOut(error)) return <LoadError title={words.failed} error={error} isUrgent />;
  return (
    <ErrorNote title={words.wrong} isUrgent>
      {words.wrongText}
    </ErrorNote>
  );
}
