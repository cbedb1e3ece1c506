import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { useApi } from "../api/context.tsx";
import { useMe } from "../api/session.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { LoadError } from "../shell/load-error.tsx";
import { nameOf } from "../shell/navigation.ts";
import { firstPassword, passwordErrors } from "./password-model.ts";
import type { PasswordForm } from "./password-model.ts";
import { words as all } from "./words.ts";
import styles from "./settings.module.css";

const words = all.account;

/** The change of one's own password. */
export function PasswordFields() {
  const api = useApi();
  const name = nameOf(useMe());
  const [form, setForm] = useState(firstPassword);
  const [errors, setErrors] = useState<ReturnType<typeof passwordErrors>>({});
  const change = useMutation({
    mutationFn: ({ old, fresh }: PasswordForm) => api.changePassword({ body: { old, new: fresh } }),
    onSuccess: () => {
      setForm(firstPassword);
    },
  });
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const found = passwordErrors(form);
    setErrors(found);
    if (Object.keys(found).length === 0) change.mutate(form);
  };
  const setter = (key: keyof PasswordForm) => (value: string) => {
    setForm({ ...form, [key]: value });
  };
  const type = "password";
  return (
    <form noValidate onSubmit={submit} className={styles["form"]}>
      {change.isSuccess ? (
        <ErrorNote tone="accent" title={words.changed}>
          {words.changedText}
        </ErrorNote>
      ) : null}
      {change.error === null ? null : (
        <LoadError title={words.failed} error={change.error} isUrgent />
      )}
      {/* For password managers: whose password it is. */}
      <input type="text" autoComplete="username" value={name} readOnly hidden />
      <TextField
        {...{ label: words.old, value: form.old, error: errors.old, type }}
        {...{ onChange: setter("old"), autoComplete: "current-password" }}
      />
      <TextField
        {...{ label: words.fresh, value: form.fresh, error: errors.fresh, type }}
        {...{ help: words.freshHelp, onChange: setter("fresh"), autoComplete: "new-password" }}
      />
      <TextField
        {...{ label: words.again, value: form.again, error: errors.again, type }}
        {...{ onChange: setter("again"), autoComplete: "new-password" }}
      />
      <Button type="submit" isBusy={change.isPending}>
        {words.change}
      </Button>
    </form>
  );
}
