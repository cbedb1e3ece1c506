import { useState } from "react";
import type { SubmitEvent } from "react";
import { useApi } from "../api/context.tsx";
import { isSignedOut } from "../api/session.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { LoadError } from "../shell/load-error.tsx";
import { accountErrors } from "./sign-in-model.ts";
import type { FieldErrors, FirstAccount } from "./sign-in-model.ts";
import { useSignIn } from "./use-sign-in.ts";
import { words } from "./words.ts";
import styles from "./sign-in-page.module.css";

const { first } = words;

/** The code that the server wrote at its first start, and who is to be its first admin. */
export function FirstAccountForm() {
  const api = useApi();
  const [form, setForm] = useState<FirstAccount>({ code: "", name: "", password: "" });
  const [errors, setErrors] = useState<FieldErrors<FirstAccount>>({});
  const create = useSignIn<FirstAccount>(({ code, name, password }) =>
    api.setUp({ body: { code: code.trim(), name: name.trim(), password } }),
  );
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const found = accountErrors(form);
    setErrors(found);
    if (Object.keys(found).length === 0) create.mutate(form);
  };
  const setter = (key: keyof FirstAccount) => (value: string) => {
    setForm({ ...form, [key]: value });
  };
  return (
    <form noValidate onSubmit={submit} className={styles["form"]}>
      <SetupError error={create.error} />
      <TextField
        {...{ label: first.code, help: first.codeHelp, error: errors.code, isCode: true }}
        {...{ value: form.code, onChange: setter("code"), autoComplete: "one-time-code" }}
      />
      <TextField
        {...{ label: first.name, help: first.nameHelp, error: errors.name }}
        {...{ value: form.name, onChange: setter("name"), autoComplete: "username" }}
      />
      <TextField
        {...{ label: first.password, help: first.passwordHelp, error: errors.password }}
        {...{ value: form.password, onChange: setter("password"), type: "password" }}
        autoComplete="new-password"
      />
      <Button type="submit" kind="solid" size="big" isWide isBusy={create.isPending}>
        {first.submit}
      </Button>
    </form>
  );
}

function SetupError({ error }: { readonly error: Error | null }) {
  if (error === null) return null;
  if (!isSignedOut(error)) return <LoadError title={first.failed} error={error} isUrgent />;
  return (
    <ErrorNote title={first.wrongCode} isUrgent>
      {first.wrongCodeText}
    </ErrorNote>
  );
}
